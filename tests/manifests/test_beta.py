"""`v1beta1` lacks what came with `v1`."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.manifests import Validation
from syncd.manifests.beta import NEWER
from syncd.manifests.kinds import MODELS
from syncd.manifests.schema import all_fields
from tests.manifests.samples import STORE, declared, entry, external_secret, loaded, said, store

SPECS: list[tuple[dict[str, Any], str]] = [
    ({"data": [entry(nullBytePolicy="Fail")]}, "spec.data[0].remoteRef.nullBytePolicy"),
    ({"dataFrom": [{"find": {"nullBytePolicy": "Fail"}}]}, "spec.dataFrom[0].find.nullBytePolicy"),
    ({"target": {"template": {"metadata": {"finalizers": ["a"]}}}}, "spec.target.template.metadata.finalizers"),
    (
        {"target": {"template": {"templateFrom": [{"literal": "a", "valuesDecodingStrategy": "Base64"}]}}},
        "spec.target.template.templateFrom[0].valuesDecodingStrategy",
    ),
]


@pytest.mark.parametrize(("spec", "path"), SPECS)
def test_newer_fields(spec: dict[str, Any], path: str) -> None:
    """A field of v1 is unknown to v1beta1, which the hint explains."""
    assert [f"{path}: unknown field of v1beta1"] == said(STORE, external_secret(version="v1beta1", **spec))
    assert [] == said(STORE, external_secret(**spec))
    (problem,) = loaded(STORE, external_secret(version="v1beta1", **spec)).problems
    assert "use `apiVersion: external-secrets.io/v1`" == problem.hint


def test_newer_fields_are_pruned() -> None:
    """With `ignore` they are pruned, as an API server does."""
    text = external_secret(version="v1beta1", data=[entry(nullBytePolicy="Fail")])
    (one,) = loaded(STORE, text, validation=Validation.IGNORE).complete().external_secrets
    assert "Ignore" == one.spec.data[0].remote_ref.null_byte_policy


@pytest.mark.parametrize(
    ("provider", "path"),
    [
        ({"vault": {"server": "x", "checkAndSet": {"required": True}}}, "vault.checkAndSet"),
        ({"aws": {"service": "SecretsManager", "region": "x", "sessionTagsPolicy": "None"}}, "aws.sessionTagsPolicy"),
        ({"gcpsm": {"secretVersionSelectionPolicy": "LatestOrFail"}}, "gcpsm.secretVersionSelectionPolicy"),
    ],
)
def test_newer_fields_of_stores(provider: dict[str, Any], path: str) -> None:
    """Stores have their own."""
    assert [f"spec.provider.{path}: unknown field of v1beta1"] == said(store(provider, version="v1beta1"))


def test_newer_values() -> None:
    """A policy that came with v1 is no value of v1beta1."""
    text = external_secret(version="v1beta1", target={"creationPolicy": "CreateOrMerge"})
    assert ["spec.target.creationPolicy: `CreateOrMerge` is not a value of v1beta1"] == said(STORE, text)


def test_intervals_of_stores_are_seconds() -> None:
    """v1beta1 knows no duration there."""
    provider = {"vault": {"server": "x"}}
    assert [] == said(store(provider, version="v1beta1", refreshInterval=60))
    (message,) = said(store(provider, version="v1beta1", refreshInterval="1m"))
    assert "spec.refreshInterval: must be whole seconds, as a number, in v1beta1" == message


def test_an_old_manifest_loads() -> None:
    """What both versions have works in both."""
    (one,) = declared(STORE, external_secret(version="v1beta1")).external_secrets
    assert "external-secrets.io/v1beta1" == one.api_version


@pytest.mark.parametrize("kind", NEWER)
def test_the_table_names_fields(kind: str) -> None:
    """Every row is a field of the models."""
    assert set() == set(NEWER[kind]) - set(all_fields(MODELS[kind]))
