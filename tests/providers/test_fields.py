"""The fields of a store's config are read by type, and mistakes are named by path."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.providers.api import Failure, StoreError
from syncd.providers.fields import AccountRef, Fields, SecretRef
from syncd.providers.given import GivenCredentials, store_config


def fields(**values: Any) -> Fields:
    return Fields.of(store_config("mine", values))


@pytest.mark.parametrize(
    ("method", "value", "message"),
    [
        ("text", 1, "spec.provider.mine.x: must be text"),
        ("required", "", "spec.provider.mine.x: is required"),
        ("flag", "true", "spec.provider.mine.x: must be true or false"),
        ("texts", "a", "spec.provider.mine.x: must be a list"),
        ("texts", [1], "spec.provider.mine.x: must be a list of texts"),
        ("mapping", [], "spec.provider.mine.x: must be a mapping"),
        ("child", "a", "spec.provider.mine.x: must be a mapping"),
        ("required_child", None, "spec.provider.mine.x: is required"),
        ("secret", {"key": "k"}, "spec.provider.mine.x.name: is required"),
        ("secret", {"name": "s"}, "spec.provider.mine.x.key: is required"),
        ("account", {"audiences": []}, "spec.provider.mine.x.name: is required"),
    ],
)
def test_what_is_wrong_is_named(method: str, value: object, message: str) -> None:
    """Each mistake is MISCONFIGURED, with the path of its field."""
    with pytest.raises(StoreError) as raised:
        getattr(fields(x=value), method)("x")
    assert (Failure.MISCONFIGURED, message) == (raised.value.failure, raised.value.message)


def test_a_boolean_is_no_number() -> None:
    """Python would take it for one."""
    with pytest.raises(StoreError, match="must be a whole number"):
        fields(x=True).number("x", 1)


def test_what_is_left_out_has_its_default() -> None:
    """Null and empty texts count as left out."""
    read = fields(null=None, empty="")
    assert ("d", "d", 7, False, None) == (
        read.text("null", "d"),
        read.text("empty", "d"),
        read.number("null", 7),
        read.flag("null"),
        read.secret("null"),
    )
    assert "null" not in read


def test_choices() -> None:
    """The first is the default; another word is refused."""
    assert "a" == fields().choice("x", "a", "b")
    with pytest.raises(StoreError, match="must be one of a, b"):
        fields(x="c").choice("x", "a", "b")


def test_references() -> None:
    """Secrets have a default key where the API has one; accounts have their audiences."""
    read = fields(s={"name": "s", "namespace": "n"}, a={"name": "sync", "audiences": ["vault"]})
    assert SecretRef("s", "token", "n", "spec.provider.mine.s") == read.secret("s", "token")
    assert AccountRef("sync", ("vault",), None) == read.account("a")


def test_the_text_of_a_secret_has_no_blanks_around_it() -> None:
    """Editors add newlines, and no credential ends with one."""
    credentials = GivenCredentials({("s", "k"): " value\n"})
    assert "value" == fields(s={"name": "s", "key": "k"}).required_secret("s").text(credentials)


def test_references_are_shown_without_what_they_refer_to() -> None:
    """Messages name the Secret and the account."""
    read = fields(s={"name": "s", "key": "k", "namespace": "n"}, a={"name": "sync"})
    assert ("Secret n/s", "ServiceAccount sync") == (str(read.secret("s")), str(read.account("a")))
