"""The pages on plugins and on the providers `file` and `fake` show manifests that load and stores that open."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.providers import registry
from syncd.providers.api import Provider, StoreConfig
from syncd.providers.given import GivenCredentials

DOCS = Path(__file__).parents[2] / "docs"
YAML = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXAMPLES = {
    f"{page}-{number}": example
    for page in ("file.md", "plugins.md")
    for number, example in enumerate(YAML.findall((DOCS / page).read_text()))
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_load(name: str) -> None:
    """Each is valid, the store of a plugin that is not installed too."""
    assert () == load([Text(name, EXAMPLES[name])]).problems


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name.startswith("file.md")])
def test_stores_open(name: str, tmp_path: Path) -> None:
    """What stands under `spec.provider` is what the provider takes."""
    (store,) = load([Text(name, EXAMPLES[name], base=str(tmp_path))]).declarations.stores.values()
    config = StoreConfig("SecretStore", store.object_name, store.provider_name, store.provider_config, base=store.base)
    assert isinstance(registry.open_store(config, GivenCredentials()), Provider)
