"""Sprig's questions about types."""

from __future__ import annotations

from typing import Any

from syncd.templating.calls import function
from syncd.templating.golang.values import kind_of, same, type_name


def _type(value: Any) -> bytes:
    return type_name(value).encode()


@function("typeOf")
def type_of(value: Any) -> bytes:
    return _type(value)


@function("typeIs")
def type_is(wanted: bytes, value: Any) -> bool:
    return wanted == _type(value)


@function("typeIsLike")
def type_is_like(wanted: bytes, value: Any) -> bool:
    return _type(value) in (wanted, b"*" + wanted)


@function("kindOf")
def kind_name(value: Any) -> bytes:
    return kind_of(value).encode()


@function("kindIs")
def kind_is(wanted: bytes, value: Any) -> bool:
    return wanted == kind_of(value).encode()


@function("deepEqual")
def deep_equal(one: Any, other: Any) -> bool:
    return same(one, other)
