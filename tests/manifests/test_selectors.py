"""Label selectors are those of kubectl."""

from __future__ import annotations

import pytest

from syncd.errors import UsageError
from syncd.manifests.selectors import Selector

LABELS = {"team": "shop", "tier": "web", "weight": "10", "example.com/owner": "ann"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("team=shop", True),
        ("team==shop", True),
        ("team = shop", True),
        ("team=web", False),
        ("team!=web", True),
        ("absent!=x", True),
        ("team=shop,tier=web", True),
        ("team=shop,tier=db", False),
        ("team in (shop, web)", True),
        ("team in (web)", False),
        ("team notin (web,db)", True),
        ("team notin (shop)", False),
        ("absent notin (x)", True),
        ("team in (a,shop),tier in (web)", True),
        ("team", True),
        ("absent", False),
        ("!absent", True),
        ("!team", False),
        ("weight>5", True),
        ("weight<5", False),
        ("team>5", False),
        ("absent>5", False),
        ("example.com/owner=ann", True),
        ("absent=", False),
        ("in=x", False),
    ],
)
def test_matches(text: str, *, expected: bool) -> None:
    """Every operator, alone and joined by commas."""
    assert expected is Selector.parse(text).matches(LABELS)


@pytest.mark.parametrize("text", ["=x", "a=b=c", "a in x", "a in (b", "a b", ",", "a,", "a>b", "!a=b", "-a"])
def test_what_cannot_be_read(text: str) -> None:
    """A selector that is not one is wrong usage, not an empty answer."""
    with pytest.raises(UsageError, match="label selector"):
        Selector.parse(text)
