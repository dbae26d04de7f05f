"""The exit codes of docs/exit-codes.md, through the real binary."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.binary import Ran, syncd
from tests.cli.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Two Secrets that are in step, and go when the store has nothing for them."""
    shop = Shop(tmp_path, "paypal", "stripe")
    shop.declare("paypal", "stripe", deletion="Delete")
    assert 0 == run(shop, "sync").code
    return shop


def run(shop: Shop, command: str, *arguments: str) -> Ran:
    return syncd(command, "-f", "shop.yaml", "--to", "out", *arguments, cwd=shop.root)


def test_clean_is_0(shop: Shop) -> None:
    """Nothing to do."""
    assert [0, 0] == [run(shop, command).code for command in ("plan", "sync")]


def test_changes_are_2_of_a_plan_and_0_of_a_sync(shop: Shop) -> None:
    """A plan with changes is 2; the sync that makes them is 0."""
    shop.store("stripe", "new")
    assert [2, 0] == [run(shop, command).code for command in ("plan", "sync")]


def test_unknown_is_1_and_beats_changes(shop: Shop) -> None:
    """Whatever cannot be decided is 1, although something else changes."""
    shop.store("stripe", "new")
    (shop.root / "store" / "paypal").unlink()
    (shop.root / "store" / "paypal").mkdir()
    assert [1, 1] == [run(shop, command).code for command in ("plan", "sync")]


def test_refused_by_the_guard_is_3_until_somebody_says_yes(shop: Shop) -> None:
    """Too much is 3 for a store and for its endpoint; their ids, given together, let it through."""
    shop.forget("stripe")
    shop.forget("paypal")
    assert 3 == run(shop, "plan").code
    given: list[str] = []
    while (ran := run(shop, "sync", "-o", "json", *given)).code == 3:
        assert shop.secret("stripe").exists()
        new = json.loads(ran.out)["refusals"][0]["approval"]
        assert new not in given
        given += ["--allow-mass-change", new]
    assert (0, True) == (ran.code, bool(given))
    assert not shop.secret("stripe").exists()


def test_1_beats_3(shop: Shop) -> None:
    """An error hides behind no refusal."""
    shop.forget("stripe")
    shop.forget("paypal")
    shop.store("other", "x")
    shop.declare("paypal", "stripe", "other", deletion="Delete")
    (shop.root / "store" / "other").unlink()
    (shop.root / "store" / "other").mkdir()
    ran = run(shop, "plan", "--guard-count", "0", "--guard-share", "0")
    assert (1, True) == (ran.code, "refuse" in ran.out)


@pytest.mark.parametrize("arguments", [["--adpot"], ["-o", "xml"], ["shop/none"], ["--readers", "x"], ["-l", "!!"]])
def test_wrong_usage_is_1(tmp_path: Path, arguments: list[str]) -> None:
    """A mistyped flag is never taken for changes, and there would be some."""
    assert 1 == run(Shop(tmp_path, "stripe"), "plan", *arguments).code
