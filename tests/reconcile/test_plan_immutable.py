"""What `make_plan` makes of `immutable`: row 26 of its table, and what becomes of a sealed Secret later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syncd.model import (
    CreationPolicy,
    Desired,
    ObjectName,
    Observed,
    Policy,
    Present,
    Refresh,
    RefreshMode,
    Unreadable,
)
from syncd.reconcile.changes import Action
from tests.reconcile.build import NAME, OURS, RULES, after, planned, policy, there, used_by, wanted, workload

OWNER = policy(immutable=True)
ORPHAN = policy(CreationPolicy.ORPHAN, immutable=True)
MERGE = policy(CreationPolicy.MERGE, immutable=True)
ADOPTING = replace(RULES, adopt=True)
NOON = datetime(2031, 1, 1, 12, tzinfo=UTC)
TLS = {"tls.crt": "c", "tls.key": "k"}
OWN = "example.com/own"
SEALS = "it becomes immutable as it is"
DIFFERS = f"its content differs from the store's; {SEALS}"


@pytest.mark.parametrize(
    ("desired", "before", "reason"),
    [
        pytest.param(wanted({"A": "1"}, OWNER), there({"A": "1"}, OURS), SEALS, id="6"),
        pytest.param(wanted({"A": "2"}, OWNER), there({"A": "1"}, OURS), DIFFERS, id="7"),
        pytest.param(
            wanted({"A": "1"}, OWNER),
            there({"A": "1"}, OURS, type=OWN),
            f"its type is `{OWN}`, not `Opaque`; {SEALS}",
            id="9",
        ),
        pytest.param(wanted({"A": "1"}, OWNER), there({"A": "1"}), SEALS, id="11"),
        pytest.param(wanted({"A": "1"}, OWNER), there({"A": "theirs"}), DIFFERS, id="12"),
        pytest.param(wanted({"A": "1"}, ORPHAN), there({"A": "theirs"}), DIFFERS, id="13"),
        pytest.param(wanted({"A": "1"}, MERGE), there({"A": "1", "B": "theirs"}), SEALS, id="16"),
        pytest.param(wanted({"A": "1"}, MERGE), there({"B": "theirs"}), DIFFERS, id="17"),
        pytest.param(wanted({"A": "1"}, OWNER, type=""), there(TLS, OURS, type="kubernetes.io/tls"), DIFFERS, id="25"),
    ],
)
def test_row_26_what_is_there_is_sealed(desired: Desired, before: Present, reason: str) -> None:
    """No data is written, nobody restarts, and the plan says what stays so for good; the next one is empty."""
    plan = planned(desired, before, used_by(workload(key="A")), rules=ADOPTING)
    [change] = plan.changes
    patch = change.patch()
    written = patch.set_data, patch.remove_data, patch.immutable
    assert (reason, ({}, frozenset(), True), ()) == (change.reason, written, plan.restarts)
    assert () == planned(desired, after(plan, {})[NAME], rules=ADOPTING).changes


def test_row_26_users_that_cannot_be_read_do_not_matter() -> None:
    """In place of row 8: nobody would restart."""
    plan = planned(wanted({"A": "2"}, OWNER), there({"A": "1"}, OURS), {NAME.namespace: Unreadable("forbidden")})
    assert ([Action.UPDATE], ()) == ([change.action for change in plan.changes], plan.waiting)


def test_row_26_a_foreign_secret_is_refused_without_adopt() -> None:
    """Sealing is for good, so row 12 stands."""
    plan = planned(wanted({"A": "1"}, OWNER), there({"A": "theirs"}))
    assert ((), 1) == (plan.changes, len(plan.refusals))


def test_a_seal_does_not_promise_values_anew() -> None:
    """What generators and templates would give in each pass is not written any more."""
    plan = planned(wanted({"A": "2"}, OWNER, anew="values are generated anew in each pass"), there({"A": "1"}, OURS))
    assert [DIFFERS] == [change.reason for change in plan.changes]


@pytest.mark.parametrize("creation", [CreationPolicy.OWNER, CreationPolicy.ORPHAN, CreationPolicy.MERGE])
def test_generated_values_cost_a_sealed_secret_one_write(creation: CreationPolicy) -> None:
    """When they were made is noted with the seal, and not again at each refresh."""
    how = Policy(creation, immutable=True, refresh=Refresh(RefreshMode.DUE, "d1", 3600, "generator"))
    found: Mapping[ObjectName, Observed] = {NAME: there({"A": "0"})}
    writes = 0
    for hour in range(4):
        rules = replace(ADOPTING, now=NOON + timedelta(hours=hour))
        plan = planned(wanted({"A": str(hour)}, how), found, rules=rules)
        writes, found = writes + len(plan.changes), after(plan, found)
    assert 1 == writes


def test_a_merge_that_seals_what_an_owner_changes_says_both() -> None:
    """The owner's data is written in the same change."""
    other = wanted({"B": "2"}, MERGE, declaration=ObjectName("shop", "other"), owner="default/files/shop/other")
    [change] = planned([wanted({"A": "2"}), other], there({"A": "1"}, OURS)).changes
    assert (f"content differs; {DIFFERS}", ("A",)) == (change.reason, change.keys.changed)
