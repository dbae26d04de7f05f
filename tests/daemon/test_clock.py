"""When groups are due, and what becomes of that when somebody sets the clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue

import pytest

from syncd.daemon.clock import Clock, _Calendar, _Phase
from syncd.daemon.groups import Cron, Every, Group, Once, Rhythm
from syncd.manifests.schedules import Schedule
from syncd.model import ObjectName
from tests.servers.openbao import wait_for

START = datetime(2031, 1, 31, 12, 0, tzinfo=UTC)
HOUR = 3600.0


def fires(text: str, count: int, start: datetime = START) -> list[str]:
    """The next moments of a schedule."""
    trigger, found, at = _Calendar(Schedule.parse(text)), list[str](), start
    for _ in range(count):
        following = trigger.get_next_fire_time(None, at)
        assert following is not None
        at = following
        found.append(f"{at:%a %m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*/20 * * * *", ["Fri 01-31 12:20", "Fri 01-31 12:40"]),
        ("0 4 * * *", ["Sat 02-01 04:00", "Sun 02-02 04:00"]),
        ("TZ=Europe/Rome 0 4 * * *", ["Sat 02-01 03:00", "Sun 02-02 03:00"]),
        ("0 4 * * 0", ["Sun 02-02 04:00", "Sun 02-09 04:00"]),
        ("0 4 * * 7", ["Sun 02-02 04:00", "Sun 02-09 04:00"]),
        ("0 4 * * mon-wed", ["Mon 02-03 04:00", "Tue 02-04 04:00"]),
        ("0 4 * * 1-5/2", ["Mon 02-03 04:00", "Wed 02-05 04:00"]),
        ("0 4 3 * fri", ["Mon 02-03 04:00", "Fri 02-07 04:00"]),
        ("0 4 1 mar-jul/2 *", ["Sat 03-01 04:00", "Thu 05-01 04:00"]),
    ],
)
def test_schedules_mean_what_cron_means(text: str, expected: list[str]) -> None:
    """Sunday is 0 and 7; of two restricted days one is enough."""
    assert expected == fires(text, len(expected))


def test_a_group_keeps_its_place_in_the_interval() -> None:
    """One interval after the other, whenever it is asked."""
    trigger = _Phase("g", HOUR)
    first = trigger.get_next_fire_time(None, START)
    second = trigger.get_next_fire_time(first, first)
    assert (timedelta(hours=1), first) == (second - first, trigger.get_next_fire_time(None, START))


def test_what_was_missed_is_not_made_up_for() -> None:
    """A clock that was set forward by ten years brings one refresh, not 87,600."""
    later = START + timedelta(days=3650)
    following = _Phase("g", HOUR).get_next_fire_time(START, later)
    assert timedelta() < following - later <= timedelta(hours=1)


class Heard:
    """A clock whose calls can be waited for."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.calls: SimpleQueue[str] = SimpleQueue()
        self.clock = Clock(self.calls.put, wall=lambda: time.time() + self.offset)

    def group(self, rhythm: Rhythm) -> Group:
        group = Group(("SecretStore/shop/keys",), rhythm, (ObjectName("shop", "a"),))
        self.clock.keep({group.id: group})
        return group

    def next(self) -> str:
        return self.calls.get(timeout=10)


@pytest.fixture
def heard() -> Iterator[Heard]:
    heard = Heard()
    heard.clock.start()
    yield heard
    heard.clock.stop()


def test_a_group_is_called_again_and_again(heard: Heard) -> None:
    """With its id."""
    group = heard.group(Every(0.05))
    assert [group.id] * 3 == [heard.next() for _ in range(3)]


def test_a_group_that_is_read_once_is_never_due(heard: Heard) -> None:
    """`refreshInterval: 0`."""
    assert heard.clock.next_of(heard.group(Once()).id) is None


def test_a_schedule_has_a_next_time(heard: Heard) -> None:
    """In UTC."""
    following = heard.clock.next_of(heard.group(Cron(Schedule.parse("0 4 * * *"))).id)
    assert following is not None
    assert (4, 0, UTC) == (following.hour, following.minute, following.tzinfo)


def test_a_group_that_is_gone_is_not_called(heard: Heard) -> None:
    """Its job goes with it."""
    group = heard.group(Every(HOUR))
    heard.clock.keep({})
    assert heard.clock.next_of(group.id) is None


def test_an_alarm_rings_once(heard: Heard) -> None:
    """At its time on the clock that nobody sets; it may be set again while it rings."""

    def again() -> None:
        heard.calls.put("first")
        heard.clock.at("x", heard.clock.monotonic(), lambda: heard.calls.put("second"))

    heard.clock.at("x", heard.clock.monotonic() + 0.05, again)
    assert ["first", "second"] == [heard.next(), heard.next()]
    assert heard.clock.alive


def test_the_sooner_alarm_wins(heard: Heard) -> None:
    """A later one of the same name puts nothing off."""
    heard.clock.at("x", heard.clock.monotonic() + 0.1, lambda: heard.calls.put("sooner"))
    heard.clock.at("x", heard.clock.monotonic() + HOUR, lambda: heard.calls.put("later"))
    assert "sooner" == heard.next()


def test_an_alarm_that_another_replaces_leaves_nothing_behind(heard: Heard) -> None:
    """Nor does a clock that is set: else its jobs would pile up until their time comes."""
    for number in range(20):
        heard.clock.at("x", heard.clock.monotonic() + HOUR - number, lambda: None)
    for offset in (HOUR, 0.0, -HOUR):
        heard.offset = offset
        heard.clock.check()
    assert 1 == len(heard.clock._scheduler.get_jobs())


def test_what_rings_may_replace_what_is_to_ring_next(heard: Heard) -> None:
    """Both are due at once: the clock goes on, with the one that took the place."""
    now = heard.clock.monotonic()
    with heard.clock._scheduler._jobstores_lock:  # the scheduler sees both together
        heard.clock.at("a", now - 2, lambda: heard.clock.at("b", now - 3, lambda: heard.calls.put("sooner")))
        heard.clock.at("b", now - 1, lambda: heard.calls.put("later"))
    assert "sooner" == heard.next()
    heard.clock.at("c", now, lambda: heard.calls.put("next"))
    assert ("next", True) == (heard.next(), heard.clock.alive)


def test_a_clock_that_is_set_back_holds_up_nothing(heard: Heard) -> None:
    """What was dated an hour ahead is dated anew."""
    heard.offset = HOUR
    assert heard.clock.check() == pytest.approx(HOUR, abs=1)
    group = heard.group(Every(0.5))
    heard.clock.at("x", heard.clock.monotonic() + 0.05, lambda: heard.calls.put("alarm"))
    following = heard.clock.next_of(group.id)
    assert following is not None
    assert following > datetime.now(UTC) + timedelta(minutes=50)
    heard.offset = 0.0
    assert heard.clock.check() == pytest.approx(-HOUR, abs=1)
    assert {"alarm", group.id} == {heard.next(), heard.next()}


def test_what_was_due_while_the_machine_slept_comes_once(heard: Heard) -> None:
    """However many of its moments have passed; a group that was not due waits for its own."""
    missed = Group(("SecretStore/shop/keys",), Every(HOUR), ())
    later = Group(("SecretStore/shop/keys",), Every(1000 * 24 * HOUR), ())
    heard.clock.keep({group.id: group for group in (missed, later)})
    following = heard.clock.next_of(later.id)
    heard.offset = 5 * HOUR
    heard.clock.check()
    assert (missed.id, True, following) == (heard.next(), heard.calls.empty(), heard.clock.next_of(later.id))
    due = heard.clock.next_of(missed.id)
    assert due is not None
    assert timedelta() < due - heard.clock.now() <= timedelta(hours=1)


def test_a_clock_that_is_right_changes_nothing(heard: Heard) -> None:
    """Small corrections are none."""
    heard.offset = 2.0
    assert 0.0 == heard.clock.check()


def test_an_alarm_that_is_set_while_another_rings_is_not_lost() -> None:
    """Passes set alarms from threads of their own."""
    rung: list[str] = []
    ringing = threading.Event()

    def monotonic() -> float:
        if threading.current_thread().name == "APScheduler" and not ringing.is_set():
            ringing.set()
            clock.at("retries", time.monotonic() - 1, lambda: rung.append("second"))
        return time.monotonic()

    clock = Clock(lambda _: None, monotonic=monotonic)
    clock.start()
    try:
        clock.at("retries", time.monotonic(), lambda: rung.append("first"))
        wait_for(lambda: "second" in rung)
    finally:
        clock.stop()
