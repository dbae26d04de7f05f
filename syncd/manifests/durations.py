"""Durations as manifests write them, which are those of Go: `1h30m`, `90s`, `0`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SECOND = 1_000_000_000
_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,  # the Greek letter
    "ms": 1_000_000,
    "s": _SECOND,
    "m": 60 * _SECOND,
    "h": 3600 * _SECOND,
}
_PART = re.compile(r"(?P<whole>[0-9]*)(?:\.(?P<fraction>[0-9]*))?(?P<unit>[^0-9.]*)")
_LONGEST = 2**63  # of nanoseconds, on the negative side
_FRACTION_DIGITS = (2**63 - 1) // 10
_INT32 = 2**31
_HOURS = {"d": 24, "w": 168, "y": 8760}
"""Of units that people write and Go does not know."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A span of time."""

    nanoseconds: int
    text: str
    """As Go writes it back: `1h0m0s`."""
    refreshes: bool
    """Whether an ExternalSecret with this `refreshInterval` is read again after the first time."""

    @classmethod
    def of(cls, nanoseconds: int) -> Duration:
        return cls(nanoseconds, _format(nanoseconds), nanoseconds > 0)

    @property
    def seconds(self) -> float:
        return self.nanoseconds / _SECOND


def parse(raw: object) -> Duration:
    """The duration that a field's value stands for.

    Raises ValueError with a sentence that says what to write instead.
    Semantics: Go 1.26, `time.ParseDuration`; external-secrets: nothing but text is a duration.
    """
    if not isinstance(raw, str):
        raise _not_text(raw)
    return Duration.of(_parse(raw))


def parse_store_interval(raw: object) -> Duration:
    """The `refreshInterval` of a store: a duration, or an integer of seconds; neither may be negative.

    Raises ValueError with a sentence that says what to write instead.
    """
    if type(raw) is not int:
        duration = parse(raw)
    elif raw < _INT32:
        duration = Duration.of(raw * _SECOND)
    else:
        raise ValueError(f"`{raw}` seconds do not fit in 32 bits")
    if duration.nanoseconds < 0:
        raise ValueError(f"`{raw}` is negative")
    return duration


def _not_text(raw: object) -> ValueError:
    if type(raw) in (int, float):
        return ValueError(f"`{raw}` is a number, not a duration: write `{raw}s`, with its unit")
    return ValueError("not a duration: write text such as `1h30m`")


def _parse(text: str) -> int:
    sign, rest = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    total, at = 0, 0
    while at < len(rest) or not rest:
        part = _PART.match(rest, at)
        if part is None or not (part["whole"] or part["fraction"]):
            raise ValueError(f"`{text}` is not a duration: write `1h30m`, `90s` or `0`")
        total += _part(text, part["whole"], part["fraction"] or "", part["unit"])
        if total > _LONGEST:
            raise _too_long(text)
        at = part.end()
    if total == _LONGEST and sign > 0:
        raise _too_long(text)
    return sign * total


def _too_long(text: str) -> ValueError:
    return ValueError(f"`{text}` is longer than the 292 years that a duration can be")


def _part(text: str, whole: str, fraction: str, name: str) -> int:
    """The nanoseconds of one number and its unit; fractions are cut off after the last whole one, as Go does."""
    unit = _UNITS.get(name)
    if unit is None:
        raise ValueError(_unit_fault(text, whole, name))
    whole = whole.lstrip("0") or "0"
    number = int(whole[:20])  # which is too long already
    if number > _LONGEST // unit:
        raise _too_long(text)
    digits, scale = 0, 1.0
    for digit in fraction:
        longer = digits * 10 + int(digit)
        if digits > _FRACTION_DIGITS or longer > _LONGEST:
            break
        digits, scale = longer, scale * 10
    return number * unit + int(digits * (unit / scale))


def _unit_fault(text: str, whole: str, name: str) -> str:
    if not name:
        return f"`{text}` has a number without a unit: write `{whole or 0}s` for seconds, `{whole or 0}m` for minutes"
    hours = _HOURS.get(name.lower())
    if hours and text == whole + name:
        return f"`{text}`: there is no unit `{name}`: write `{int(whole[:9]) * hours}h`"
    if name.strip().lower() in _UNITS:
        return f"`{text}`: there is no unit `{name}`: write `{name.strip().lower()}`"
    return f"`{text}`: there is no unit `{name}`: the units are `h`, `m`, `s`, `ms`, `us` and `ns`"


def _format(nanoseconds: int) -> str:
    """Go's `Duration.String`."""
    sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if rest < _SECOND:
        name = next(name for name in ("ms", "µs", "ns") if rest >= _UNITS[name]) if rest else "s"
        return f"{sign}{_decimal(rest, _UNITS[name])}{name}"
    minutes, rest = divmod(rest, _UNITS["m"])
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{sign}{head}{_decimal(rest, _SECOND)}s"


def _decimal(amount: int, unit: int) -> str:
    whole, rest = divmod(amount, unit)
    if not rest:
        return str(whole)
    return f"{whole}.{rest:0{len(str(unit)) - 1}d}".rstrip("0")
