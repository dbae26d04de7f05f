"""`--namespaces`: what lies elsewhere is unknown, and neither asked for, nor looked at, nor an orphan."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.errors import Failure
from syncd.model import MANAGED, OWNER, ObjectName, SecretObject
from syncd.reconcile.report import ExitCode
from tests.reconcile.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, "stripe")


def test_a_declaration_elsewhere_is_unknown(shop: Shop) -> None:
    """It says which setting keeps it out, and the pass has not done all that was asked."""
    report = shop.reconciler(namespaces=("web",)).sync()
    (unknown,) = report.plan.unknowns
    assert ("namespace `shop` is not among `--namespaces`", Failure.DENIED) == (unknown.reason, unknown.failure)
    assert ExitCode.FAILED == report.exit_code


def test_nothing_is_asked_of_the_target_about_it(shop: Shop) -> None:
    """No right is needed in its namespace."""
    shop.reconciler(namespaces=("web",)).sync()
    assert {"list secrets"} == shop.target.calls.keys()


def test_a_namespace_that_is_named_is_served(shop: Shop) -> None:
    """As without the setting."""
    report = shop.reconciler(namespaces=("web", "shop")).sync()
    assert (ExitCode.CLEAN, {"stripe": "1"}) == (report.exit_code, shop.values())


def test_a_secret_elsewhere_is_no_orphan(shop: Shop) -> None:
    """Though the target shows it: its declaration may be another process's."""
    owner = {OWNER: "default/files/data/old"}
    shop.target.put_secret(SecretObject(ObjectName("data", "old"), labels={MANAGED: "true"}, annotations=owner))
    assert 1 == len(shop.reconciler().plan().orphans)
    assert () == shop.reconciler(namespaces=("shop",)).plan().orphans


def test_all_that_are_named_are_searched_for_orphans(shop: Shop) -> None:
    """Also where nothing is declared, and where listing all namespaces is denied."""
    owner = {OWNER: "default/files/web/old"}
    shop.target.put_secret(SecretObject(ObjectName("web", "old"), labels={MANAGED: "true"}, annotations=owner))
    shop.target.deny("list", "secrets", "")
    plan = shop.reconciler(namespaces=("shop", "web")).plan()
    assert ["old"] == [orphan.name.name for orphan in plan.orphans]
