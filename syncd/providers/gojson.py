"""Reads and writes JSON as Go's `encoding/json` does, keeping the text of numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TypeAlias

import orjson

from syncd.providers.gjson_numbers import format_float
from syncd.providers.gjson_scan import value_end


class Number(str):
    """A number as it stands in a document."""

    __slots__ = ()


Value: TypeAlias = "dict[str, Value] | list[Value] | str | float | bool | None"
"""A decoded document; `read` gives its numbers as `Number`, which is a `str`."""

_DEPTH = 10_000  # where Go's decoder gives up
_SPACE = rb"[ \t\n\r]*+"
_STRING = rb'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_NUMBER = rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
_VALUE = re.compile(_SPACE + rb"(?:(" + _STRING + rb")|(" + _NUMBER + rb")|(true|false|null)|([{\[]))")
_KEY = re.compile(_SPACE + rb"(" + _STRING + rb")" + _SPACE + rb":" + _SPACE)
_CLOSE = {b"{": re.compile(_SPACE + rb"\}"), b"[": re.compile(_SPACE + rb"\]")}
_AFTER = re.compile(_SPACE + rb"([,\]}])")
_REST = re.compile(_SPACE + rb"\Z")
_LITERALS: dict[bytes, bool | None] = {b"true": True, b"false": False, b"null": None}


def read(data: bytes, number: Callable[[str], Number | float] = Number) -> Value:
    """Decodes one document; bad UTF-8 and lone surrogates become U+FFFD, the last of equal keys wins.

    `number` is called for each number, also of members that lose.
    Raises ValueError, without a word of the document, when it is not JSON.
    """
    root: list[Value] = []
    inner: dict[str, Value] | list[Value] = root
    outer: list[dict[str, Value] | list[Value]] = []
    key, at = "", 0
    while True:
        match = _expect(_VALUE, data, at)
        at = match.end()
        value: Value = number(match[2].decode()) if match[2] else _scalar(match)
        if isinstance(inner, dict):
            inner[key] = value
        else:
            inner.append(value)
        if match[4] and (empty := _CLOSE[match[4]].match(data, at)):
            at = empty.end()
        elif isinstance(value, dict | list):
            outer.append(inner)
            inner = value
            if len(outer) > _DEPTH:
                raise ValueError("nested too deeply")
            if isinstance(inner, dict):
                key, at = _key(data, at)
            continue
        while outer:
            match = _expect(_AFTER, data, at)
            at = match.end()
            if match[1] == b",":
                if isinstance(inner, dict):
                    key, at = _key(data, at)
                break
            if (match[1] == b"}") is not isinstance(inner, dict):
                raise ValueError("not JSON")
            inner = outer.pop()
        else:
            _expect(_REST, data, at)
            return root[0]


def _expect(pattern: re.Pattern[bytes], data: bytes, at: int) -> re.Match[bytes]:
    match = pattern.match(data, at)
    if match is None:
        raise ValueError("not JSON")
    return match


def _key(data: bytes, at: int) -> tuple[str, int]:
    match = _expect(_KEY, data, at)
    return unquote(match[1]), match.end()


def _scalar(match: re.Match[bytes]) -> Value:
    """The value that `_VALUE` found, if not a number; an empty one for an opening bracket."""
    if match[1]:
        return unquote(match[1])
    if match[3]:
        return _LITERALS[match[3]]
    return {} if match[4] == b"{" else []


def valid(data: bytes) -> bool:
    """Whether Go's `json.Valid` says yes."""
    try:
        orjson.loads(data)
    except ValueError:  # stricter than Go about UTF-8, surrogates, depth and huge exponents
        try:
            read(data)
        except ValueError:
            return False
    return True


def members(data: bytes) -> dict[str, bytes]:
    """The members of an object with their values as they stand in the text; `null` has none.

    Raises ValueError, without a word of the document, when it is not a JSON object.
    """
    if not valid(data):
        raise ValueError("not JSON")
    text = data.strip(b" \t\r\n")
    if text == b"null":
        return {}
    if text[:1] != b"{":
        raise ValueError("not a JSON object")
    found, at = {}, 1
    while match := _KEY.match(text, at):
        end = value_end(text, match.end())
        found[unquote(match[1])] = text[match.end() : end]
        at = _expect(_AFTER, text, end).end()
    return found


_ESCAPE = re.compile(
    r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\(.)", re.DOTALL
)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_NOT_UTF8 = re.compile("[\ud800-\udfff]")


def text_of(data: bytes) -> str:
    """Text as Go ranges over it: U+FFFD for each byte that is not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _NOT_UTF8.sub("\ufffd", data.decode("utf-8", "surrogateescape"))


def unquote(raw: bytes) -> str:
    """The text of a JSON string; `raw` is valid and has its quotes."""
    text = text_of(raw[1:-1])
    return _ESCAPE.sub(_unescape, text) if "\\" in text else text


def _unescape(match: re.Match[str]) -> str:
    high, low, unit, short = match.groups()
    if short:
        return _ESCAPED.get(short, short)
    if unit:
        return _NOT_UTF8.sub("\ufffd", chr(int(unit, 16)))
    return (bytes.fromhex(high) + bytes.fromhex(low)).decode("utf-16-be")


_QUOTED = {chr(code): f"\\u{code:04x}" for code in [*range(0x20), *b"<>&", 0x2028, 0x2029]}
_QUOTED |= {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL = re.compile('[\x00-\x1f"\\\\\u2028\u2029\ud800-\udfff]')
_SPECIAL_HTML = re.compile('[\x00-\x1f"\\\\<>&\u2028\u2029\ud800-\udfff]')


def _quoted(match: re.Match[str]) -> str:
    return _QUOTED.get(match[0], "\\ufffd")


def quote(text: str) -> str:
    """A JSON string; surrogates, which stand for bytes that are not UTF-8, are written `\\ufffd`."""
    return f'"{_SPECIAL.sub(_quoted, text)}"'


def quote_html(text: str) -> str:
    """A JSON string that is safe inside HTML, as `json.Marshal` writes it."""
    return f'"{_SPECIAL_HTML.sub(_quoted, text)}"'


def write(value: Value, quote: Callable[[str], str] = quote_html) -> str:
    """Encodes as `json.Marshal` does: compact, keys sorted; a `Number` as it stands."""
    if isinstance(value, str):
        return value if isinstance(value, Number) else quote(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{quote(key)}:{write(value[key], quote)}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write(item, quote) for item in value) + "]"
    if isinstance(value, float):
        exponent = value and not 1e-6 <= abs(value) < 1e21
        return repr(value).replace("e-0", "e-") if exponent else format_float(value)
    return "null" if value is None else "true" if value else "false"


def finite(text: str) -> float:
    """A number as Go holds it without `UseNumber`. Raises ValueError when it is out of range."""
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is out of range")
    return number


def float64(value: Value) -> Value:
    """The same value with each `Number` made `finite`. Raises ValueError."""
    if isinstance(value, Number):
        return finite(value)
    if isinstance(value, dict):
        return {key: float64(item) for key, item in value.items()}
    return [float64(item) for item in value] if isinstance(value, list) else value


def value_bytes(value: Value) -> bytes:
    """What a decoded value becomes in a Secret: text as it is, `null` empty, floats without exponent, else JSON."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, float):
        return format_float(value).encode()
    return b"" if value is None else write(value).encode()
