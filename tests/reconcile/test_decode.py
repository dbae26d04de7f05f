"""Decoding of values, and null bytes."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.errors import RenderError
from syncd.reconcile.decode import check_null_bytes, decode, decode_map


@given(st.binary())
def test_each_strategy_undoes_its_encoding(value: bytes) -> None:
    """What is encoded comes back."""
    assert value == decode("Base64", base64.b64encode(value))
    assert value == decode("Base64URL", base64.urlsafe_b64encode(value))
    assert value == decode("Auto", base64.urlsafe_b64encode(value))
    assert value == decode("None", value) == decode("", value)


@pytest.mark.parametrize("value", [b"YQ==\n", b"Y\r\nQ==", b"YQ=\n=", b"\nYQ==", b"YR=="])
def test_line_ends_and_spare_bits_do_not_matter(value: bytes) -> None:
    """As in Go."""
    assert b"a" == decode("Base64", value)


@pytest.mark.parametrize(
    "value", [b"YQ", b"YQ=", b"YQ===", b"====", b"Y Q==", b"YQ==YQ==", b"_w==", b"p\xc3\xa9==", b"Y"]
)
def test_not_base64(value: bytes) -> None:
    """Refused by name, left alone by `Auto`; the error does not show the value."""
    with pytest.raises(RenderError) as caught:
        decode("Base64", value)
    assert value.decode() not in str(caught.value)
    assert value == decode("Auto", value) or value == b"_w=="


def test_auto_takes_any_text_that_is_base64() -> None:
    """A password may be base64 by chance."""
    assert b"password" != decode("Auto", b"password")


def test_unknown_strategy() -> None:
    """The error says which there are."""
    with pytest.raises(RenderError, match="no decodingStrategy `Hex`"):
        decode("Hex", b"")


def test_map_names_the_key() -> None:
    """One bad value fails the map, and the error says which."""
    assert {"a": b"a", "b": b""} == decode_map("Base64", {"a": b"YQ==", "b": b""})
    with pytest.raises(RenderError, match=r"^key `b`: the value is not `Base64`$"):
        decode_map("Base64", {"a": b"YQ==", "b": b"!"})


def test_null_bytes() -> None:
    """Refused with `Fail` only."""
    data = {"text": b"x", "binary": b"a\0b"}
    check_null_bytes("Ignore", data)
    check_null_bytes("Fail", {"text": b"x"})
    with pytest.raises(RenderError, match=r"^key `binary`: the value holds a null byte$"):
        check_null_bytes("Fail", data)
