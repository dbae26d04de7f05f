"""Too much at once is refused, counted over an hour, and one yes is enough for one mass change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syncd.model import DeletionPolicy, ObjectName
from syncd.reconcile.changes import RefusalKind
from syncd.reconcile.guard import Census, History, Limits, Removal, guard, remember
from syncd.reconcile.orphans import with_orphans
from syncd.reconcile.plan import Plan
from tests.reconcile.build import planned, policy, there, used_by, wanted, workload

STORE = "SecretStore/shop/vault"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
DELETE = policy(deletion=DeletionPolicy.DELETE)


def name(number: int) -> ObjectName:
    return ObjectName("shop", f"s{number}")


def deleting(count: int, first: int = 0) -> Plan:
    """A plan that deletes `count` Secrets of one store."""
    names = [name(number) for number in range(first, first + count)]
    return planned(
        [wanted(None, DELETE, one) for one in names],
        {one: there({"A": "1"}, f"default/files/{one}", one) for one in names},
    )


def census(total: int, *removals: Removal, allowed: str = "", spent: str = "") -> Census:
    members = frozenset(name(number) for number in range(total))
    history = History(removals, frozenset({spent} if spent else ()))
    return Census({STORE: members}, history=history, allowed=frozenset({allowed} if allowed else ()))


def removed(number: int, minutes_ago: int = 5, *, approved: bool = False) -> Removal:
    return Removal(NOW - timedelta(minutes=minutes_ago), name(number), (STORE,), approved)


@pytest.mark.parametrize(
    ("count", "total", "passes"),
    [
        (1, 1, True),
        (2, 2, False),
        (3, 10, True),
        (4, 20, True),
        (4, 19, False),
        (20, 100, True),
        (21, 100, False),
    ],
)
def test_more_than_three_and_a_fifth_or_all_of_two_is_too_much(count: int, total: int, passes: bool) -> None:
    """The limits of the design, at their edges."""
    guarded = guard(deleting(count), census(total), Limits())
    assert (count if passes else 0, 0 if passes else count) == (len(guarded.changes), len(guarded.refusals))


def test_a_refusal_names_the_group_and_the_yes() -> None:
    """Whoever reads it knows what to do."""
    refusal = guard(deleting(2), census(2), Limits()).refusals[0]
    assert (RefusalKind.GUARD, True, True) == (refusal.kind, STORE in refusal.reason, refusal.id in refusal.hint)


def test_removals_of_the_last_hour_count() -> None:
    """Three at a time do not slip through."""
    earlier = [removed(number) for number in range(10, 13)]
    assert () == guard(deleting(1), census(15, *earlier), Limits()).changes


def test_approved_removals_do_not_count() -> None:
    """After a yes the counting starts anew."""
    earlier = [removed(number, approved=True) for number in range(10, 13)]
    assert 1 == len(guard(deleting(1), census(15, *earlier), Limits()).changes)


def test_emptying_counts_like_deleting() -> None:
    """A Secret without data breaks its users just as well."""
    names = [name(0), name(1)]
    plan = planned(
        [wanted({}, name=one) for one in names],
        {one: there({"A": "1"}, f"default/files/{one}", one) for one in names},
    )
    assert () == guard(plan, census(2), Limits()).changes


def test_the_endpoint_is_counted_too() -> None:
    """Five stores of one Vault that lose one Secret each are one event."""
    plan = planned(
        [wanted(None, DELETE, name(n), stores=(f"SecretStore/shop/v{n}",)) for n in range(5)],
        {name(n): there({"A": "1"}, f"default/files/{name(n)}", name(n)) for n in range(5)},
    )
    endpoints = {f"SecretStore/shop/v{n}": "https://vault" for n in range(5)}
    members = {"https://vault": frozenset(name(n) for n in range(5))}
    assert () == guard(plan, Census(members, endpoints), Limits()).changes


def test_a_yes_lets_one_mass_change_through_and_is_spent() -> None:
    """The second time the same id is no yes any more."""
    refused = guard(deleting(2), census(2), Limits()).refusals[0]
    allowed = census(2, allowed=refused.id)
    plan = guard(deleting(2), allowed, Limits())
    history = remember(plan, allowed, plan.changes, NOW)
    assert (2, frozenset({refused.id}), True) == (len(plan.changes), history.spent, history.removals[0].approved)
    assert () == guard(deleting(2), census(2, allowed=refused.id, spent=refused.id), Limits()).changes


def test_a_yes_is_for_these_secrets_only() -> None:
    """Another set of Secrets is another mass change."""
    refused = guard(deleting(2), census(2), Limits()).refusals[0]
    assert () == guard(deleting(3), census(3, allowed=refused.id), Limits()).changes


def test_a_spent_yes_is_asked_for_anew() -> None:
    """What was let go and is still there, or there again, can be let go by another yes."""
    first = guard(deleting(2), census(2), Limits()).refusals[0]
    second = guard(deleting(2), census(2, allowed=first.id, spent=first.id), Limits()).refusals[0]
    again = census(2, allowed=second.id, spent=first.id)
    assert (False, 2) == (first.id == second.id, len(guard(deleting(2), again, Limits()).changes))


def test_what_other_passes_would_remove_counts() -> None:
    """Ten at once are refused; so is each of them alone, by the same id."""
    absent = replace(census(10), absent=frozenset(map(name, range(10))))
    whole, alone = (guard(deleting(count), absent, Limits()) for count in (10, 1))
    assert ((), (), whole.refusals[0].id) == (whole.changes, alone.changes, alone.refusals[0].id)


def test_what_a_yes_has_let_go_counts_no_more() -> None:
    """Though the pass that would see it missing has not come yet."""
    gone = [removed(number, approved=True) for number in range(1, 10)]
    absent = replace(census(10, *gone), absent=frozenset(map(name, range(10))))
    assert 1 == len(guard(deleting(1), absent, Limits()).changes)


def test_pruning_goes_through_the_guard() -> None:
    """Orphans are a group of their own: all of two or more is too much."""
    orphans = [there({"A": "1"}, "default/files/shop/gone", name(n)).secret for n in range(2)]
    guarded = guard(with_orphans(Plan(), orphans, prune=True), Census(), Limits())
    assert () == guarded.changes
    assert {"too many orphaned Secrets would be deleted within an hour"} == {one.reason for one in guarded.refusals}


def test_a_refused_deletion_restarts_nobody() -> None:
    """The plan's restarts are decided without it."""
    plan = deleting(2)
    used = replace(plan, users=used_by(workload(of="s0")))
    assert () == guard(used, census(2), Limits()).restarts


def test_the_history_is_read_as_it_was_written() -> None:
    """And what is older than an hour is forgotten."""
    history = History((removed(1), removed(2, minutes_ago=61)), frozenset({"id"}))
    assert History((removed(1),), frozenset({"id"})) == History.parse(str(history), NOW)


NAIVE = '{"removals": [{"at": "2026-01-01", "namespace": "a", "name": "b", "groups": [], "approved": false}]}'


@pytest.mark.parametrize("text", ["{", '{"removals": [1]}', "[]", NAIVE])
def test_a_damaged_history_is_an_error(text: str) -> None:
    """It is never taken for an empty one."""
    with pytest.raises(ValueError, match=r".+"):
        History.parse(text, NOW)
