"""`encoding/base64`, `base32` and `hex`: what they accept, and where they say that the input is broken."""

from __future__ import annotations

import base64
import re
from typing import Final

from syncd.templating.golang.text import is_printable

_STANDARD: Final = re.compile(rb"[A-Za-z0-9+/\r\n]*")
_URL: Final = re.compile(rb"[A-Za-z0-9_\-\r\n]*")
_BASE32: Final = re.compile(rb"[A-Z2-7]*")
_NOT_HEX: Final = re.compile(rb"[^0-9A-Fa-f]")
_LINES: Final = bytes.maketrans(b"", b"")
_FULL: Final = 8
"""Characters of a whole group of base 32."""


class BaseError(ValueError):
    """The input is broken; the message is Go's and holds an offset or one byte."""


def decode_base64(text: bytes, *, url: bool = False) -> bytes:
    """The padded standard or URL alphabet; line feeds and carriage returns may stand anywhere. Raises BaseError."""
    found = (_URL if url else _STANDARD).match(text)
    end = found.end() if found else 0
    count = end - text.count(b"\n", 0, end) - text.count(b"\r", 0, end)
    broken = _padding_problem(text, end, count % 4)
    if broken is not None:
        raise BaseError(f"illegal base64 data at input byte {broken}")
    compact = text.translate(_LINES, b"\r\n")
    return base64.b64decode(compact, b"-_" if url else None)


def _padding_problem(text: bytes, at: int, filled: int) -> int | None:
    """Where the input is broken; `at` is its first byte that is no digit, `filled` how many digits its group has."""
    if at == len(text):
        return len(text) - filled if filled else None
    if text[at : at + 1] != b"=" or filled < 2:
        return at
    at += 1
    if filled == 2:
        at = _past_lines(text, at)
        if at == len(text):
            return at
        if text[at : at + 1] != b"=":
            return at - 1
        at += 1
    at = _past_lines(text, at)
    return at if at < len(text) else None


def _past_lines(text: bytes, at: int) -> int:
    while text[at : at + 1] in (b"\r", b"\n"):
        at += 1
    return at


def decode_base32(text: bytes) -> bytes:
    """The padded standard alphabet; line feeds and carriage returns may stand anywhere. Raises BaseError."""
    text = text.translate(_LINES, b"\r\n")
    found = _BASE32.match(text)
    end = found.end() if found else 0
    whole = end // _FULL * _FULL
    filled = end - whole
    broken = _base32_problem(text, end, filled)
    if broken is not None:
        raise BaseError(f"illegal base32 data at input byte {broken}")
    last = text[whole:end] + b"=" * (_FULL - filled) if filled else b""
    return base64.b32decode(text[:whole] + last)


def _base32_problem(text: bytes, at: int, filled: int) -> int | None:
    after = len(text) - at - 1
    if after < 0:
        return len(text) - filled if filled else None
    if text[at : at + 1] != b"=" or filled < 2 or after >= _FULL:
        return at
    if after + filled < _FULL - 1:
        return len(text)
    for index, byte in enumerate(text[at + 1 : at + _FULL - filled]):
        if byte != 0x3D:
            return at + index
    return at if filled in (3, 6) else None


def hex_problem(text: bytes) -> str:
    """Why the text is not hexadecimal."""
    found = _NOT_HEX.search(text)
    if found is None:
        return "encoding/hex: odd length hex string"
    char = found[0].decode("latin-1")
    return f"encoding/hex: invalid byte: U+{ord(char):04X}" + (f" '{char}'" if is_printable(char) else "")
