"""`fmt`'s formatting of single values: flags, width and precision applied to strings, numbers and characters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from syncd.templating.golang.numbers import format_float
from syncd.templating.golang.quoting import can_backquote, quote, quote_char
from syncd.templating.golang.text import decode, encode, is_printable

_UINT: Final = 1 << 64
_MAX_RUNE: Final = 0x10FFFF
_FLOAT_VERBS: Final = {
    "v": ("g", -1),
    "b": ("b", -1),
    "g": ("g", -1),
    "G": ("G", -1),
    "x": ("x", -1),
    "X": ("X", -1),
} | {
    "f": ("f", 6),
    "F": ("f", 6),
    "e": ("e", 6),
    "E": ("E", 6),
}
_BASES: Final = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "O", "x": "x", "X": "X"}


@dataclass(slots=True)
class Spec:
    """What stands between `%` and the verb; `plus_v` and `sharp_v` are `%+v` and `%#v`."""

    minus: bool = False
    plus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    plus_v: bool = False
    sharp_v: bool = False
    width: int | None = None
    precision: int | None = None

    def pad(self, text: bytes, *, zeros: bool = True) -> bytes:
        """The text at least `width` characters wide; zeros, when asked for, only on the left."""
        if not self.width:
            return text
        missing = self.width - (len(text) if text.isascii() else len(decode(text)))
        if missing <= 0:
            return text
        if self.minus:
            return text + b" " * missing
        return (b"0" if self.zero and zeros else b" ") * missing + text

    def cut(self, text: bytes) -> bytes:
        """The first `precision` characters."""
        if self.precision is None or len(text) <= self.precision:
            return text
        return text[: self.precision] if text.isascii() else encode(decode(text)[: self.precision])


def format_bool(spec: Spec, value: bool, verb: str) -> bytes | None:
    """None, here and below, when the verb does not fit the type."""
    return spec.pad(b"true" if value else b"false") if verb in "tv" else None


def format_string(spec: Spec, text: bytes, verb: str) -> bytes | None:
    if verb == "s" or (verb == "v" and not spec.sharp_v):
        return spec.pad(spec.cut(text))
    if verb in "xX":
        return _hex_string(spec, text, verb)
    if verb == "q" or verb == "v":
        text = spec.cut(text)
        if spec.sharp and can_backquote(text):
            return spec.pad(b"`" + text + b"`")
        return spec.pad(quote(text, ascii_only=spec.plus))
    return None


def _hex_string(spec: Spec, text: bytes, verb: str) -> bytes:
    text = text if spec.precision is None else text[: spec.precision]
    if not text:
        return spec.pad(b"")
    pairs = [f"{byte:02{verb}}" for byte in text]
    mark = f"0{verb}" if spec.sharp else ""
    joined = mark + (f" {mark}".join(pairs) if spec.space else "".join(pairs))
    return spec.pad(joined.encode())


def format_integer(spec: Spec, value: int, verb: str, *, signed: bool) -> bytes | None:
    if verb in _BASES:
        if verb == "v" and spec.sharp_v and not signed:
            return _digits(spec, value, "x", sharp=True)
        return _digits(spec, value, _BASES[verb], sharp=spec.sharp)
    if verb == "c":
        code = value if 0 <= value <= _MAX_RUNE and not 0xD800 <= value <= 0xDFFF else 0xFFFD
        return spec.pad(chr(code).encode())
    if verb == "q":
        return spec.pad(quote_char(value, ascii_only=spec.plus))
    return _unicode(spec, value % _UINT) if verb == "U" else None


def _digits(spec: Spec, value: int, base: str, *, sharp: bool) -> bytes:
    signed = value < 0 or spec.plus or spec.space
    least = 0
    if spec.precision is not None:
        least = spec.precision
        if least == 0 and value == 0:
            return spec.pad(b"", zeros=False)
    elif spec.zero and not spec.minus and spec.width:
        least = spec.width - (1 if signed else 0)
    digits = f"{abs(value):{base.replace('O', 'o')}}".rjust(least, "0")
    if sharp and base in "bxX":
        digits = f"0{base}{digits}"
    elif sharp and base in "oO" and digits[0] != "0":
        digits = "0" + digits
    if base == "O":
        digits = "0o" + digits
    sign = "-" if value < 0 else "+" if spec.plus else " " if spec.space else ""
    return spec.pad((sign + digits).encode(), zeros=False)


def _unicode(spec: Spec, code: int) -> bytes:
    least = max(4, spec.precision or 0)
    text = f"U+{code:0{least}X}"
    if spec.sharp and code <= _MAX_RUNE and is_printable(chr(code)):
        text += f" '{chr(code)}'"
    return spec.pad(encode(text), zeros=False)


def format_number(spec: Spec, value: float, verb: str) -> bytes | None:
    if verb not in _FLOAT_VERBS:
        return None
    letter, precision = _FLOAT_VERBS[verb]
    if spec.precision is not None:
        precision = spec.precision
    number = format_float(value, letter, precision)
    if number[0] not in "+-":
        number = "+" + number
    if spec.space and number[0] == "+" and not spec.plus:
        number = " " + number[1:]
    if number[1] in "IN":
        if number[1] == "N" and not spec.space and not spec.plus:
            number = number[1:]
        return spec.pad(number.encode(), zeros=False)
    if spec.sharp and letter != "b":
        number = _sharpened(number, letter, precision)
    if spec.plus or number[0] != "+":
        width = spec.width or 0
        if spec.zero and not spec.minus and width > len(number):
            return (number[0] + number[1:].rjust(width - 1, "0")).encode()
        return spec.pad(number.encode())
    return spec.pad(number[1:].encode())


def _sharpened(number: str, letter: str, precision: int) -> str:
    """The number with a decimal point in any case, and for `%#g` with its trailing zeros."""
    wanted = (6 if precision == -1 else precision) if letter in "gGx" else 0
    ends = "pP" if letter in "xX" else "eE"
    cut = next((at for at, char in enumerate(number) if char in ends), len(number))
    body, tail = number[:cut], number[cut:]
    significant = body[1:].replace(".", "")
    seen = len(significant.lstrip("0"))
    if "." not in body:
        seen += 1 if body[1:] == "0" else 0
        body += "."
    return body + "0" * max(0, wanted - seen) + tail


def format_complex(spec: Spec, value: complex, verb: str) -> bytes | None:
    real = format_number(spec, value.real, verb)
    if real is None:
        return None
    plus, spec.plus = spec.plus, True
    imaginary = format_number(spec, value.imag, verb)
    spec.plus = plus
    return b"(" + real + (imaginary or b"") + b"i)"
