"""Keys: conversion, validation and matching."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.errors import RenderError
from syncd.reconcile import keys


def convert(strategy: str, key: str) -> str:
    """What one key becomes."""
    (converted,) = keys.convert(strategy, {key: b""})
    return converted


@pytest.mark.parametrize(
    ("strategy", "key", "expected"),
    [
        ("Default", "/foo/bar$baz", "_foo_bar_baz"),
        ("", "a b", "a_b"),
        ("Unicode", "😀foo/", "_U1f600_foo_U002f_"),
        ("Unicode", "é½日", "é½日"),
        ("Default", "e\u0301", "e_"),
        ("None", "a/b", "a/b"),
    ],
)
def test_conversion(strategy: str, key: str, expected: str) -> None:
    """All but letters, digits, `-`, `.` and `_` is replaced."""
    assert expected == convert(strategy, key)


@pytest.mark.parametrize("data", [{"a/b": b"", "a_b": b""}, {"a/b": b"", "a:b": b""}])
def test_collisions(data: dict[str, bytes]) -> None:
    """Two keys that become one are refused, by name."""
    with pytest.raises(RenderError, match="both become `a_b`"):
        keys.convert("Default", data)


@given(st.text(st.characters(max_codepoint=0xFFFFF, exclude_categories=["Cs"])).filter(lambda key: "_U" not in key))
def test_unicode_can_be_reversed(key: str) -> None:
    """`ReverseUnicode` undoes `Unicode`, up to five hexadecimal digits."""
    assert {key: b"x"} == keys.reverse_unicode(keys.convert("Unicode", {key: b"x"}))


def test_reversal_may_collide() -> None:
    """Then it is refused."""
    with pytest.raises(RenderError, match="both become `A`"):
        keys.reverse_unicode({"_U0041_": b"", "A": b""})


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_converted_keys_are_valid(key: str) -> None:
    """Conversion leaves nothing to refuse."""
    for strategy in ("Default", "Unicode"):
        converted = keys.convert(strategy, {key: b""})
        assert converted == keys.validate(converted)


def test_empty_key_is_dropped() -> None:
    """As the reference does."""
    assert {"a": b""} == keys.validate({"": b"", "a": b""})


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("a/b", "the key `a/b` holds `/` (SOLIDUS)"),
        ("a\n", "a control character"),
        ("x" * 254, "longer than 253 bytes"),
        ("é" * 127, "longer than 253 bytes"),
    ],
)
def test_invalid_keys(key: str, message: str) -> None:
    """The error says which key and what is wrong with it."""
    with pytest.raises(RenderError) as caught:
        keys.validate({key: b""})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("é", "keys are ASCII"),
        ("", "has 0 characters"),
        ("x" * 254, "has 254 characters"),
        (".", "`.`"),
        ("..x", "`..x`"),
    ],
)
def test_keys_that_the_api_server_refuses(key: str, message: str) -> None:
    """They are found before anything is written."""
    with pytest.raises(RenderError) as caught:
        keys.check_api_server({key: b"", "ok.-_": b""})
    assert message in str(caught.value)


@pytest.mark.parametrize("key", ["a", ".dockerconfigjson", "tls.crt", "A-Z_0", "..."[:1] + "x", "x" * 253])
def test_keys_that_the_api_server_takes(key: str) -> None:
    """Nothing is raised for them."""
    keys.check_api_server({key: b""})


def test_matching_is_unanchored() -> None:
    """The expression may match anywhere."""
    assert ["app/db", "db"] == keys.matching("db", ["app/db", "db", "api"])


@pytest.mark.parametrize("expression", ["[", "a(?=b)", r"(a)\1", "*", r"\C", "(?P<日本>x)"])
def test_what_is_not_re2(expression: str) -> None:
    """The error names the expression."""
    with pytest.raises(RenderError) as caught:
        keys.matching(expression, ["a"])
    assert f"`{expression}` is not a regular expression" in str(caught.value)
