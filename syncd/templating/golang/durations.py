"""`time.Duration`: nanoseconds, written as `1h2m3.5s`."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final

from syncd.templating.golang.values import INT_MAX, Kind, NamedInt

NANOSECOND: Final = 1
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
_UNITS: Final = {"ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": SECOND, "m": MINUTE, "h": HOUR}
_PART: Final = re.compile(r"([0-9]*)(\.([0-9]*))?([^0-9.]+)")
_LIMIT: Final = INT_MAX + 1


class Duration(NamedInt):
    """A span of time in nanoseconds."""

    go_type: ClassVar[str] = "time.Duration"
    go_kind: ClassVar[Kind] = Kind.INT64
    methods: ClassVar[dict[str, Any]] = {}
    __slots__ = ()

    def text(self) -> bytes:
        return format_duration(self).encode()


def format_duration(span: int) -> str:
    """`Duration.String`."""
    if span == 0:
        return "0s"
    sign, rest = ("-", -span) if span < 0 else ("", span)
    if rest < SECOND:
        unit, name = (1, "ns") if rest < 1_000 else (1_000, "µs") if rest < 1_000_000 else (1_000_000, "ms")
        return f"{sign}{_decimal(rest, unit)}{name}"
    minutes, rest = divmod(rest, MINUTE)
    hours, minutes = divmod(minutes, 60)
    text = f"{_decimal(rest, SECOND)}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{sign}{hours}h{text}" if hours else sign + text


def _decimal(amount: int, unit: int) -> str:
    whole, fraction = divmod(amount, unit)
    digits = f"{fraction:0{len(str(unit)) - 1}d}".rstrip("0") if unit > 1 else ""
    return f"{whole}.{digits}" if digits else str(whole)


def parse_duration(text: str) -> int | None:
    """`time.ParseDuration` in nanoseconds; None when it is none, or too long for 64 bits."""
    sign, rest = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    total, at = 0, 0
    while at < len(rest):
        part = _PART.match(rest, at)
        span = None if part is None else _span(part)
        if part is None or span is None or total + span > _LIMIT:
            return None
        total += span
        at = part.end()
    if not rest or (sign > 0 and total == _LIMIT):
        return None
    return sign * total


def _span(part: re.Match[str]) -> int | None:
    whole, dotted, fraction, unit = part.groups()
    if not whole and not fraction:
        return None
    length = _UNITS.get(unit)
    if length is None or len(whole) > 19 or int(whole or 0) > _LIMIT // length:
        return None
    span = int(whole or 0) * length
    if dotted and fraction:
        number, scale = _fraction(fraction)
        span += int(float(number) * (float(length) / scale))
    return span if span <= _LIMIT else None


def _fraction(digits: str) -> tuple[int, float]:
    """As many digits after the point as 63 bits hold."""
    number, scale = 0, 1.0
    for digit in digits:
        if number > INT_MAX // 10 or number * 10 + int(digit) > _LIMIT:
            break
        number, scale = number * 10 + int(digit), scale * 10
    return number, scale
