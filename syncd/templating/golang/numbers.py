"""`strconv`: reading and writing numbers as Go does."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from typing import Final

from syncd.templating.golang.values import INT_MAX, INT_MIN, UINT_MAX

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_LITERAL: Final = re.compile(
    r"(?:0[xX](?P<hex>(?:_?[0-9a-fA-F])+)|0[bB](?P<bin>(?:_?[01])+)|0[oO](?P<oct>(?:_?[0-7])+)|0(?P<old>(?:_?[0-7])*)"
    r"|(?P<dec>[1-9](?:_?[0-9])*))"
)
_BASES: Final = {"hex": 16, "bin": 2, "oct": 8, "old": 8, "dec": 10}
_DECIMAL: Final = re.compile(
    r"[+-]?(?:[0-9](?:_?[0-9])*(?:\.(?:[0-9](?:_?[0-9])*)?)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?"
)
_HEXADECIMAL: Final = re.compile(
    r"[+-]?0[xX](?:(?:_?[0-9a-fA-F])+(?:\.(?:[0-9a-fA-F](?:_?[0-9a-fA-F])*)?)?|\.[0-9a-fA-F](?:_?[0-9a-fA-F])*)"
    r"[pP][+-]?[0-9](?:_?[0-9])*"
)
_SPECIAL: Final = re.compile(r"[+-]?inf(?:inity)?|nan", re.IGNORECASE)
_SHORTEST_LIMIT: Final = 6
"""From this exponent on the shortest form of `g` is scientific."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A number that was read; `problem` is "", "syntax" or "range", and `value` then 0, or the nearest of the type."""

    value: int
    problem: str = ""


def parse_int(text: str, base: int = 10) -> Parsed:
    """`strconv.ParseInt(text, base, 64)`; base 0 reads Go's literals with their prefixes and underscores."""
    negative = text[:1] == "-"
    number = _magnitude(text[1:] if text[:1] in ("+", "-") else text, base)
    if number is None:
        return Parsed(0, "syntax")
    number = -number if negative else number
    if not INT_MIN <= number <= INT_MAX:
        return Parsed(INT_MIN if negative else INT_MAX, "range")
    return Parsed(number)


def parse_uint(text: str, base: int = 10) -> Parsed:
    """`strconv.ParseUint(text, base, 64)`: no sign at all."""
    number = _magnitude(text, base)
    if number is None:
        return Parsed(0, "syntax")
    return Parsed(number) if number <= UINT_MAX else Parsed(UINT_MAX, "range")


def _magnitude(digits: str, base: int) -> int | None:
    if base == 0:
        found = _LITERAL.fullmatch(digits)
        if found is None or found.lastgroup is None:
            return None
        base = _BASES[found.lastgroup]
        digits = found[found.lastgroup].replace("_", "") or "0"
    elif not digits or not set(digits.lower()) <= set(_DIGITS[:base]) or not digits.isascii():
        return None
    digits = digits.lstrip("0") or "0"
    # Longer than any 64-bit number: Python would take quadratic time, or refuse.
    return int(digits, base) if len(digits) <= INT_MAX.bit_length() + 1 else UINT_MAX + 1


def parse_float(text: str) -> float | None:
    """`strconv.ParseFloat(text, 64)`; None when it is no number, an infinity when it is too large."""
    if _DECIMAL.fullmatch(text):
        return float(text.replace("_", ""))
    if _SPECIAL.fullmatch(text):
        return float(text)
    if not _HEXADECIMAL.fullmatch(text):
        return None
    try:
        return float.fromhex(text.replace("_", ""))
    except OverflowError:
        return -math.inf if text[0] == "-" else math.inf


def is_overflow(value: float, text: str) -> bool:
    """Whether `parse_float` gave an infinity for digits, which Go calls a range error."""
    return math.isinf(value) and not _SPECIAL.fullmatch(text)


def format_float(value: float, verb: str, precision: int = -1, bits: int = 64) -> str:
    """`strconv.FormatFloat`; precision -1 gives the shortest digits that read back as the same number.

    `verb` is one of `e`, `E`, `f`, `g`, `G`, `b`, `x`, `X`.
    """
    if math.isnan(value):
        return "NaN"
    if bits == 32:
        value = _single(value)
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if verb == "b":
        return _binary(value)
    if verb in "xX":
        text = _hexadecimal(value, precision)
        return text.upper() if verb == "X" else text
    if precision >= 0:
        return f"{value:.{precision}{verb}}"
    return _shortest(value, verb, bits)


def _single(value: float) -> float:
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def _shortest(value: float, verb: str, bits: int) -> str:
    digits, exponent = _shortest_digits(abs(value), bits)
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    if verb == "f" or (verb in "gG" and -4 <= exponent < _SHORTEST_LIMIT):
        return sign + _positional(digits, exponent)
    return sign + _scientific(digits, exponent, "E" if verb in "EG" else "e")


def _shortest_digits(value: float, bits: int) -> tuple[str, int]:
    """Significant digits without trailing zeros, and the exponent of the first one."""
    text = repr(value) if bits == 64 else _shortest_single(value)
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits.strip("0"):
        return "0", 0
    leading = len(whole) - 1 if whole.strip("0") else len(digits) - len(fraction) - 1
    return digits.rstrip("0"), leading + int(exponent or 0)


def _shortest_single(value: float) -> str:
    """The fewest digits that read back as the same 32-bit float."""
    for precision in range(9):
        text = f"{value:.{precision}e}"
        if _single(float(text)) == value:
            return text
    return f"{value:.9e}"


def _positional(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    if len(digits) <= exponent + 1:
        return digits + "0" * (exponent + 1 - len(digits))
    return f"{digits[: exponent + 1]}.{digits[exponent + 1 :]}"


def _scientific(digits: str, exponent: int, letter: str) -> str:
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}{letter}{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _binary(value: float) -> str:
    """The `b` verb: mantissa and power of two, both decimal."""
    bits = struct.unpack("<Q", struct.pack("<d", value))[0]
    mantissa, power = bits & ((1 << 52) - 1), (bits >> 52) & 0x7FF
    mantissa, power = (mantissa, 1) if power == 0 else (mantissa | 1 << 52, power)
    return f"{'-' if bits >> 63 else ''}{mantissa}p{power - 1075:+d}"


def _hexadecimal(value: float, precision: int) -> str:
    """The `x` verb: 1.hhhp±dd, rounded half to even at `precision` digits."""
    bits = struct.unpack("<Q", struct.pack("<d", value))[0]
    mantissa, power = bits & ((1 << 52) - 1), ((bits >> 52) & 0x7FF) - 1023
    if power != -1023:
        mantissa |= 1 << 52
    elif mantissa:
        shift = 53 - mantissa.bit_length()
        mantissa, power = mantissa << shift, -1022 - shift
    else:
        power = 0
    if 0 <= precision < 13:
        drop = 52 - 4 * precision
        low, mantissa = mantissa & ((1 << drop) - 1), mantissa >> drop
        mantissa = (mantissa + (low > 1 << (drop - 1) or (low == 1 << (drop - 1) and mantissa & 1))) << drop
        if mantissa >> 53:
            mantissa, power = mantissa >> 1, power + 1
    fraction = f"{mantissa & ((1 << 52) - 1):013x}"
    fraction = fraction.rstrip("0") if precision < 0 else fraction[:precision].ljust(precision, "0")
    sign = "-" if bits >> 63 else ""
    return f"{sign}0x{mantissa >> 52}{'.' if fraction else ''}{fraction}p{'-' if power < 0 else '+'}{abs(power):02d}"
