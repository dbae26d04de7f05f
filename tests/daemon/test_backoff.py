"""When what failed is tried again."""

from __future__ import annotations

import pytest

from syncd.daemon.backoff import LEAST, MINUTE, PASSING, Backoff, Miss, pause
from syncd.model import ObjectName

DAY = 86400.0
A, B = ObjectName("shop", "a"), ObjectName("shop", "b")


def miss(interval: float | None = 3600.0, *, passing: bool = True, retry_after: float = 0.0) -> Miss:
    return Miss(A, interval, passing, retry_after)


def steady() -> Backoff:
    """Without jitter."""
    return Backoff(random=lambda: 0.5)


def test_pauses_double() -> None:
    """From the least one on."""
    assert [LEAST, 2 * LEAST, 4 * LEAST] == [pause(miss(), failures) for failures in (1, 2, 3)]


@pytest.mark.parametrize(
    ("one", "longest"),
    [
        (miss(600.0), 600.0),
        (miss(1.0), MINUTE),
        (miss(DAY), PASSING),
        (miss(DAY, passing=False), DAY),
        (miss(None), PASSING),
        (miss(60.0, retry_after=90.0), 90.0),
    ],
)
def test_pauses_end_at_the_interval(one: Miss, longest: float) -> None:
    """And not below a minute; an outage is looked at every hour, and a store's own word counts more."""
    assert longest == pause(one, 1000)


def test_a_broken_daily_declaration_is_asked_for_a_few_times_a_day() -> None:
    """Elsewhere it was 200 times."""
    at, tries = 0.0, 0
    while at < DAY:
        tries += 1
        at += pause(miss(DAY, passing=False), tries)
    assert tries <= 16


def test_jitter_stays_within_a_tenth() -> None:
    """Of the pause, on either side."""
    least, most = Backoff(random=lambda: 0.0), Backoff(random=lambda: 1.0)
    assert {A: pytest.approx(LEAST * 0.9)} == least.failed([miss()], 0.0)
    assert {A: pytest.approx(LEAST * 1.1)} == most.failed([miss()], 0.0)


def test_what_is_due_is_given_once() -> None:
    """And its failures are remembered."""
    backoff = steady()
    backoff.failed([miss()], 0.0)
    assert ((), (A,), ()) == (backoff.due(LEAST - 1), backoff.due(LEAST), backoff.due(LEAST))
    assert {A: LEAST + 2 * LEAST} == backoff.failed([miss()], LEAST)


def test_success_begins_anew() -> None:
    """The next failure waits the least again."""
    backoff = steady()
    for _ in range(5):
        backoff.failed([miss()], 0.0)
    backoff.succeeded([A], [])
    assert {A: LEAST} == backoff.failed([miss()], 0.0)


def test_a_schedule_does_not_shorten_a_pause() -> None:
    """What rests is not refreshed before it is due."""
    backoff = steady()
    backoff.failed([miss(retry_after=100.0)], 0.0)
    assert (True, False) == (backoff.rests(A, [], 99.0), backoff.rests(A, [], 100.0))


def test_what_is_only_looked_at_again_keeps_its_schedule() -> None:
    """A Secret that is healed slowly, or a pause that ends some day, must not hold up a rotation; a failure does."""
    backoff = steady()
    backoff.later(A, 100.0, holds=False)
    backoff.later(B, 100.0, holds=True)
    assert (False, True) == (backoff.rests(A, [], 50.0), backoff.rests(B, [], 50.0))
    backoff.failed([miss(retry_after=100.0)], 0.0)
    backoff.later(A, 100.0, holds=False)
    assert backoff.rests(A, [], 50.0)


def test_a_store_that_fails_is_left_alone_by_all() -> None:
    """A declaration that would be due meanwhile is tried when the store is."""
    backoff = steady()
    due = backoff.store_failed("vault", [miss(600.0)], 0.0)
    assert backoff.rests(B, ["vault"], 1.0)
    assert {A: due, B: due} == backoff.waiting()
    assert (due, True) == backoff.due_of(A)


def test_a_store_that_answers_is_asked_again() -> None:
    """By everybody."""
    backoff = steady()
    backoff.store_failed("vault", [miss()], 0.0)
    backoff.succeeded([A], ["vault"])
    assert not backoff.rests(B, ["vault"], 1.0)


def test_a_store_s_word_counts_for_all() -> None:
    """The longest wait that it asked for."""
    backoff = steady()
    assert 50.0 == backoff.store_failed("vault", [miss(), Miss(B, 3600.0, passing=True, retry_after=50.0)], 0.0)


def test_the_next_due_is_the_soonest() -> None:
    """None when nobody waits."""
    backoff = steady()
    assert backoff.next_due() is None
    backoff.later(A, 7.0, holds=True)
    backoff.later(B, 9.0, holds=False)
    assert 7.0 == backoff.next_due()


def test_the_forgotten_wait_no_more() -> None:
    """They are declared no more, or asked for."""
    backoff = steady()
    backoff.failed([miss()], 0.0)
    backoff.forget([A])
    assert {} == backoff.waiting()


def test_stores_that_are_declared_no_more_are_forgotten() -> None:
    """One of the same name is another one."""
    backoff = steady()
    for store in ("vault", "aws"):
        backoff.store_failed(store, [miss()], 0.0)
    backoff.keep_stores({"aws"})
    assert [False, True] == [backoff.rests(B, [store], 1.0) for store in ("vault", "aws")]
