"""Which stores are opened, and with whose credentials."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import yaml

from syncd.model import ObjectName, StoreAuth
from syncd.reconcile.options import Options
from syncd.reconcile.reconciler import Reconciler
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
