"""`strconv.Quote` and `strconv.Unquote`: Go's string and character literals."""

from __future__ import annotations

import re
from typing import Final

from syncd.templating.golang.text import decode, encode, is_printable

_NAMED: Final = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
}
_SHORT: Final = {char: f"\\{letter}" for letter, char in _NAMED.items() if letter not in "'\""}
_PLAIN: Final = re.compile(rb"[ !#-\[\]-~]*")
_LENGTHS: Final = {"x": 2, "u": 4, "U": 8}
_MAX_RUNE: Final = 0x10FFFF


class LiteralError(ValueError):
    """A string or character literal that Go does not accept."""


def quote(text: bytes, *, ascii_only: bool = False) -> bytes:
    """The text between double quotes, escaped as Go escapes it (`%q`; with `ascii_only` as `%+q`)."""
    if _PLAIN.fullmatch(text):
        return b'"' + text + b'"'
    return encode('"' + "".join(_escape(char, '"', ascii_only=ascii_only) for char in decode(text)) + '"')


def quote_char(code: int, *, ascii_only: bool = False) -> bytes:
    """The character between single quotes; what is no character is U+FFFD."""
    if not 0 <= code <= _MAX_RUNE or 0xD800 <= code <= 0xDFFF:
        code = 0xFFFD
    return encode("'" + _escape(chr(code), "'", ascii_only=ascii_only) + "'")


def _escape(char: str, mark: str, *, ascii_only: bool) -> str:
    code = ord(char)
    if char == mark:
        return "\\" + char
    if char in _SHORT:
        return _SHORT[char]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if is_printable(char) and not (ascii_only and code > 127):
        return char
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def can_backquote(text: bytes) -> bool:
    """Whether the text fits between backquotes unchanged: one line, no control characters but tabs, no backquote."""
    chars = decode(text)
    return not any(
        (ord(char) < 0x20 and char != "\t") or char in "`\x7f\ufeff" or 0xDC80 <= ord(char) <= 0xDCFF for char in chars
    )


def unquote(literal: str) -> bytes:
    """What a double-quoted or backquoted literal stands for; raises LiteralError."""
    body = literal[1:-1]
    if literal[0] == "`":
        return encode(body.replace("\r", ""))
    if "\\" not in body:
        return encode(body)
    out = bytearray()
    at = 0
    while at < len(body):
        if body[at] != "\\":
            end = body.find("\\", at)
            end = len(body) if end < 0 else end
            out += encode(body[at:end])
            at = end
        else:
            piece, at = _unescape(body, at + 1, '"')
            out += piece if isinstance(piece, bytes) else encode(chr(piece))
    return bytes(out)


def unquote_char(literal: str) -> int:
    """The code of a character literal such as `'a'`; raises LiteralError."""
    body = literal[1:-1]
    if not body:
        raise LiteralError("a character literal is empty")
    if body[0] != "\\":
        code, end = ord(body[0]), 1
    else:
        piece, end = _unescape(body, 1, "'")
        code = piece[0] if isinstance(piece, bytes) else piece
    if end != len(body):
        raise LiteralError("a character literal holds more than one character")
    return code


def _unescape(body: str, at: int, mark: str) -> tuple[int | bytes, int]:
    """The escape after a backslash: a character's code, or a byte for octal and `\\x`; and where it ends."""
    letter = body[at]
    if letter in _NAMED and (letter not in "'\"" or letter == mark):
        return ord(_NAMED[letter]), at + 1
    if letter in _LENGTHS:
        end = at + 1 + _LENGTHS[letter]
        code = _digits(body[at + 1 : end], 16, _LENGTHS[letter])
        if letter == "x":
            return bytes((code,)), end
        if code > _MAX_RUNE or 0xD800 <= code <= 0xDFFF:
            raise LiteralError("an escape names no character")
        return code, end
    code = _digits(body[at : at + 3], 8, 3)
    if code > 0xFF:
        raise LiteralError("an octal escape is larger than a byte")
    return bytes((code,)), at + 3


def _digits(text: str, base: int, length: int) -> int:
    if len(text) != length or not all(char in "0123456789abcdefABCDEF"[: 8 if base == 8 else None] for char in text):
        raise LiteralError("an escape is not complete")
    return int(text, base)
