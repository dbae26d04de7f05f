"""ConfigMaps as targets: as Secrets are, behind a setting, and never with a secret in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncd.cluster.folder import FolderTarget
from syncd.model import MANAGED, ObjectName, Present, TargetKind, WorkloadKind
from syncd.reconcile.changes import RefusalKind
from syncd.reconcile.report import ExitCode
from tests.reconcile.shop import Shop

NAME = ObjectName("shop", "settings", TargetKind.CONFIG_MAP)
CONFIG_MAP = {"target": {"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}}}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A ConfigMap and a Secret of the same name."""
    shop = Shop(tmp_path, "plain")
    shop.declare("settings", "eu-west-1", **CONFIG_MAP)
    shop.spec["plain"]["target"] = {"name": "settings"}
    return shop


def use(shop: Shop, annotations: dict[str, str] | None = None) -> None:
    env = [{"name": "KEY", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "KEY"}}}]
    spec = {"containers": [{"name": "app", "env": env}]}
    shop.target.add_workload(WorkloadKind.DEPLOYMENT, ObjectName("shop", "web"), spec, annotations=annotations or {})


def test_a_configmap_stands_beside_a_secret_of_its_name(shop: Shop) -> None:
    """Both are made, each with its own data."""
    assert ExitCode.CLEAN == shop.reconciler(configmaps=True).sync().exit_code
    written = {name.kind: secret.data["KEY"].reveal() for name, secret in shop.target.secrets.items()}
    assert {TargetKind.CONFIG_MAP: b"eu-west-1", TargetKind.SECRET: b"1"} == written


def test_without_the_setting_it_fails_alone(shop: Shop) -> None:
    """The error names the setting; the Secret is written; no ConfigMap is looked at."""
    report = shop.reconciler().sync()
    assert ["settings"] == [name.name for name in shop.target.secrets]
    assert "allow-configmaps" in report.plan.unknowns[0].reason
    assert not [call for call in shop.target.calls if "configmaps" in call and "removals" not in call]


def test_unchanged_it_costs_no_write(shop: Shop) -> None:
    """A second pass finds it in step."""
    shop.reconciler(configmaps=True).sync()
    before = len(shop.target.writes)
    assert ExitCode.CLEAN == shop.reconciler(configmaps=True).sync().exit_code
    assert before == len(shop.target.writes)


def test_a_change_restarts_its_users(shop: Shop) -> None:
    """Those who name the ConfigMap, once."""
    use(shop)
    shop.reconciler(configmaps=True).sync()
    shop.put("settings", "eu-west-2")
    shop.reconciler(configmaps=True).sync()
    shop.reconciler(configmaps=True).sync()
    assert {"web": 1} == shop.rollouts()


def test_a_secret_of_the_same_name_restarts_nobody_else(shop: Shop) -> None:
    """Who uses the ConfigMap does not use the Secret."""
    use(shop)
    shop.reconciler(configmaps=True).sync()
    shop.put("plain", "2")
    shop.reconciler(configmaps=True).sync()
    assert {} == shop.rollouts()


def test_reloaders_refusal_of_configmaps_counts(shop: Shop) -> None:
    """`configmap.reloader.stakater.com/auto: false` refuses, and that of Secrets says nothing here."""
    use(shop, {"configmap.reloader.stakater.com/auto": "false", "secret.reloader.stakater.com/auto": "true"})
    shop.reconciler(configmaps=True).sync()
    shop.put("settings", "eu-west-2")
    shop.reconciler(configmaps=True).sync()
    assert {} == shop.rollouts()


def test_what_looks_like_a_secret_is_refused(shop: Shop) -> None:
    """Nothing is written, the pass fails, and the reason does not tell the value."""
    shop.put("settings", "postgres://app:hunter2@db/app")
    report = shop.reconciler(configmaps=True).sync()
    [refusal] = report.plan.refusals
    assert (RefusalKind.PLAIN, NAME, ExitCode.FAILED) == (refusal.kind, refusal.name, report.exit_code)
    assert "hunter2" not in refusal.reason
    assert NAME not in shop.target.secrets


def test_the_annotation_says_that_it_is_none(shop: Shop) -> None:
    """`syncd.dev/allow-plain` lets it through."""
    shop.put("settings", "postgres://app:hunter2@db/app")
    shop.annotations["settings"] = {"syncd.dev/allow-plain": "true"}
    assert ExitCode.CLEAN == shop.reconciler(configmaps=True).sync().exit_code


def test_a_foreign_configmap_is_refused_until_adopted(shop: Shop) -> None:
    """As a Secret."""
    shop.reconciler(configmaps=True).sync()
    there = shop.target.secrets.pop(NAME)
    shop.target.put_secret(type(there)(NAME, type="", data={"OTHER": there.data["KEY"]}))
    assert [NAME] == [one.name for one in shop.reconciler(configmaps=True).sync().plan.refusals]
    shop.reconciler(configmaps=True, adopt=True).sync()
    assert {"KEY"} == shop.target.secrets[NAME].data.keys()


def test_an_orphan_is_pruned(shop: Shop) -> None:
    """Declared no more, it goes with `--prune`; the Secret of its name stays."""
    shop.reconciler(configmaps=True).sync()
    del shop.spec["settings"]
    assert [NAME] == [one.name for one in shop.reconciler(configmaps=True).plan().orphans]
    shop.reconciler(configmaps=True, prune=True).sync()
    assert [TargetKind.SECRET] == [name.kind for name in shop.target.secrets]


def test_the_guard_counts_configmaps(tmp_path: Path) -> None:
    """A store that lost everything empties none of them."""
    shop = Shop(tmp_path)
    target: dict[str, Any] = {"target": {**CONFIG_MAP["target"], "deletionPolicy": "Delete"}}
    names = [f"s{number}" for number in range(5)]
    for name in names:
        shop.declare(name, "eu", **target)
    shop.reconciler(configmaps=True).sync()
    for name in names:
        shop.drop(name)
    assert ExitCode.REFUSED == shop.reconciler(configmaps=True).sync().exit_code
    assert 5 == len(shop.target.secrets)


def test_in_a_folder_it_is_a_manifest(shop: Shop, tmp_path: Path) -> None:
    """`configmaps/<namespace>/<name>.yaml` holds text as text, and is read back as it was."""
    target = FolderTarget(tmp_path / "out")
    shop.put("settings", "eu: west\n")
    shop.target = target  # type: ignore[assignment]  # a folder instead of the target in memory
    report = shop.reconciler(configmaps=True).sync()
    text = (tmp_path / "out/configmaps/shop/settings.yaml").read_text()
    assert ExitCode.CLEAN == report.exit_code
    assert "kind: ConfigMap" in text
    assert "west" in text
    assert "type:" not in text
    found = target.read_secrets([NAME])[NAME]
    assert isinstance(found, Present)
    assert "true" == found.secret.labels[MANAGED]
    target.close()
