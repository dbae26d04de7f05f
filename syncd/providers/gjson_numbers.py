"""Reads and writes float64 as Go's `strconv` does."""

from __future__ import annotations

import math
import re
from decimal import Decimal

_DECIMAL = re.compile(rb"[+-]?(?:inf|infinity|nan|[0-9_.]+(?:e[+-]?[0-9_]+)?)", re.IGNORECASE)
_HEX = re.compile(rb"[+-]?0x_?[0-9a-f]*\.?[0-9a-f]*p[+-]?[0-9]+", re.IGNORECASE)


def parse_float(text: bytes) -> float:
    """The value of `strconv.ParseFloat`: infinite when out of range, 0 when it is no number."""
    try:
        if _DECIMAL.fullmatch(text):
            parsed = float(text)
            return 0.0 if math.isnan(parsed) and text[:1] in b"+-" else parsed
        return float.fromhex(text.decode().replace("_", "")) if _HEX.fullmatch(text) else 0.0
    except ValueError:
        return 0.0
    except OverflowError:  # hexadecimal only
        return math.copysign(math.inf, -1 if text[:1] == b"-" else 1)


def format_float(number: float) -> str:
    """As `strconv.FormatFloat(number, 'f', -1, 64)`: the fewest digits, never an exponent."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    return format(Decimal(repr(number)), "f").removesuffix(".0")
