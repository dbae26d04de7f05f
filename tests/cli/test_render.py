"""`syncd render`."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import yaml

from tests.cli.binary import syncd
from tests.cli.shop import CANARY, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, "db", "web")


def test_manifests_are_shown_with_values_masked(shop: Shop) -> None:
    """As they would be written, without a cluster, and nothing is written."""
    ran = syncd("render", "-f", shop.root / "shop.yaml")
    manifests = list(yaml.safe_load_all(ran.out))
    assert (0, ["db", "web"]) == (ran.code, [one["metadata"]["name"] for one in manifests])
    assert {"KEY": "(sensitive value)"} == manifests[0]["data"]
    assert ("default/files/shop/db", False) == (
        manifests[0]["metadata"]["annotations"]["syncd.dev/owner"],
        CANARY in ran.out,
    )


def test_values_are_shown_when_asked_for(shop: Shop) -> None:
    """In base64, as `kubectl get` shows them."""
    ran = syncd("render", "-f", shop.root / "shop.yaml", "--reveal", "shop/db")
    assert f"{CANARY}-db" == base64.b64decode(yaml.safe_load(ran.out)["data"]["KEY"]).decode()


def test_json_is_one_list(shop: Shop) -> None:
    """Which `kubectl apply` takes, as it takes the YAML."""
    ran = syncd("render", "-f", shop.root / "shop.yaml", "-o", "json", "-l", "tier=web")
    document = json.loads(ran.out)
    assert ("List", ["web"]) == (document["kind"], [one["metadata"]["name"] for one in document["items"]])


def test_what_fails_stops_no_other(shop: Shop) -> None:
    """It is told on standard error, and by the exit code."""
    shop.forget("db")
    ran = syncd("render", "-f", shop.root / "shop.yaml")
    assert (1, ["web"]) == (ran.code, [one["metadata"]["name"] for one in yaml.safe_load_all(ran.out)])
    assert "shop/db: spec.data[0]" in ran.err


def test_what_is_not_there_is_told(shop: Shop) -> None:
    """With deletionPolicy Delete there is nothing to render, and nothing wrong."""
    shop.declare("db", deletion="Delete")
    shop.forget("db")
    ran = syncd("render", "-f", shop.root / "shop.yaml")
    assert (0, "", "shop/db: the store has nothing for it\n") == (ran.code, ran.out, ran.err)


def test_what_is_rendered_is_what_is_written(shop: Shop) -> None:
    """The folder target gets the same Secrets."""
    ran = syncd("render", "-f", shop.root / "shop.yaml", "--reveal")
    assert 0 == syncd("sync", "-f", shop.root / "shop.yaml", "--to", shop.out).code
    written = [yaml.safe_load(shop.secret(name).read_text()) for name in ("db", "web")]
    assert written == list(yaml.safe_load_all(ran.out))


def _configmap(shop: Shop) -> Path:
    """`db` as a ConfigMap; what stands in it looks like a secret when its value does."""
    path = shop.root / "shop.yaml"
    documents = list(yaml.safe_load_all(path.read_text()))
    for one in documents:
        if one["kind"] == "ExternalSecret" and one["metadata"]["name"] == "db":
            one["spec"]["target"] = {"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}}
    path.write_text(yaml.safe_dump_all(documents))
    return path


def test_a_configmap_is_shown_as_one(shop: Shop) -> None:
    """With its kind, without a type, its values masked as well."""
    ran = syncd("render", "-f", _configmap(shop), "--allow-configmaps", "shop/db")
    manifest = yaml.safe_load(ran.out)
    assert ("ConfigMap", {"KEY": "(sensitive value)"}, False) == (
        manifest["kind"],
        manifest["data"],
        "type" in manifest,
    )


def test_a_configmap_with_a_secret_in_it_is_refused(shop: Shop) -> None:
    """It is not shown, and the error says what to do."""
    path = _configmap(shop)
    shop.store("db", "postgres://app:hunter2@db/app")
    ran = syncd("render", "-f", path, "--allow-configmaps", "--reveal", "shop/db")
    assert (1, "", False) == (ran.code, ran.out, "hunter2" in ran.err)
    assert "syncd.dev/allow-plain" in ran.err


def test_a_configmap_needs_the_setting(shop: Shop) -> None:
    """The error names it."""
    ran = syncd("render", "-f", _configmap(shop), "shop/db")
    assert (1, True) == (ran.code, "--allow-configmaps" in ran.err)
