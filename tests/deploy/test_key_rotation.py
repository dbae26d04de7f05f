"""The key of fingerprints is exchanged as docs/operations.md says: no restart comes of it, and none is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syncd.cluster.keys import new_key, newest_first
from syncd.model import RUNNING, ObjectName
from tests.reconcile.shop import Shop

KEY = ObjectName("syncd", "syncd-key")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Two Secrets that are in step, with a user each, whose notes are written."""
    shop = Shop(tmp_path, "stripe", "paypal")
    shop.use("checkout", "stripe")
    shop.use("refunds", "paypal")
    shop.reconciler().sync()
    return shop


def ids(shop: Shop) -> list[str]:
    return sorted(shop.target.secrets[KEY].data)


def keep(shop: Shop, *kept: str) -> None:
    """Take all other keys away."""
    secret = shop.target.secrets[KEY]
    data = {key: value for key, value in secret.data.items() if key in kept}
    shop.target.put_secret(replace(secret, data=data))


def add_key(shop: Shop) -> str:
    secret = shop.target.secrets[KEY]
    key = new_key(newest_first(secret.data))
    shop.target.put_secret(replace(secret, data={**secret.data, key.id: key.secret}))
    return key.id


def notes(shop: Shop) -> str:
    return " ".join(workload.annotations[RUNNING] for workload in shop.target.workloads.values())


def test_a_second_key_restarts_nothing(shop: Shop) -> None:
    """Notes of the old one are still understood."""
    add_key(shop)
    shop.reconciler().sync()
    assert {} == shop.rollouts()


def test_new_notes_are_made_with_the_new_key(shop: Shop) -> None:
    """A rotation of a value in between restarts its user once."""
    new = add_key(shop)
    shop.put("stripe", "2")
    shop.reconciler().sync()
    assert ({"checkout": 1}, True) == (shop.rollouts(), new in notes(shop))


def test_without_the_old_key_notes_are_written_anew(shop: Shop) -> None:
    """And nothing restarts."""
    (old,), new = ids(shop), add_key(shop)
    shop.reconciler().sync()
    keep(shop, new)
    shop.reconciler().sync()
    assert ({}, False, True) == (shop.rollouts(), old in notes(shop), new in notes(shop))


def test_after_the_exchange_restarts_are_made_as_before(shop: Shop) -> None:
    """Also when a value is rotated before any pass has seen that the old key is gone."""
    new = add_key(shop)
    keep(shop, new)
    shop.put("stripe", "2")
    shop.reconciler().sync()
    assert {"checkout": 1} == shop.rollouts()


def test_a_lost_key_is_made_anew(shop: Shop) -> None:
    """With the same care."""
    del shop.target.secrets[KEY]
    shop.put("stripe", "2")
    shop.reconciler().sync()
    assert ({"checkout": 1}, 1) == (shop.rollouts(), len(ids(shop)))
