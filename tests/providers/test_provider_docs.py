"""The pages on providers name every field and every auth method, and their examples load."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.manifests.stores.kubernetes import KubernetesAuth
from syncd.manifests.stores.kubernetes import KubernetesStore as KubernetesModel
from syncd.manifests.stores.vault import Gcp, Iam, VaultAuth
from syncd.manifests.stores.vault import VaultStore as VaultModel
from syncd.providers import kubernetes_config, vault_config
from syncd.providers.given import store_config

DOCS = Path(__file__).parents[2] / "docs"
READERS = {"vault": vault_config.read_config, "kubernetes": kubernetes_config.read_config}


def page(name: str) -> str:
    return (DOCS / name).read_text()


def examples(name: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", page(name), re.DOTALL | re.MULTILINE)


def names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def stores(name: str) -> list[dict[str, Any]]:
    documents = [document for example in examples(name) for document in yaml.safe_load_all(example)]
    return [document["spec"]["provider"] for document in documents if document["kind"] == "SecretStore"]


@pytest.mark.parametrize("name", ["vault.md", "kubernetes-provider.md"])
def test_examples_load(name: str) -> None:
    """Each example is valid, for the loader of manifests and for the provider."""
    for number, example in enumerate(examples(name)):
        assert () == load([Text(f"{name}-{number}.yaml", example)]).problems
    for config in stores(name):
        ((provider, fields),) = config.items()
        assert READERS[provider](store_config(provider, fields))


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("vault.md", VaultModel),
        ("vault.md", VaultAuth),
        ("vault.md", Iam),
        ("vault.md", Gcp),
        ("kubernetes-provider.md", KubernetesModel),
        ("kubernetes-provider.md", KubernetesAuth),
    ],
)
def test_every_field_is_named(name: str, model: type[BaseModel]) -> None:
    """A field that is not on the page does not exist for its reader."""
    assert [] == [field for field in names(model) if f"`{field}" not in page(name)]


def test_every_auth_method_has_an_example() -> None:
    """Each method that is supported is shown once, as a whole store."""
    shown = {method for store in stores("vault.md") for method in store["vault"]["auth"]}
    assert set(names(VaultAuth)) - {"namespace"} == shown
    shown = {method for store in stores("kubernetes-provider.md") for method in store["kubernetes"].get("auth", {})}
    assert set(names(KubernetesAuth)) == shown
