"""Names and labels select declarations."""

from __future__ import annotations

import pytest
import yaml

from syncd.errors import UsageError
from syncd.manifests import Declarations
from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.sources import select
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
