"""The contract suite finds what it is there for."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from syncd.providers.api import Absent, Failed, Failure, Found, SecretValue, StoreError
from syncd.providers.testing import CANARY, GivenCredentials, assert_silent, content, document

PLAIN = CANARY.encode()


@pytest.mark.parametrize(
    "shown",
    [
        CANARY,
        f"failed: {CANARY!r}",
        ascii(CANARY),
        PLAIN,
        base64.b64encode(PLAIN).decode(),
        base64.b64encode(document(CANARY)).decode(),
        base64.b64encode(b"12" + PLAIN),
        {"a": [CANARY]},
        Failed(Failure.BUG, CANARY),
        type("Provider", (), {"__init__": lambda self: setattr(self, "cache", CANARY)})(),
    ],
)
def test_shown_value_is_found(shown: object) -> None:
    """Plain, escaped, in base64 at any offset, in containers and in attributes."""
    with pytest.raises(AssertionError, match="shows a secret value") as raised:
        assert_silent(shown)
    assert CANARY not in str(raised.value)


def test_masked_value_is_silent() -> None:
    """What SecretValue masks is not shown."""
    assert_silent(SecretValue(CANARY), Found(SecretValue(CANARY)), {"a": SecretValue(CANARY)}, "kanarie")


def test_document_and_content_are_inverse() -> None:
    """What is put comes back."""
    assert content(Found(SecretValue(document("grüße\n")))) == "grüße\n"


def test_content_of_no_value_fails() -> None:
    """A store that did not find what was put has failed the test."""
    with pytest.raises(AssertionError, match="Absent instead of Found"):
        content(Absent())


@pytest.mark.parametrize(
    "ask",
    [
        lambda given: given.secret_key("other", "key"),
        lambda given: given.configmap_key("name", "other"),
        lambda given: given.service_account_token("other", ["a"]),
        lambda given: given.service_account_annotations("name"),
    ],
)
def test_credentials_that_are_not_given(ask: Callable[[GivenCredentials], object]) -> None:
    """A reference to nothing is refused as syncd refuses it."""
    given = GivenCredentials({("name", "key"): "x"}, {("name", "key"): "y"}, {"name": "z"})
    assert given.secret_key("name", "key") == SecretValue("x")
    assert given.configmap_key("name", "key") == "y"
    assert given.service_account_token("name", []) == SecretValue("z")
    with pytest.raises(StoreError, match="is not given"):
        ask(given)
