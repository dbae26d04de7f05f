"""Whole passes over a target in memory: what they write, in which order, and what stops what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncd.cluster.api import SecretPatch
from syncd.errors import Conflict, Rejected, UsageError
from syncd.model import OWNER, RUNNING, ObjectName, SecretObject, SecretValue
from syncd.reconcile.changes import Action
from syncd.reconcile.options import Selection
from syncd.reconcile.report import ExitCode, plan_exit_code
from tests.reconcile.shop import Shop

STRIPE = ObjectName("shop", "stripe")
DELETE: dict[str, Any] = {"target": {"deletionPolicy": "Delete"}}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, "stripe", "paypal")


def synced(shop: Shop) -> Shop:
    """In step, with notes on its workloads, and nothing counted yet."""
    assert ExitCode.CLEAN == shop.reconciler().sync().exit_code
    shop.target.writes.clear()
    shop.target.calls.clear()
    return shop


def test_a_plan_writes_nothing(shop: Shop) -> None:
    """Not even a fingerprint key."""
    shop.use("web", "stripe")
    plan = shop.reconciler().plan()
    assert (2, [], ExitCode.CHANGES) == (len(plan.changes), shop.target.writes, plan_exit_code(plan))


def test_a_first_sync_creates_and_restarts_nobody(shop: Shop) -> None:
    """Secrets that come into being restart nobody; their users get a note."""
    shop.use("web", "stripe")
    assert ExitCode.CLEAN == shop.reconciler().sync().exit_code
    [workload] = shop.target.workloads.values()
    assert ({"stripe": "1", "paypal": "1"}, {}, True) == (
        shop.values(),
        shop.rollouts(),
        RUNNING in workload.annotations,
    )


def test_a_second_sync_writes_nothing(shop: Shop) -> None:
    """Unchanged data costs no write at all."""
    shop.use("web", "stripe")
    synced(shop).reconciler().sync()
    assert [] == shop.target.writes


def test_a_rotation_restarts_its_users_and_nobody_else(shop: Shop) -> None:
    """One write of the Secret, one of the workload."""
    shop.use("web", "stripe")
    shop.use("other", "paypal")
    synced(shop).put("stripe", "2")
    shop.reconciler().sync()
    assert ({"stripe": "2", "paypal": "1"}, {"web": 1}) == (shop.values(), shop.rollouts())
    assert ["patch secrets shop/stripe", "patch deployments shop/web"] == shop.target.writes


def test_baselines_come_before_secrets_and_restarts_after(shop: Shop) -> None:
    """The order that lets a pass die anywhere."""
    synced(shop).use("web", "stripe")
    shop.put("stripe", "2")
    shop.reconciler().sync()
    key, *writes = shop.target.writes
    assert "create secrets syncd/syncd-key" == key
    assert ["patch deployments shop/web", "patch secrets shop/stripe", "patch deployments shop/web"] == writes


def test_two_rotated_keys_of_one_workload_are_one_restart(shop: Shop) -> None:
    """User and password never roll out in two steps."""
    shop.use("web", "stripe", "paypal")
    synced(shop)
    shop.put("stripe", "2")
    shop.put("paypal", "2")
    shop.reconciler().sync()
    assert {"web": 1} == shop.rollouts()


def test_a_conflict_is_decided_again(shop: Shop) -> None:
    """Somebody wrote between observation and write: the next round sees it."""
    synced(shop).put("stripe", "2")
    shop.target.fail_at(1, Conflict("changed meanwhile"))
    report = shop.reconciler().sync()
    assert (2, "2", ExitCode.CLEAN) == (len(report.rounds), shop.values()["stripe"], report.exit_code)


def test_a_secret_that_was_taken_meanwhile_is_refused_not_forced(shop: Shop) -> None:
    """A create that loses the race finds a foreign Secret and leaves it."""

    class Racing(type(shop.target)):  # type: ignore[misc]  # the class of the fake
        def create_secret(self, secret: SecretObject) -> SecretObject:
            if secret.name == STRIPE and STRIPE not in self.secrets:
                self.put_secret(replace(secret, data={"KEY": SecretValue("theirs")}, annotations={}, labels={}))
            created: SecretObject = super().create_secret(secret)
            return created

    shop.target.__class__ = Racing
    report = shop.reconciler().sync()
    assert ("theirs", "exists and is not managed by syncd") == (
        shop.values()["stripe"],
        report.plan.refusals[0].reason,
    )


def test_a_failed_baseline_holds_its_secret_back(shop: Shop) -> None:
    """Else the restart would be lost; other Secrets are written all the same."""
    synced(shop).use("web", "stripe")
    shop.put("stripe", "2")
    shop.put("paypal", "2")
    shop.target.deny("patch", "deployments", "shop")
    report = shop.reconciler().sync()
    assert ({"stripe": "1", "paypal": "2"}, ExitCode.FAILED) == (shop.values(), report.exit_code)


def test_a_failed_restart_is_owed(shop: Shop) -> None:
    """The next sync makes it, although the Secret is in step by then."""
    shop.use("web", "stripe")
    synced(shop).put("stripe", "2")
    shop.target.deny("patch", "deployments", "shop")
    first = shop.reconciler().sync()
    shop.target.allow("patch", "deployments", "shop")
    shop.reconciler().sync()
    assert (ExitCode.FAILED, {"web": 1}) == (first.exit_code, shop.rollouts())


def test_a_rejected_secret_stops_no_other(shop: Shop) -> None:
    """Failure of one declaration stops no other."""
    shop.target.fail_at(1, Rejected("no"))
    report = shop.reconciler().sync()
    assert (1, ExitCode.FAILED) == (len(shop.values()), report.exit_code)


def test_an_unexpected_error_is_one_failure(shop: Shop, canary: Any) -> None:
    """Its text is not told: nobody knows what is in it."""
    value = canary("bug")
    shop.target.fail_at(1, RuntimeError(value))
    report = shop.reconciler().sync()
    assert (1, False) == (len(report.failures), any(value in failure.message for failure in report.failures))


def test_interrupted_it_finishes_what_it_began(shop: Shop) -> None:
    """Ctrl-C during a write: that one is finished, no further one begins, and the next sync makes the rest."""

    class Interrupting(type(shop.target)):  # type: ignore[misc]  # the class of the fake
        def patch_secret(self, patch: SecretPatch) -> SecretObject:
            assert reconciler.interrupt()
            patched: SecretObject = super().patch_secret(patch)
            return patched

    shop.use("web", "stripe", "paypal")
    synced(shop).put("stripe", "2")
    shop.put("paypal", "2")
    fake, shop.target.__class__ = shop.target.__class__, Interrupting
    reconciler = shop.reconciler(writers=1)
    report = reconciler.sync()
    shop.target.__class__ = fake
    assert (True, ExitCode.FAILED, {}) == (report.interrupted, report.exit_code, shop.rollouts())
    assert {"stripe": "1", "paypal": "2"} == shop.values()
    shop.reconciler().sync()
    assert ({"stripe": "2", "paypal": "2"}, {"web": 1}) == (shop.values(), shop.rollouts())


def test_names_select(shop: Shop) -> None:
    """Only what is named is read, written and restarted."""
    shop.reconciler().sync(Selection(("shop/stripe",)))
    assert {"stripe": "1"} == shop.values()


def test_what_is_not_selected_is_no_orphan(shop: Shop) -> None:
    """A selection says nothing about what it leaves out."""
    assert () == synced(shop).reconciler().plan(Selection(("shop/stripe",))).orphans


def test_orphans_are_shown_and_kept(shop: Shop) -> None:
    """A declaration that goes takes nothing with it."""
    del synced(shop).spec["stripe"]
    report = shop.reconciler().sync()
    assert ([STRIPE], "1") == ([orphan.name for orphan in report.plan.orphans], shop.values()["stripe"])


def test_prune_deletes_orphans(shop: Shop) -> None:
    """And tells it as what it is."""
    del synced(shop).spec["stripe"]
    report = shop.reconciler(prune=True).sync()
    assert ([Action.PRUNE], {"paypal": "1"}) == ([write.change.action for write in report.writes], shop.values())


def test_prune_never_goes_with_a_selection(shop: Shop) -> None:
    """It would take everything else for orphaned."""
    with pytest.raises(UsageError, match="prune"):
        shop.reconciler(prune=True).sync(Selection(("shop/stripe",)))


def test_pruning_too_much_is_refused(shop: Shop) -> None:
    """All of two or more."""
    shop.declare("third")
    synced(shop)
    shop.spec = {"third": shop.spec["third"]}
    report = shop.reconciler(prune=True).sync()
    assert (ExitCode.REFUSED, 3) == (report.exit_code, len(shop.values()))


def test_orphans_of_other_installations_are_not_ours(shop: Shop) -> None:
    """Two teams may sync into one cluster."""
    synced(shop)
    shop.spec = {}
    shop.declare("mine")
    assert () == shop.reconciler(installation="another").plan().orphans


def mass_deletion(shop: Shop) -> Mapping[str, str]:
    for name in ("stripe", "paypal"):
        shop.declare(name, **DELETE)
    synced(shop)
    for name in ("stripe", "paypal"):
        shop.drop(name)
    return shop.values()


def test_a_store_that_lost_everything_empties_nothing(shop: Shop) -> None:
    """The guard refuses, and says how to say yes."""
    before = mass_deletion(shop)
    report = shop.reconciler().sync()
    assert (before, ExitCode.REFUSED, []) == (shop.values(), report.exit_code, shop.target.writes)


def test_a_yes_lets_it_through_once(shop: Shop) -> None:
    """And is spent by use."""
    mass_deletion(shop)
    identity = shop.reconciler().plan().refusals[0].id
    report = shop.reconciler(allowed=frozenset({identity})).sync()
    assert ({}, ExitCode.CLEAN) == (shop.values(), report.exit_code)


def test_nothing_is_removed_when_the_record_cannot_be_written(shop: Shop) -> None:
    """What cannot be counted may be too much."""
    shop.declare("stripe", **DELETE)
    synced(shop).drop("stripe")
    shop.target.deny("create", "configmaps", "syncd")
    shop.target.deny("update", "configmaps", "syncd")
    shop.target.deny("patch", "configmaps", "syncd")
    report = shop.reconciler().sync()
    assert ("1", ExitCode.REFUSED) == (shop.values()["stripe"], report.exit_code)


def test_a_store_that_is_away_changes_nothing(shop: Shop) -> None:
    """Unknown is not absent, also with deletionPolicy Delete."""
    shop.declare("stripe", **DELETE)
    synced(shop)
    (shop.folder / "keys").rename(shop.folder / "gone")
    report = shop.reconciler().sync()
    assert (2, "1", ExitCode.FAILED) == (len(report.plan.unknowns), shop.values()["stripe"], report.exit_code)


def test_drift_is_healed_without_a_restart(shop: Shop) -> None:
    """Pods run the value that comes back."""
    shop.use("web", "stripe")
    secret = synced(shop).target.secrets[STRIPE]
    shop.target.put_secret(replace(secret, data={"KEY": SecretValue("tampered")}))
    shop.reconciler().sync()
    assert ("1", {}) == (shop.values()["stripe"], shop.rollouts())


def test_an_installation_marks_what_it_owns(shop: Shop) -> None:
    """The annotation names it."""
    shop.reconciler(installation="eu").sync()
    assert "eu/files/shop/stripe" == shop.target.secrets[STRIPE].annotations[OWNER]


def test_each_pass_knows_what_is_declared_now(shop: Shop) -> None:
    """A Secret whose declaration went between two passes of one reconciler can be taken over by another one."""
    reconciler = shop.reconciler()
    reconciler.sync()
    del shop.spec["stripe"]
    shop.declare("payments", "1", target={"name": "stripe"})
    assert [] == [refusal.reason for refusal in reconciler.sync().plan.refusals]
