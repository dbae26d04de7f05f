"""Compares values with what gjson's queries ask for."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from syncd.providers.gjson_match import matches
from syncd.providers.gjson_numbers import parse_float
from syncd.providers.gjson_paths import Query
from syncd.providers.gjson_scan import Kind, Result, truth


def fits(value: Result, query: Query) -> bool:
    """Whether `value`, which the query's path selected, is what the query wants."""
    if query.value[:1] == b"~":
        test = _TESTS.get(query.value)
        return test is not None and _compare_truth(test(value), query.operator, b"true")
    return value.exists and (not query.operator or _compare(value, query.operator, query.value))


_TESTS: dict[bytes, Callable[[Result], bool]] = {
    b"~*": lambda value: value.exists,
    b"~null": lambda value: value.kind is Kind.NULL,
    b"~true": lambda value: truth(value) is True,
    b"~false": lambda value: value.kind is Kind.NULL or truth(value) is False,
}


def _compare(value: Result, sign: bytes, wanted: bytes) -> bool:
    match value.kind:
        case Kind.STRING if sign in (b"%", b"!%"):
            return matches(value.text, wanted) is (sign == b"%")
        case Kind.STRING:
            return sign in _SIGNS and _SIGNS[sign](value.text, wanted)
        case Kind.NUMBER:
            return sign in _SIGNS and _SIGNS[sign](value.number, parse_float(wanted))
        case Kind.TRUE | Kind.FALSE:
            return _compare_truth(value.kind is Kind.TRUE, sign, wanted)
    return False


_SIGNS: dict[bytes, Callable[[Any, Any], bool]] = {
    b"=": operator.eq,
    b"!=": operator.ne,
    b"<": operator.lt,
    b"<=": operator.le,
    b">": operator.gt,
    b">=": operator.ge,
}


def _compare_truth(value: bool, sign: bytes, wanted: bytes) -> bool:
    same, other = (b"true", b"false") if value else (b"false", b"true")
    match sign:
        case b"=":
            return wanted == same
        case b"!=":
            return wanted != same
        case b">" | b"<":
            return wanted == other and (sign == b">") is value
        case b">=" | b"<=":
            return (sign == b">=") is value
    return False
