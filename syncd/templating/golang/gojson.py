"""`encoding/json`: numbers are floats, keys sorted, `<`, `>` and `&` escaped, broken UTF-8 becomes U+FFFD."""

from __future__ import annotations

import base64
import json
import math
import re
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any, Final, NoReturn

from syncd.templating.golang.numbers import format_float
from syncd.templating.golang.printing import Grow
from syncd.templating.golang.text import REPLACEMENT, decode, encode, runes
from syncd.templating.golang.values import NIL, Octets, Struct, is_nil, type_name

_BROKEN: Final = "\udc80"
_HTML: Final = re.compile("[<>&\u2028\u2029\udc80-\udcff]")
_LINES: Final = re.compile("[\u2028\u2029\udc80-\udcff]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class JSONError(ValueError):
    """The text is not JSON, or the value has no JSON."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a document says; `complete` is False when it holds a number that no float can: that is nil then."""

    value: Any
    complete: bool = True


class _Numbers:
    """Reads numbers and remembers whether one was too large."""

    def __init__(self) -> None:
        self.complete = True

    def read(self, text: str) -> float | None:
        number = float(text)
        if math.isinf(number):
            self.complete = False
            return None
        return number


def _refuse(_: str) -> NoReturn:
    raise JSONError("the text is not JSON")


def decode_json(text: bytes) -> Decoded:
    """`json.Unmarshal` into an `any`. Raises JSONError."""
    numbers = _Numbers()
    try:
        value = json.loads(runes(text), parse_int=numbers.read, parse_float=numbers.read, parse_constant=_refuse)
    except ValueError:
        raise JSONError("the text is not JSON") from None
    return Decoded(_go_value(value), numbers.complete)


def _go_value(value: Any) -> Any:
    if isinstance(value, str):
        return _go_string(value)
    if isinstance(value, dict):
        return {_go_string(key): _go_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_go_value(item) for item in value]
    return value


def _go_string(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(REPLACEMENT, text).encode()


def quote_json(text: bytes, *, html: bool = True) -> str:
    """The text as a JSON string."""
    quoted = encode_basestring(decode(text))
    return (_HTML if html else _LINES).sub(_escape, quoted)


def _escape(found: re.Match[str]) -> str:
    """A character as `\\u` and its code; a broken byte as that of U+FFFD."""
    return f"\\u{ord(found[0]) if found[0] < _BROKEN else 0xFFFD:04x}"


def number_json(value: float) -> str:
    """The number as JSON has it: positional unless very small or large. Raises JSONError for infinities and NaN."""
    if not math.isfinite(value):
        raise JSONError(f"json: unsupported value: {format_float(value, 'g')}")
    size = abs(value)
    if size != 0 and not 1e-6 <= size < 1e21:
        text = format_float(value, "e")
        return text[:-2] + text[-1] if text[-4:-1] == "e-0" else text
    return format_float(value, "f")


def encode_json(value: Any, grow: Grow, *, html: bool = True, indent: str = "") -> bytes:
    """`json.Marshal`, or `json.MarshalIndent` with an indent. Raises JSONError for what JSON cannot hold."""
    encoder = _Encoder(grow, html=html, indent=indent)
    encoder.value(value, 0)
    return encode("".join(encoder.out))


class _Encoder:
    def __init__(self, grow: Grow, *, html: bool, indent: str) -> None:
        self.out: list[str] = []
        self.size = 0
        self.grow = grow
        self.html = html
        self.indent = indent

    def write(self, text: str) -> None:
        self.size += len(text)
        self.grow(self.size)
        self.out.append(text)

    def value(self, value: Any, depth: int) -> None:
        if type(value) is bytes:
            self.write(quote_json(value, html=self.html))
        elif isinstance(value, dict):
            self._object(value, depth)
        elif isinstance(value, list):
            self._array(value, depth)
        elif isinstance(value, Struct):
            self._struct(value, depth)
        else:
            self.write(_scalar(value))

    def _break(self, depth: int) -> str:
        return "\n" + self.indent * depth if self.indent else ""

    def _object(self, value: dict[bytes, Any], depth: int) -> None:
        if not value:
            self.write("null" if is_nil(value) else "{}")
            return
        colon = ": " if self.indent else ":"
        lead = "{"
        for key in sorted(value):
            self.write(f"{lead}{self._break(depth + 1)}{quote_json(key, html=self.html)}{colon}")
            self.value(value[key], depth + 1)
            lead = ","
        self.write(self._break(depth) + "}")

    def _array(self, value: list[Any], depth: int) -> None:
        if isinstance(value, Octets):
            self.write(f'"{base64.b64encode(bytes(value)).decode("ascii")}"')
            return
        if not value:
            self.write("null" if is_nil(value) else "[]")
            return
        lead = "["
        for item in value:
            self.write(lead + self._break(depth + 1))
            self.value(item, depth + 1)
            lead = ","
        self.write(self._break(depth) + "]")

    def _struct(self, value: Struct, depth: int) -> None:
        text = value.json_text()
        if text is not None:
            self.write(quote_json(text, html=self.html))
        else:
            self._object({name.encode(): item for name, item in value.fields()}, depth)


def _scalar(value: Any) -> str:
    if value is None or value is NIL:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return number_json(value)
    raise JSONError(f"json: unsupported type: {type_name(value)}")
