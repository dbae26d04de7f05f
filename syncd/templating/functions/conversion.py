"""Sprig's conversions between types: what is no number becomes 0, never an error."""

from __future__ import annotations

import re
from typing import Any, Final

from syncd.templating.calls import World, function
from syncd.templating.golang.numbers import is_overflow, parse_float, parse_int
from syncd.templating.golang.printing import Grow, plain
from syncd.templating.golang.text import decode
from syncd.templating.golang.values import INT_MAX, INT_MIN, Int64, Octets, Strings, wrap

_DECIMAL: Final = re.compile(r"([-+]?\d*)(\.\d*)?", re.ASCII)


def to_integer(value: Any) -> int:
    """`cast.ToInt64`: floats and text lose their fraction, `0755` is octal and `0x1F` hexadecimal."""
    if isinstance(value, bytes):
        return _integer_text(decode(value))
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return wrap(int(value))
    return _truncated(value) if isinstance(value, float) else 0


def _integer_text(text: str) -> int:
    found = _DECIMAL.fullmatch(text) if "." in text else None
    if found is not None:
        text = found[1] + "0" if found[1] in ("", "-", "+") else found[1]
    parsed = parse_int(text, 0)
    return 0 if parsed.problem else parsed.value


def _truncated(value: float) -> int:
    """Go's conversion of a float to an integer on amd64: what does not fit is the smallest one."""
    return int(value) if INT_MIN <= value < INT_MAX else INT_MIN


def to_float(value: Any) -> float:
    """`cast.ToFloat64`."""
    if isinstance(value, bytes):
        text = decode(value)
        number = parse_float(text)
        return 0.0 if number is None or is_overflow(number, text) else number
    return float(value) if isinstance(value, (bool, int, float)) else 0.0


def to_text(value: Any, grow: Grow) -> bytes:
    """Sprig's `strval`: bytes as they are, anything else as `%v` prints it."""
    return bytes(value) if isinstance(value, Octets) else plain(value, grow)


def to_texts(value: Any, grow: Grow) -> Strings:
    """Sprig's `strslice`: the items of a list as text, without nils; anything else as a list of one."""
    if isinstance(value, Strings):
        return value
    if isinstance(value, list):
        return Strings(to_text(item, grow) for item in value if item is not None)
    return Strings() if value is None else Strings([to_text(value, grow)])


@function("int")
def as_int(value: Any) -> int:
    return to_integer(value)


@function("int64")
def as_int64(value: Any) -> Int64:
    return Int64(to_integer(value))


@function("float64")
def as_float64(value: Any) -> float:
    return to_float(value)


@function("atoi")
def atoi(text: bytes) -> int:
    return parse_int(decode(text)).value


@function("toDecimal")
def to_decimal(world: World, value: Any) -> Int64:
    """Digits read as an octal number, in spite of the name."""
    parsed = parse_int(decode(plain(value, world.meter.room)), 8)
    return Int64(0 if parsed.problem else parsed.value)


@function("toString")
def to_string(world: World, value: Any) -> bytes:
    return to_text(value, world.meter.room)


@function("toStrings")
def to_strings(world: World, value: Any) -> Strings:
    return to_texts(value, world.meter.room)
