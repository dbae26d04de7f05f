"""Which stores are opened, and with whose credentials."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import yaml

from syncd.manifests import Declarations
from syncd.manifests.items import Text
from syncd.manifests.loading import load as load_texts
from syncd.model import ObjectName, StoreAuth
from syncd.reconcile.answers import OpenStore
from syncd.reconcile.options import Options
from syncd.reconcile.reconciler import Reconciler
from syncd.reconcile.stores import Stores, slot_of
from syncd.sources.files import load
from tests.providers.vaults import TOKEN_AUTH, Kv
from tests.servers.fake_target import FakeTarget
from tests.servers.openbao import OpenBao

API = {"apiVersion": "external-secrets.io/v1"}


def manifests(kv: Kv, *names: str) -> str:
    """For each name a store that refers to a Secret which is not there, and a declaration that reads it."""
    vault = {"server": kv.bao.url, "path": kv.mount, "auth": TOKEN_AUTH}
    documents: list[dict[str, Any]] = []
    for name in names:
        spec = {"secretStoreRef": {"name": name}, "dataFrom": [{"extract": {"key": "a"}}]}
        metadata = {"metadata": {"name": name, "namespace": "shop"}}
        documents.append({**API, "kind": "SecretStore", **metadata, "spec": {"provider": {"vault": vault}}})
        documents.append({**API, "kind": "ExternalSecret", **metadata, "spec": spec})
    return yaml.safe_dump_all(documents)


def test_ambient_credentials_are_used_and_said_once(
    openbao: OpenBao, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The same manifests on a laptop: its own login, and one line that says so, however many stores and passes."""
    kv = Kv(openbao)
    kv.put("a", user="ann")
    (tmp_path / "shop.yaml").write_text(manifests(kv, "one", "two"))
    monkeypatch.setenv("VAULT_TOKEN", openbao.token)
    declarations, target = load([str(tmp_path / "shop.yaml")]), FakeTarget()
    reconciler = Reconciler(lambda: declarations, target, Options(store_auth=StoreAuth.AMBIENT))
    with caplog.at_level(logging.WARNING, "syncd"):
        reconciler.sync()
        reconciler.plan()
    reconciler.close()
    assert {ObjectName("shop", "one"), ObjectName("shop", "two")} == target.secrets.keys()
    what = "log in with the token in VAULT_TOKEN or ~/.vault-token, not as their manifests say"
    assert [f"stores of `vault` {what} (`--store-auth ambient`)"] == caplog.messages


KEY = {"name": "login", "key": "k"}
ACCOUNT = {"name": "reader"}
AWS = {"service": "SecretsManager", "region": "eu-west-1"}


def namespaces(config: dict[str, Any], kind: str = "ClusterSecretStore") -> set[str]:
    """The namespaces that a store of this `spec.provider` is opened for, when two of them use it."""
    metadata = {"name": "all"} if kind == "ClusterSecretStore" else {"name": "all", "namespace": "shop"}
    document = {**API, "kind": kind, "metadata": metadata, "spec": {"provider": config}}
    [store] = load_texts([Text("store.yaml", yaml.safe_dump(document))]).complete().stores.values()
    return {slot_of(store, namespace).namespace for namespace in ("shop", "web")}


@pytest.mark.parametrize(
    "config",
    [
        {"vault": {"server": "https://v", "auth": {"tokenSecretRef": KEY}}},
        {"vault": {"server": "https://v", "auth": {"iam": {"vaultRole": "r", "jwt": {"serviceAccountRef": ACCOUNT}}}}},
        {
            "vault": {
                "server": "https://v",
                "auth": {"cert": {"clientCert": KEY, "secretRef": {**KEY, "namespace": "x"}}},
            }
        },
        {"kubernetes": {"auth": {"token": {"bearerToken": KEY}}}},
        {"kubernetes": {"auth": {"cert": {"clientCert": {**KEY, "namespace": "x"}, "clientKey": KEY}}}},
        {"kubernetes": {"auth": {"serviceAccount": ACCOUNT}}},
        {"gcpsm": {"auth": {"workloadIdentityFederation": {"credConfig": KEY}}}},
        {"aws": {**AWS, "role": "arn:aws:iam::1:role/x", "sessionTagsPolicy": "Simple"}},
    ],
)
def test_a_cluster_store_is_opened_for_each_namespace_that_it_depends_on(config: dict[str, Any]) -> None:
    """Credentials without a namespace are those of the declaration's, and so are tags of a session."""
    assert {"shop", "web"} == namespaces(config)


@pytest.mark.parametrize(
    "config",
    [
        {"vault": {"server": "https://v", "auth": {"tokenSecretRef": {**KEY, "namespace": "x"}}}},
        {"kubernetes": {"auth": {"token": {"bearerToken": {**KEY, "namespace": "x"}}}}},
        {"aws": {**AWS, "sessionTagsPolicy": "None"}},
        {"aws": AWS},
    ],
)
def test_any_other_cluster_store_is_opened_once(config: dict[str, Any]) -> None:
    """One login serves all namespaces."""
    assert {""} == namespaces(config)


def test_a_pause_of_a_namespace_leaves_stores_open() -> None:
    """Only Secrets and ConfigMaps among the manifests hold credentials."""
    store = {**API, "kind": "SecretStore", "metadata": {"name": "one"}, "spec": {"provider": {"fake": {"data": []}}}}
    metadata = {"name": "shop", "labels": {"team": "a"}, "annotations": {"syncd.dev/pause": "true"}}
    paused = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    stores = Stores(FakeTarget(), Options())
    opened = []
    for documents in ([store], [store, paused]):
        declarations = load_texts([Text("a.yaml", yaml.safe_dump_all(documents))], namespace="shop").complete()
        [key] = declarations.stores
        opened.append(stores.open(key, "shop", declarations)[2])
    assert opened[0] is opened[1]


def test_a_store_of_a_namespace_is_opened_once() -> None:
    """A SecretStore has but one namespace."""
    assert {""} == namespaces({"vault": {"server": "https://v", "auth": {"tokenSecretRef": KEY}}}, "SecretStore")


def everywhere(*namespaces: str) -> Declarations:
    """A ClusterSecretStore that is opened for each namespace, and a declaration in each."""
    provider = {"kubernetes": {"server": {"url": "http://127.0.0.1:1"}, "auth": {"serviceAccount": ACCOUNT}}}
    head = {**API, "kind": "ClusterSecretStore", "metadata": {"name": "all"}}
    documents: list[dict[str, Any]] = [{**head, "spec": {"provider": provider}}]
    for namespace in namespaces:
        spec = {
            "secretStoreRef": {"name": "all", "kind": "ClusterSecretStore"},
            "dataFrom": [{"extract": {"key": "a"}}],
        }
        metadata = {"name": "app", "namespace": namespace}
        documents.append({**API, "kind": "ExternalSecret", "metadata": metadata, "spec": spec})
    return load_texts([Text("all.yaml", yaml.safe_dump_all(documents))]).complete()


def test_what_is_declared_no_more_is_closed() -> None:
    """A store of a namespace that went, or of a manifest that did, keeps no login and no connection."""
    both, one, closed = everywhere("shop", "web"), everywhere("shop"), Declarations()
    target = FakeTarget()
    for namespace in ("shop", "web"):
        target.service_accounts[ObjectName(namespace, "reader")] = ((), {})
    stores = Stores(target, Options())
    [key] = both.stores

    def opened(namespace: str) -> object:
        return stores.open(key, namespace, both)[2]

    shop, web = opened("shop"), opened("web")
    stores.keep(both)
    assert (shop, web) == (opened("shop"), opened("web"))
    stores.keep(one)
    assert (True, False) == (shop is opened("shop"), web is opened("web"))
    stores.keep(closed)
    assert shop is not opened("shop")


def test_nothing_is_kept_of_a_store_that_nobody_opens() -> None:
    """Stores and namespaces come and go; a lock lasts as long as somebody holds it."""
    declarations, target = everywhere("shop", "web"), FakeTarget()
    stores = Stores(target, Options())
    [key] = declarations.stores
    for namespace in ("shop", "web"):
        stores.open(key, namespace, declarations)
    held = stores._lock_of(OpenStore(key, "shop"))
    assert held is stores._lock_of(OpenStore(key, "shop"))
    assert [OpenStore(key, "shop")] == list(stores._locks)
