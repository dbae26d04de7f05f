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


def shared(shop: Shop, **annotations: str) -> Shop:
    """Two declarations of one Secret in step, and a workload that uses all of it."""
    data = [{"secretKey": "MORE", "remoteRef": {"key": "paypal"}}]
    shop.declare("paypal", target={"name": "stripe", "creationPolicy": "Merge"}, data=data)
    shop.annotations["paypal"] = annotations
    spec = {"containers": [{"name": "app", "envFrom": [{"secretRef": {"name": "stripe"}}]}]}
    shop.target.add_workload(WorkloadKind.DEPLOYMENT, ObjectName("shop", "web"), spec)
    shop.reconciler().sync()
    shop.reconciler().sync()
    shop.target.writes.clear()
    return shop


def test_declarations_that_share_a_secret_restart_nobody_in_turn(shop: Shop) -> None:
    """A pass over one of them knows the keys of the other."""
    shared(shop)
    for name in ("stripe", "paypal", "stripe", "paypal"):
        shop.reconciler().sync(about(name))
    assert ({}, []) == (shop.rollouts(), shop.target.writes)


def test_a_key_that_one_of_them_changes_restarts_once(shop: Shop) -> None:
    """Whichever pass comes next."""
    shared(shop).put("paypal", "2")
    for name in ("stripe", "paypal", "stripe", "paypal"):
        shop.reconciler().sync(about(name))
    assert {"web": 1} == shop.rollouts()


def test_the_strongest_restart_mode_holds_in_every_pass(shop: Shop) -> None:
    """Else passes over the weaker one would take the note away."""
    shared(shop, **{"syncd.dev/restart": "off"})
    shop.declare("other")
    reconciler = shop.reconciler()
    reconciler.sync(Selection(("shop/paypal", "shop/other")))
    assert ["create secrets shop/other"] == shop.target.writes
