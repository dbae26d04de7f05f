"""Names and labels select declarations."""

from __future__ import annotations

import pytest
import yaml

from syncd.errors import UsageError
from syncd.manifests import Declarations
from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.sources import select
from syncd.sources.selection import select_stores
from tests.manifests.samples import STORE, external_secret


def labelled(name: str, **labels: str) -> str:
    content = yaml.safe_load(external_secret(name))
    content["metadata"]["labels"] = labels
    return yaml.safe_dump(content)


@pytest.fixture
def declarations() -> Declarations:
    documents = [STORE, labelled("stripe", team="pay"), labelled("paypal", team="pay", tier="old"), labelled("smtp")]
    return load([Text("a.yaml", "---\n".join(documents))], namespace="shop").complete()


def selected(declarations: Declarations, *names: str, selector: str = "") -> list[str]:
    return [str(one.object_name) for one in select(declarations, names, selector)]


def test_everything(declarations: Declarations) -> None:
    """Without names and labels, everything is meant, in the order of the files."""
    assert ["shop/stripe", "shop/paypal", "shop/smtp"] == selected(declarations)


def test_names(declarations: Declarations) -> None:
    """A name with its namespace, or in the namespace of `-n`; each once, in the order given."""
    assert ["shop/smtp", "shop/stripe"] == selected(declarations, "smtp", "shop/stripe", "shop/smtp")


@pytest.mark.parametrize(
    ("selector", "expected"),
    [("team=pay", ["shop/stripe", "shop/paypal"]), ("team=pay,!tier", ["shop/stripe"]), ("team=none", [])],
)
def test_labels(declarations: Declarations, selector: str, expected: list[str]) -> None:
    """Labels of the ExternalSecret are looked at."""
    assert expected == selected(declarations, selector=selector)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("strpe", "did you mean `shop/stripe`?"),
        ("shop/strpe", "did you mean `shop/stripe`?"),
        ("web/stripe", "did you mean `shop/stripe`?"),
        ("zzz", ""),
    ],
)
def test_an_unknown_name(declarations: Declarations, name: str, hint: str) -> None:
    """A name that nobody declares is wrong usage, with what was probably meant."""
    with pytest.raises(UsageError, match="no ExternalSecret `") as caught:
        selected(declarations, name)
    assert hint == caught.value.hint


def test_names_and_labels(declarations: Declarations) -> None:
    """Both at once are refused, as by kubectl."""
    with pytest.raises(UsageError, match="cannot be given together"):
        selected(declarations, "stripe", selector="team=pay")


CLUSTER_STORE = STORE.replace("SecretStore", "ClusterSecretStore").replace("  namespace: shop\n", "")


def stores(*names: str) -> list[str]:
    documents = [STORE, CLUSTER_STORE, STORE.replace("shop", "web")]
    declarations = load([Text("a.yaml", "---\n".join(documents))], namespace="shop").complete()
    return [str(key) for key in select_stores(declarations, names)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vault", ["SecretStore/shop/vault", "ClusterSecretStore/vault"]),
        ("web/vault", ["SecretStore/web/vault"]),
        ("SecretStore/web/vault", ["SecretStore/web/vault"]),
        ("SecretStore/vault", ["SecretStore/shop/vault"]),
        ("ClusterSecretStore/vault", ["ClusterSecretStore/vault"]),
        ("clustersecretstore/vault", ["ClusterSecretStore/vault"]),
    ],
)
def test_names_of_stores(name: str, expected: list[str]) -> None:
    """With the kind and the namespace, with one of them, or with none."""
    assert expected == stores(name)


def test_stores_stand_in_the_order_given() -> None:
    """Each once."""
    expected = ["SecretStore/web/vault", "SecretStore/shop/vault", "ClusterSecretStore/vault"]
    assert expected == stores("web/vault", "vault", "ClusterSecretStore/vault")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("valt", "did you mean `vault`?"),
        ("other/vault", "did you mean `SecretStore/shop/vault`?"),
        ("ClusterSecretStore/shop/vault", "did you mean `SecretStore/shop/vault`?"),
        ("zzz", ""),
    ],
)
def test_an_unknown_store(name: str, hint: str) -> None:
    """What was probably meant is named."""
    with pytest.raises(UsageError, match="no store `") as caught:
        stores(name)
    assert hint == caught.value.hint
