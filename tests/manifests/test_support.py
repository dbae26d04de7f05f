"""What is not supported yet is refused, never passed over."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.manifests import Validation
from syncd.manifests.kinds import MODELS
from syncd.manifests.schema import all_fields
from syncd.manifests.support import UNSUPPORTED
from tests.manifests.samples import STORE, annotated, external_secret, said

ONLY_THESE = "only generators of these kinds are supported: `Password`, `UUID`, `Fake`, `SSHKey`, `ClusterGenerator`"
GENERATOR = {"sourceRef": {"generatorRef": {"kind": "Password", "name": "random"}}}
REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"target": {"manifest": {"apiVersion": "v1", "kind": "Secret"}}},
        "spec.target.manifest.kind: only `ConfigMap` can be written beside Secrets",
    ),
    (
        {"target": {"manifest": {"apiVersion": "v2", "kind": "ConfigMap"}}},
        "spec.target.manifest.apiVersion: only `v1` is supported",
    ),
    (
        {"dataFrom": [{"sourceRef": {"generatorRef": {"kind": "Webhook", "name": "random"}}}]},
        f"spec.dataFrom[0].sourceRef.generatorRef.kind: {ONLY_THESE}",
    ),
    (
        {"data": [{"secretKey": "a", "remoteRef": {"key": "b"}, **GENERATOR}]},
        "spec.data[0].sourceRef.generatorRef: a generator cannot stand here",
    ),
    (
        {"target": {"template": {"engineVersion": "v1"}}},
        "spec.target.template.engineVersion: only `v2` is supported",
    ),
]


@pytest.mark.parametrize(("spec", "expected"), REFUSED)
@pytest.mark.parametrize("validation", Validation)
def test_refused(spec: dict[str, Any], expected: str, validation: Validation) -> None:
    """The field is named, whatever `--validate` says."""
    assert [expected] == said(STORE, external_secret(**spec), validation=validation)


def test_rollback() -> None:
    """The annotation that asks for it is refused; `off` is not."""
    asked, refused = (annotated(external_secret(), {"syncd.dev/rollback": value}) for value in ("on", "off"))
    assert ["metadata.annotations[syncd.dev/rollback]: not supported yet"] == said(STORE, asked)
    assert [] == said(STORE, refused)


@pytest.mark.parametrize("kind", ["PushSecret", "ClusterPushSecret"])
def test_pushes(kind: str) -> None:
    """Writing to stores comes later."""
    text = f"apiVersion: external-secrets.io/v1alpha1\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{}}\n"
    assert [": not supported yet"] == said(text)


def test_cluster_external_secrets() -> None:
    """The kind is understood, so that its typos are found, and refused."""
    text = (
        "apiVersion: external-secrets.io/v1\nkind: ClusterExternalSecret\nmetadata: {name: a}\n"
        "spec:\n  namespaceSelectors: [{matchLabels: {a: b}}]\n  refreshTime: 1m\n"
        "  externalSecretSpec: {secretStoreRef: {name: vault}, data: [{secretKey: a, remoteRef: {kye: b}}]}\n"
    )
    assert [
        ": not supported yet",
        "spec.externalSecretSpec.data[0].remoteRef.kye: unknown field",
        "spec.externalSecretSpec.data[0].remoteRef.key: required",
    ] == said(text)


@pytest.mark.parametrize("row", [row for row in UNSUPPORTED if row.path], ids=lambda row: row.path)
def test_the_table_names_fields(row: Any) -> None:
    """Every row is a field of the models, or an annotation."""
    assert "annotations" in row.path or row.path in set(all_fields(MODELS[row.kind]))
