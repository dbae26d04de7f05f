"""The page on AWS names every field, and its examples and those of `config/` open as stores."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.manifests.stores.aws import AwsAuth
from syncd.manifests.stores.aws import AwsStore as AwsModel
from syncd.providers.aws_config import read_config
from syncd.providers.aws_exceptions import _CASES
from syncd.providers.given import store_config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "aws.md").read_text()
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FILES = sorted((ROOT / "config" / "examples").glob("aws-*.yaml"))


def stores(text: str) -> list[dict[str, Any]]:
    documents = [document for document in yaml.safe_load_all(text) if document["kind"] == "SecretStore"]
    return [document["spec"]["provider"]["aws"] for document in documents]


@pytest.mark.parametrize("text", [*BLOCKS, *(file.read_text() for file in FILES)])
def test_examples_load(text: str) -> None:
    """Each example is valid, for the loader of manifests and for the provider."""
    assert () == load([Text("example.yaml", text)]).problems
    for fields in stores(text):
        read_config(store_config("aws", fields, base="/manifests"))


@pytest.mark.parametrize("model", [AwsModel, AwsAuth])
def test_every_field_is_named(model: type[BaseModel]) -> None:
    """A field that is not on the page does not exist for its reader."""
    names = [field.alias or name for name, field in model.model_fields.items()]
    assert [] == [name for name in names if f"`{name}" not in PAGE]


def test_every_auth_method_has_an_example() -> None:
    """Each is shown on the page and among the files, the one without `auth` too."""
    shown = [[set(store.get("auth", {})) for text in texts for store in stores(text)] for texts in (BLOCKS, _texts())]
    for methods in shown:
        assert {"jwt", "secretRef"} == set().union(*methods)
        assert set() in methods


def test_policies_are_json() -> None:
    """What is shown of IAM can be pasted."""
    policies = re.findall(r"^```json\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert ["Allow", "Version", "Version"] == [json.loads(one).get("Effect", "Version") for one in policies]


@pytest.mark.parametrize("message", [message for _, _, message, _ in _CASES])
def test_failures_without_an_answer_are_explained(message: str) -> None:
    """What keeps a call from its answer stands in the table."""
    assert message.partition("{action}")[0] in PAGE


def _texts() -> list[str]:
    return [file.read_text() for file in FILES]
