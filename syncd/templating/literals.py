"""Numbers of a template: constants without a type until they meet one, as Go's are."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Final

from syncd.templating.golang.numbers import is_overflow, parse_float, parse_int, parse_uint
from syncd.templating.golang.quoting import LiteralError, unquote_char
from syncd.templating.golang.values import INT_MAX, INT_MIN, UINT_MAX

_COMPLEX: Final = re.compile(r"([+-]?[^+-]+(?:[eEpP][+-]?[0-9_]+)?)([+-].*)i")
_FLOATING: Final = frozenset(".eEpP")


@dataclass(frozen=True, slots=True)
class Number:
    """A numeric literal under every type that can hold it; None where it cannot."""

    text: str
    integer: int | None = None
    unsigned: int | None = None
    floating: float | None = None
    imaginary: complex | None = None

    def constant(self) -> Any:
        """The value where any type will do: an int unless it is written as a float. None when no `int` holds it."""
        if self.imaginary is not None:
            return self.imaginary
        if self.floating is not None and not self._is_hex() and self.text[0] != "'" and _FLOATING & set(self.text):
            return self.floating
        return self.integer

    def _is_hex(self) -> bool:
        return self.text[:2] in ("0x", "0X") and len(self.text) > 2 and not {"p", "P"} & set(self.text)


def read_char(text: str) -> Number:
    """A character constant is its code. Raises LiteralError."""
    code = unquote_char(text)
    return Number(text, code, code, float(code))


def read_complex(text: str) -> Number:
    """`1+2i`. Raises LiteralError."""
    parts = _COMPLEX.fullmatch(text)
    real = parse_float(parts[1]) if parts else None
    imaginary = parse_float(parts[2]) if parts else None
    if real is None or imaginary is None:
        raise LiteralError(f"`{text}` is not a number")
    return _of_complex(text, complex(real, imaginary))


def read_number(text: str) -> Number:
    """An integer or a float in any of Go's forms. Raises LiteralError."""
    if text.endswith("i"):
        imaginary = parse_float(text[:-1])
        if imaginary is not None and not is_overflow(imaginary, text[:-1]):
            return _of_complex(text, complex(0, imaginary))
    signed, unsigned = parse_int(text, 0), parse_uint(text, 0)
    integer = None if signed.problem else signed.value
    natural = None if unsigned.problem else unsigned.value
    if integer is not None:
        return Number(text, integer, 0 if integer == 0 else natural, float(integer))
    if natural is not None:
        return Number(text, None, natural, float(natural))
    floating = parse_float(text)
    if floating is None or is_overflow(floating, text):
        raise LiteralError(f"`{text}` is not a number")
    if not _FLOATING & set(text):
        raise LiteralError(f"`{text}` is too large for an integer")
    return Number(text, *_whole(floating), floating)


def _whole(value: float) -> tuple[int | None, int | None]:
    if not math.isfinite(value) or value != int(value):
        return None, None
    number = int(value)
    return (number if INT_MIN <= number <= INT_MAX else None), (number if 0 <= number <= UINT_MAX else None)


def _of_complex(text: str, value: complex) -> Number:
    if value.imag != 0:
        return Number(text, imaginary=value)
    return Number(text, *_whole(value.real), value.real, value)
