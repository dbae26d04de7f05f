"""Passes over a part of the declarations, as `run` makes them: what they leave alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.model import RUNNING, ObjectName, WorkloadKind
from syncd.reconcile.options import Selection
from tests.reconcile.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, "stripe", "paypal")


def about(name: str) -> Selection:
    return Selection((f"shop/{name}",))


def test_a_pass_about_an_unused_secret_leaves_all_notes(shop: Shop) -> None:
    """It reads no fingerprint key, and cannot judge what was made with one."""
    web = shop.use("web", "stripe").name
    reconciler = shop.reconciler()
    reconciler.sync()
    note = shop.target.workloads[web].annotations[RUNNING]
    shop.target.writes.clear()
    reconciler.sync(about("paypal"))
    assert (note, []) == (shop.target.workloads[web].annotations[RUNNING], shop.target.writes)


def test_a_restart_stays_owed_through_a_pass_about_another_secret(shop: Shop) -> None:
    """The note is the only memory of it."""
    shop.use("web", "stripe")
    shop.reconciler().sync()
    shop.put("stripe", "2")
    shop.reconciler(pause_restarts=True).sync()
    shop.reconciler().sync(about("paypal"))
    shop.reconciler().sync(about("stripe"))
    assert {"web": 1} == shop.rollouts()


def test_a_restart_stays_owed_while_pull_secrets_cannot_be_read(shop: Shop) -> None:
    """Who perhaps uses a Secret is not taken for somebody who does not."""
    shop.target.service_accounts[ObjectName("shop", "default")] = (("stripe",), {})
    shop.target.add_workload(WorkloadKind.DEPLOYMENT, ObjectName("shop", "web"))
    shop.reconciler().sync()
    shop.put("stripe", "2")
    shop.reconciler(pause_restarts=True).sync()
    shop.target.deny("list", "serviceaccounts")
    shop.reconciler().sync()
    shop.target.allow("list", "serviceaccounts")
    shop.reconciler().sync()
    assert {"web": 1} == shop.rollouts()
