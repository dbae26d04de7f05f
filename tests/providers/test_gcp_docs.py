"""The page on GCP names every field, error and variable, and its examples and those of `config/` open as stores."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.manifests.stores.gcpsm import (
    AwsSecurityCredentials,
    GcpAuth,
    GcpSecretRef,
    GcpStore,
    WorkloadIdentity,
    WorkloadIdentityFederation,
)
from syncd.providers.gcp_config import read_config
from syncd.providers.gcp_endpoints import _CA_FILES, DISABLE_GRPC, Service, override_variable
from syncd.providers.gcp_errors import _ROLES
from syncd.providers.gcp_exceptions import _AUTH, _UNCONNECTED
from syncd.providers.gcp_session import Operation
from syncd.providers.given import store_config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "gcp.md").read_text()
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FILES = sorted((ROOT / "config" / "examples").glob("gcp-*.yaml"))


def stores(text: str) -> list[dict[str, Any]]:
    documents = [document for document in yaml.safe_load_all(text) if document["kind"] == "SecretStore"]
    return [document["spec"]["provider"]["gcpsm"] for document in documents]


@pytest.mark.parametrize("text", [*BLOCKS, *(file.read_text() for file in FILES)])
def test_examples_load(text: str) -> None:
    """Each example is valid, for the loader of manifests and for the provider."""
    assert () == load([Text("example.yaml", text)]).problems
    for fields in stores(text):
        read_config(store_config("gcpsm", fields, base="/manifests"))


@pytest.mark.parametrize(
    "model",
    [GcpStore, GcpAuth, GcpSecretRef, WorkloadIdentity, WorkloadIdentityFederation, AwsSecurityCredentials],
)
def test_every_field_is_named(model: type[BaseModel]) -> None:
    """A field that is not on the page does not exist for its reader."""
    names = [field.alias or name for name, field in model.model_fields.items()]
    assert [] == [name for name in names if not re.search(rf"\b{name}\b", PAGE)]


def test_every_auth_method_has_an_example() -> None:
    """Each is shown on the page and among the files, the one without `auth` too."""
    for texts in (BLOCKS, [file.read_text() for file in FILES]):
        methods = [set(store.get("auth", {})) for text in texts for store in stores(text)]
        assert {"secretRef", "workloadIdentity", "workloadIdentityFederation"} == set().union(*methods)
        assert set() in methods


def test_every_source_of_federation_has_an_example() -> None:
    """A service account, keys of AWS, and a configuration."""
    auths = [store.get("auth", {}) for text in BLOCKS for store in stores(text)]
    shown = {name for auth in auths for name in auth.get("workloadIdentityFederation", {})}
    assert {"serviceAccountRef", "awsSecurityCredentials", "credConfig"} <= shown


@pytest.mark.parametrize("right", [*_ROLES, *(operation.value.permission for operation in Operation)])
def test_every_right_has_a_row(right: str) -> None:
    """With a role that has it."""
    assert re.search(rf"^\| `{re.escape(right)}` \| .* \| `{_ROLES[right]}`", PAGE, re.MULTILINE)


@pytest.mark.parametrize("variable", [DISABLE_GRPC, *_CA_FILES, override_variable(Service.SECRETS)])
def test_every_variable_is_named(variable: str) -> None:
    """So that nobody has to read the code."""
    assert f"`{variable}`" in PAGE


@pytest.mark.parametrize("message", [*(case[2] for case in _AUTH), *(case[2] for case in _UNCONNECTED)])
def test_failures_without_an_answer_are_explained(message: str) -> None:
    """What keeps a call from its answer stands in the table."""
    assert re.sub(r"\{\w+\}", "…", message) in PAGE
