"""Finds where JSON values begin and end, in any text however broken, as github.com/tidwall/gjson does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from syncd.providers.gjson_numbers import format_float, parse_float

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_FLAT = rb'(?:[^"{}\[\]()]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")'
_LEAF = rb"[{\[(]" + _FLAT + rb"*+[}\])]"
_INERT = re.compile(rb"(?:" + _FLAT + rb"|" + _LEAF + rb")*+", re.DOTALL)
_OPEN = re.compile(rb"[{\[(]++")
_CLOSE = re.compile(rb"[}\])]++")
_LITERAL = re.compile(rb".[a-z]*+", re.DOTALL)
_NUMBER = re.compile(rb".[^\x00-\x20,\]}]*+", re.DOTALL)
_INTEGER = re.compile(rb"-?[0-9]*")
VALUE_START = re.compile(rb'["{\[ntf+\-0-9iIN]')
BLANK = bytes(range(0x21))
"""What gjson takes for white space."""


class Kind(Enum):
    NULL = auto()
    FALSE = auto()
    NUMBER = auto()
    STRING = auto()
    TRUE = auto()
    JSON = auto()


_KINDS = dict.fromkeys(b"{[", Kind.JSON) | {ord('"'): Kind.STRING, ord("t"): Kind.TRUE, ord("f"): Kind.FALSE}


def kind_at(json: bytes, at: int) -> Kind:
    if json[at] == ord("n"):
        return Kind.NULL if json[at + 1 : at + 2] in (b"u", b"") else Kind.NUMBER
    return _KINDS.get(json[at], Kind.NUMBER)


def string_end(json: bytes, at: int) -> int:
    """Where the string that opens at `at` ends; -1 when it does not."""
    match = _STRING.match(json, at)
    return match.end() if match else -1


def bracket_end(json: bytes, at: int) -> int:
    """Where the bracket that opens at `at` is closed, by any kind of bracket.

    The end of the text when it is not, and one more when a string inside is to blame: no array ends there, for gjson.
    """
    depth, at, end = 1, at + 1, len(json)
    while True:
        at = _INERT.match(json, at).end()  # type: ignore[union-attr]  # it matches the empty text too
        if at >= end:
            return end
        if json[at] == ord('"'):
            return end + 1
        opening = json[at] in b"{[("
        run = (_OPEN if opening else _CLOSE).match(json, at).end() - at  # type: ignore[union-attr]  # one is there
        if not opening and run >= depth:
            return at + depth
        depth += run if opening else -run
        at += run


def value_end(json: bytes, at: int) -> int:
    """Where the value that begins at `at` ends; -1 for a string that does not."""
    first = json[at]
    if first == ord('"'):
        return string_end(json, at)
    if first in b"{[":
        return bracket_end(json, at)
    pattern = _NUMBER if kind_at(json, at) is Kind.NUMBER else _LITERAL
    return pattern.match(json, at).end()  # type: ignore[union-attr]  # there is a first byte


def squash(json: bytes) -> bytes:
    """The string or the bracketed text that `json` begins with; all of it when that does not end."""
    if json[:1] == b'"':
        end = string_end(json, 0)
        return json if end < 0 else json[:end]
    return json[: bracket_end(json, 0)]


@dataclass(frozen=True, slots=True)
class Result:
    """What a path selects: `raw` is the text in the document; nothing was selected when there is none."""

    kind: Kind = Kind.NULL
    raw: bytes = b""

    @property
    def exists(self) -> bool:
        return bool(self.raw) or self.kind is not Kind.NULL

    @property
    def is_array(self) -> bool:
        return self.kind is Kind.JSON and self.raw[:1] == b"["

    @property
    def is_object(self) -> bool:
        return self.kind is Kind.JSON and self.raw[:1] == b"{"

    @property
    def text(self) -> bytes:
        """The content of a string."""
        if self.kind is not Kind.STRING:
            return b""
        closed = string_end(self.raw, 0) == len(self.raw)
        body = self.raw[1:-1] if closed else self.raw[1:]
        return unescape(body) if b"\\" in body else body

    @property
    def number(self) -> float:
        return parse_float(self.raw) if self.kind is Kind.NUMBER else 0.0

    @property
    def value(self) -> bytes:
        """What stands in a Secret: strings without quotes, integers as written, other numbers normalised."""
        match self.kind:
            case Kind.STRING:
                return self.text
            case Kind.JSON:
                return self.raw
            case Kind.NUMBER:
                return self.raw if _INTEGER.fullmatch(self.raw) else format_float(self.number).encode()
            case Kind.NULL:
                return b""
        return b"true" if self.kind is Kind.TRUE else b"false"


MISSING = Result()


def result_at(json: bytes, at: int, end: int) -> Result:
    return Result(kind_at(json, at), json[at:end])


_ESCAPES = dict(zip(b'\\/bfnrt"', b'\\/\b\f\n\r\t"', strict=True))
_STOP = re.compile(rb"[\\\x00-\x1f]")
_HEX = re.compile(rb"[0-9a-fA-F]{4}")


def unescape(body: bytes) -> bytes:
    """The content of a string with escapes; it ends at the first control character or wrong escape."""
    out, at = bytearray(), 0
    while stop := _STOP.search(body, at):
        out += body[at : stop.start()]
        escape = body[stop.end() : stop.end() + 1]
        if stop[0] != b"\\" or not escape:
            return bytes(out)
        at = stop.end() + 1
        if escape == b"u":
            if at + 4 > len(body):
                return bytes(out)
            rune, at = _rune(body, at)
            out += rune.encode()
        elif (byte := _ESCAPES.get(escape[0])) is not None:
            out.append(byte)
        else:
            return bytes(out)
    return bytes(out + body[at:])


def _rune(body: bytes, at: int) -> tuple[str, int]:
    """The character of `\\uXXXX`, the digits of which begin at `at`, and where it ends."""
    unit, at = _unit(body, at), at + 4
    if not 0xD800 <= unit <= 0xDFFF:
        return chr(unit), at
    if body[at : at + 2] == b"\\u" and len(body) >= at + 6:
        low, at = _unit(body, at + 2), at + 6
        if unit < 0xDC00 <= low <= 0xDFFF:
            return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)), at
    return "\ufffd", at


def _unit(body: bytes, at: int) -> int:
    digits = _HEX.match(body, at)
    return int(digits[0], 16) if digits else 0


def parse(json: bytes) -> Result:
    """The document itself; what follows an object or array belongs to it."""
    at = len(json) - len(json.lstrip(BLANK))
    if not VALUE_START.match(json, at):
        return MISSING
    if json[at] in b"{[":
        return Result(Kind.JSON, json[at:])
    end = value_end(json, at)
    return result_at(json, at, len(json) if end < 0 else end)


def parse_any(json: bytes, at: int) -> tuple[Result | None, int]:
    """The first value at or after `at`, and where it ends; None when there is none."""
    start = VALUE_START.search(json, at)
    if start is None:
        return None, len(json)
    end = value_end(json, start.start())
    return (None, len(json)) if end < 0 else (result_at(json, start.start(), end), end)


_OPENING = re.compile(rb"[\x00-\x20]*+([{\[])")
_BETWEEN = re.compile(rb"[\x00-\x20,:]*+")


def items(result: Result) -> Iterator[tuple[Result, Result]]:
    """Keys and values of an object, the values of an array (without keys), or the one value that it is."""
    if not result.exists:
        return
    if result.kind is not Kind.JSON:
        yield MISSING, result
        return
    json = result.raw
    opening = _OPENING.match(json)
    at = opening.end() if opening else len(json)
    keyed = bool(opening and opening[1] == b"{")
    while at < len(json):
        key = MISSING
        if keyed:
            start = json.find(b'"', at)
            end = string_end(json, start) if start >= 0 else -1
            if end < 0:
                return
            key, at = Result(Kind.STRING, json[start:end]), end
        value, at = parse_any(json, _BETWEEN.match(json, at).end())  # type: ignore[union-attr]  # it matches the empty text too
        if value is None:
            return
        yield key, value
        at += 1  # gjson steps over the byte after a value, a comma or not


_WORDS = {b"1": True, b"t": True, b"true": True, b"0": False, b"f": False, b"false": False}


def truth(value: Result) -> bool | None:
    """Whether a value counts as true or as false; None when it is neither."""
    match value.kind:
        case Kind.TRUE | Kind.FALSE:
            return value.kind is Kind.TRUE
        case Kind.NUMBER:
            return value.number != 0
        case Kind.STRING:
            return _WORDS.get(value.text.lower())
    return None
