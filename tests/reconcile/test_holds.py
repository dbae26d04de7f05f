"""What is planned and held back: pauses of the process, and removals that a later pass must confirm."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from syncd.model import CreationPolicy, DeletionPolicy, ObjectName
from syncd.reconcile.changes import Action
from syncd.reconcile.holds import WRITES, Absences, pause
from syncd.reconcile.options import Selection
from syncd.reconcile.plan import Plan
from tests.reconcile.build import NAME, OURS, planned, policy, there, wanted
from tests.reconcile.shop import Shop

DELETES: dict[str, Any] = {"target": {"deletionPolicy": "Delete"}}


def removal() -> Plan:
    """The store has nothing for a Secret of ours with deletionPolicy Delete."""
    how = policy(CreationPolicy.OWNER, DeletionPolicy.DELETE)
    return planned(wanted(None, how), there({"KEY": "1"}, OURS))


def test_a_first_absence_is_held() -> None:
    """It is shown, and not among the changes."""
    plan, _ = Absences().hold(removal(), [NAME], 1)
    assert ([], [NAME]) == ([*plan.changes], [one.name for one in plan.unconfirmed])


def test_a_second_absence_is_carried_out() -> None:
    """A later pass that sees the same deletes."""
    _, seen = Absences().hold(removal(), [NAME], 1)
    plan, _ = seen.hold(removal(), [NAME], 2)
    assert [Action.DELETE] == [change.action for change in plan.changes]


def test_one_pass_counts_once() -> None:
    """A pass that decides again after a conflict has not looked again."""
    _, seen = Absences().hold(removal(), [NAME], 1)
    plan, _ = seen.hold(removal(), [NAME], 1)
    assert ((), 1) == (plan.changes, len(plan.unconfirmed))


def test_a_presence_forgets_the_absence() -> None:
    """What was there in between must be missed twice anew."""
    _, seen = Absences().hold(removal(), [NAME], 1)
    _, seen = seen.hold(planned(wanted({"KEY": "1"}), there({"KEY": "1"}, OURS)), [NAME], 2)
    assert Absences() == seen


def test_passes_over_others_forget_nothing() -> None:
    """A pass says nothing about what it did not look at."""
    _, seen = Absences().hold(removal(), [NAME], 1)
    _, after = seen.hold(Plan(), [ObjectName("shop", "other")], 2)
    assert seen == after


def test_paused_writes_are_shown_and_not_applied() -> None:
    """The plan has the change, `apply` gets none."""
    changing = planned(wanted({"KEY": "2"}), there({"KEY": "1"}, OURS))
    plan = pause(changing, writes=True, restarts=False, namespaces={})
    assert ([WRITES], ()) == ([change.paused for change in plan.changes], plan.applied_changes)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, "stripe", "paypal")


def test_a_pass_with_paused_writes_writes_nothing(shop: Shop) -> None:
    """Neither Secrets nor notes on workloads."""
    shop.reconciler().sync()
    shop.use("web", "stripe")
    shop.put("stripe", "2")
    shop.target.writes.clear()
    report = shop.reconciler(pause_writes=True).sync()
    assert ([], 1) == (shop.target.writes, len(report.plan.changes))


def test_a_paused_namespace(shop: Shop) -> None:
    """Nothing in it is written, no note either; what is owed to its workloads stays owed, and its orphans stay."""
    shop.declare("gone")
    shop.reconciler().sync()
    shop.use("web", "stripe")
    shop.reconciler().sync()
    shop.put("stripe", "2")
    shop.reconciler(pause_restarts=True).sync()
    shop.put("paypal", "2")
    shop.use("new", "stripe")
    del shop.spec["gone"]
    shop.of_namespace = {"syncd.dev/pause": "true"}
    before = [*shop.target.writes]
    report = shop.reconciler(prune=True).sync()
    held = {change.name.name: change.paused for change in report.plan.changes}
    assert dict.fromkeys(("paypal", "gone"), "Namespace shop: paused") == held
    assert before == shop.target.writes
    assert ({"stripe": "2", "paypal": "1", "gone": "1"}, {}) == (shop.values(), shop.rollouts())
    shop.of_namespace = {"syncd.dev/pause": "2020-01-01T00:00:00Z"}
    shop.reconciler(prune=True).sync()
    assert ({"stripe": "2", "paypal": "2"}, {"web": 1}) == (shop.values(), shop.rollouts())


def test_paused_restarts_stay_owed(shop: Shop) -> None:
    """The Secret is written at once, its user restarts when the pause is over."""
    shop.use("web", "stripe")
    shop.reconciler().sync()
    shop.put("stripe", "2")
    shop.reconciler(pause_restarts=True).sync()
    assert ({"stripe": "2", "paypal": "1"}, {}) == (shop.values(), shop.rollouts())
    shop.reconciler().sync()
    assert {"web": 1} == shop.rollouts()


def test_paused_restarts_stay_so_when_a_removal_is_held_back(shop: Shop) -> None:
    """What is owed is worked out anew then, and nobody forgets the pause."""
    shop.declare("paypal", **DELETES)
    shop.use("web", "stripe")
    reconciler = shop.reconciler(pause_restarts=True, confirm_absence=True)
    reconciler.sync()
    shop.put("stripe", "2")
    shop.drop("paypal")
    report = reconciler.sync()
    assert (1, {}) == (len(report.plan.unconfirmed), shop.rollouts())


def test_a_reconciler_that_confirms_deletes_in_its_second_pass(shop: Shop) -> None:
    """One fetch that finds nothing deletes nothing."""
    shop.declare("stripe", **DELETES)
    reconciler = shop.reconciler(confirm_absence=True)
    reconciler.sync()
    shop.drop("stripe")
    reconciler.sync()
    assert {"stripe": "1", "paypal": "1"} == shop.values()
    reconciler.sync()
    assert {"paypal": "1"} == shop.values()


def test_what_is_refused_at_once_does_not_go_one_by_one(tmp_path: Path) -> None:
    """`run` tries what was refused again, in passes over less."""
    names = [f"s{number}" for number in range(5)]
    shop = Shop(tmp_path, *names)
    for name in names:
        shop.declare(name, **DELETES)
    reconciler = shop.reconciler(confirm_absence=True)
    reconciler.sync()
    for name in names:
        shop.drop(name)
    reconciler.sync()
    for name in names:
        reconciler.sync(Selection((f"shop/{name}",)))
    assert names == sorted(shop.values())


def test_an_absence_of_what_is_declared_no_more_is_forgotten(shop: Shop) -> None:
    """Nothing is kept of it."""
    shop.declare("stripe", **DELETES)
    reconciler = shop.reconciler(confirm_absence=True)
    reconciler.sync()
    shop.drop("stripe")
    reconciler.sync()
    del shop.spec["stripe"]
    reconciler.sync(Selection(("shop/paypal",)))
    assert Absences() == reconciler._shared.absences


def test_a_sweep_asks_no_store(shop: Shop) -> None:
    """It finds what is declared no more, and writes nothing."""
    shop.reconciler().sync()
    del shop.spec["stripe"]
    shop.target.writes.clear()
    report = shop.reconciler().sweep()
    assert (["stripe"], []) == ([one.name.name for one in report.plan.orphans], shop.target.writes)


def test_a_sweep_prunes(shop: Shop) -> None:
    """Through the guard, as a whole pass does."""
    shop.reconciler().sync()
    del shop.spec["stripe"]
    shop.reconciler(prune=True).sweep()
    assert {"paypal": "1"} == shop.values()


def test_a_sweep_keeps_what_a_new_target_does_not_replace_yet(shop: Shop) -> None:
    """The declaration has another target now, which its store cannot fill."""
    shop.reconciler().sync()
    shop.spec["stripe"]["target"] = {"name": "new"}
    shop.drop("stripe")
    reconciler = shop.reconciler()
    reconciler.sync(Selection(("shop/stripe",)))
    reconciler.sweep(prune=True)
    assert {"stripe": "1", "paypal": "1"} == shop.values()


def test_an_old_target_goes_when_the_new_one_stands(shop: Shop) -> None:
    """Not before: a pass that writes the new one may fail to."""
    shop.reconciler().sync()
    shop.spec["stripe"]["target"] = {"name": "new"}
    reconciler = shop.reconciler(prune=True)
    reconciler.sync()
    assert {"stripe": "1", "new": "1", "paypal": "1"} == shop.values()
    reconciler.sync()
    assert {"new": "1", "paypal": "1"} == shop.values()


def test_passes_over_disjoint_names_run_side_by_side(shop: Shop) -> None:
    """Ten threads with a declaration each, one user of all: every Secret is there, the note names them all."""
    names = [f"s{number}" for number in range(10)]
    for name in names:
        shop.declare(name, value="1")
    shop.use("web", *names)
    shop.load()
    declarations = shop.load()
    reconciler = shop.reconciler()
    reconciler._source = lambda: declarations
    for value in ("1", "2"):
        for name in names:
            shop.put(name, value)
        threads = [threading.Thread(target=reconciler.sync, args=(Selection((f"shop/{n}",)),)) for n in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    reconciler.sync()
    assert dict.fromkeys(names, "2") == {name: shop.values()[name] for name in names}
