"""The manifests that come with syncd load, and show every way to log in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syncd.manifests import Declarations, Validation
from syncd.manifests.extensions import KNOWN
from syncd.manifests.items import Text
from syncd.manifests.kinds import MODELS
from syncd.manifests.loading import load as load_texts
from syncd.manifests.stores.kubernetes import KubernetesAuth
from syncd.manifests.stores.vault import VaultAuth
from syncd.sources import load

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "config" / "examples"
QUICKSTART = ROOT / "config" / "quickstart"
DOCS = (ROOT / "docs" / "manifests.md").read_text()


@pytest.fixture(scope="module")
def examples() -> Declarations:
    return load([str(EXAMPLES)])


@pytest.mark.parametrize("file", sorted(EXAMPLES.iterdir()), ids=lambda file: file.name)
def test_each_example(file: Path) -> None:
    """An example is whole: a store, and a declaration that reads it."""
    declarations = load([str(file)])
    assert (1, 1, ()) == (len(declarations.external_secrets), len(declarations.stores), declarations.warnings)


def test_examples_do_not_collide(examples: Declarations) -> None:
    """All of them may be loaded at once."""
    assert len(list(EXAMPLES.iterdir())) == len(examples.external_secrets)


def test_every_login_of_vault(examples: Declarations) -> None:
    """Each way has an example."""
    shown: set[str] = set()
    for store in examples.stores.values():
        vault = store.spec.provider.vault
        shown |= {name for name in VaultAuth.model_fields if vault and vault.auth and getattr(vault.auth, name)}
    assert VaultAuth.model_fields.keys() - {"namespace"} == shown


def test_every_login_of_kubernetes(examples: Declarations) -> None:
    """The provider `kubernetes` has three."""
    found = [store.spec.provider.kubernetes for store in examples.stores.values()]
    shown = {name for one in found if one and one.auth for name in one.auth.model_fields_set}
    assert KubernetesAuth.model_fields.keys() == shown


def test_every_provider(examples: Declarations) -> None:
    """Each provider that comes with syncd is shown."""
    shown = {store.provider_name for store in examples.stores.values()}
    assert {"vault", "aws", "gcpsm", "kubernetes", "file", "fake"} == shown


def test_the_quickstart() -> None:
    """Four Secrets from one store, whose token is beside it."""
    declarations = load([str(QUICKSTART)])
    assert ["shop/stripe", "shop/database-url", "web/session-keys", "web/smtp"] == [
        str(one.target_name) for one in declarations.external_secrets
    ]
    assert ["ClusterSecretStore/vault"] == [str(key) for key in declarations.stores]
    assert ["demo/vault-token"] == [str(name) for name in declarations.references.secrets]
    assert ["checkout", "frontend"] == [other.name.name for other in declarations.others]


@pytest.mark.parametrize("name", sorted({name for known in KNOWN.values() for name in known}))
def test_annotations_have_a_heading(name: str) -> None:
    """Each annotation is explained."""
    assert f"\n### `{name}`\n" in DOCS


@pytest.mark.parametrize("kind", MODELS)
def test_kinds_have_a_heading(kind: str) -> None:
    """Each kind is explained."""
    assert f"\n### {kind}\n" in DOCS


@pytest.mark.parametrize("validation", Validation)
def test_validations_have_a_row(validation: Validation) -> None:
    """Each value of `--validate` is explained."""
    assert f"\n| `{validation}` |" in DOCS


def test_the_manifests_of_the_page() -> None:
    """What the page shows is valid, taken together."""
    text = "---\n".join(re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL))
    assert 2 == len(load_texts([Text("manifests.md", text)]).complete().external_secrets)
