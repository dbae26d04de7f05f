"""The functions that `text/template` itself brings; Sprig replaces `slice`."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote_plus

from syncd.templating.calls import SLOW, CallError, World, function
from syncd.templating.golang.printf import sprintf
from syncd.templating.golang.printing import sprint, sprintln
from syncd.templating.golang.text import decode, encode, is_printable
from syncd.templating.golang.values import (
    Kind,
    StringMap,
    Struct,
    Uint8,
    is_nil,
    kind_of,
    truth,
    type_name,
)

_HTML: Final = {"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
_HTML_TABLE: Final = str.maketrans(_HTML)
_JS: Final = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}
_INTEGERS: Final = frozenset((Kind.INT, Kind.INT64))
_UNSIGNED: Final = frozenset((Kind.UINT8, Kind.UINT64))
_BASIC: Final = (
    dict.fromkeys(_INTEGERS, "int")
    | dict.fromkeys(_UNSIGNED, "uint")
    | {Kind.BOOL: "bool", Kind.FLOAT64: "float", Kind.STRING: "string", Kind.COMPLEX128: "complex"}
)


@function("and", "or", values=True)
def choose(first: Any, *rest: Any) -> Any:
    """Never called: the engine evaluates their arguments one by one until one decides."""
    return rest[-1] if rest else first


@function("not", values=True)
def negate(value: Any) -> bool:
    return not truth(value)


@function("len", values=True)
def length(value: Any) -> int:
    if isinstance(value, (bytes, list, dict)):
        return len(value)
    raise CallError(f"a `{type_name(value)}` has no length")


@function("index", values=True)
def index(value: Any, *indexes: Any) -> Any:
    if value is None:
        raise CallError("nil has no items")
    for at in indexes:
        value = _item(value, at)
    return value


def _item(value: Any, at: Any) -> Any:
    if isinstance(value, dict):
        if type(at) is not bytes:
            raise CallError(f"the key must be a `string`, not a `{type_name(at)}`")
        return value.get(at, b"" if isinstance(value, StringMap) else None)
    if not isinstance(value, (bytes, list)):
        raise CallError(f"a `{type_name(value)}` has no items")
    if not isinstance(at, int) or isinstance(at, bool):
        raise CallError(f"the index must be an integer, not a `{type_name(at)}`")
    if not 0 <= at < len(value):
        raise CallError("the index is out of range")
    return Uint8(value[at]) if isinstance(value, bytes) else value[at]


@function("call", values=True)
def call(function_value: Any, *_: Any) -> Any:
    raise CallError(f"a `{type_name(function_value)}` is no function")


@function("print")
def print_values(world: World, *values: Any) -> bytes:
    return sprint(values, world.meter.room)


@function("println")
def print_line(world: World, *values: Any) -> bytes:
    return sprintln(values, world.meter.room)


@function("printf", pace=16)
def print_format(world: World, template: bytes, *values: Any) -> bytes:
    return sprintf(template, values, world.meter.room)


def _joined(world: World, values: tuple[Any, ...]) -> bytes:
    """The values as the escaping functions read them: a lone nil is `<no value>`."""
    return sprint([b"<no value>" if value is None else value for value in values], world.meter.room)


@function("html", pace=SLOW)
def html(world: World, *values: Any) -> bytes:
    return encode(decode(_joined(world, values)).translate(_HTML_TABLE))


@function("js", pace=SLOW)
def js(world: World, *values: Any) -> bytes:
    return encode("".join(map(_js_char, decode(_joined(world, values)))))


def _js_char(char: str) -> str:
    if char in _JS:
        return _JS[char]
    if " " <= char <= "\x7f" or "\udc80" <= char <= "\udcff" or is_printable(char):
        return char
    return f"\\u{ord(char):04X}"


@function("urlquery")
def urlquery(world: World, *values: Any) -> bytes:
    return quote_plus(_joined(world, values), safe="~").encode()


def _basic(value: Any) -> str:
    """The kind of comparison that a value takes part in; "" for none."""
    return _BASIC.get(kind_of(value), "")


@function("eq", values=True)
def equal(first: Any, *others: Any) -> bool:
    """Whether the first equals any of the others; integers of any size compare, other types must agree."""
    if not others:
        raise CallError("there is nothing to compare with")
    return any(_equal(first, other) for other in others)


def _equal(one: Any, other: Any) -> bool:
    kinds = _basic(one), _basic(other)
    if kinds[0] == kinds[1] != "" or set(kinds) == {"int", "uint"}:
        return bool(one == other)
    if kinds[0] != kinds[1]:
        if one is not None and other is not None:
            raise CallError(f"a `{type_name(one)}` cannot be compared with a `{type_name(other)}`")
        return False
    if kind_of(one) is not kind_of(other) and one is not None and other is not None:
        raise CallError(f"a `{type_name(one)}` cannot be compared with a `{type_name(other)}`")
    if is_nil(one) or is_nil(other):
        return is_nil(one) and is_nil(other)
    if kind_of(other) is Kind.POINTER:
        return one is other
    if isinstance(other, Struct):
        return type(one) is type(other) and bool(one == other)
    raise CallError(f"a `{type_name(other)}` cannot be compared")


@function("ne", values=True)
def unequal(one: Any, other: Any) -> bool:
    return not equal(one, other)


@function("lt", values=True)
def less(one: Any, other: Any) -> bool:
    kinds = _basic(one), _basic(other)
    if not all(kinds):
        raise CallError(f"a `{type_name(one)}` and a `{type_name(other)}` have no order")
    if kinds[0] != kinds[1] and set(kinds) != {"int", "uint"}:
        raise CallError(f"a `{type_name(one)}` cannot be compared with a `{type_name(other)}`")
    if kinds[0] in ("bool", "complex"):
        raise CallError(f"a `{type_name(one)}` has no order")
    return bool(one < other)


@function("le", values=True)
def less_or_equal(one: Any, other: Any) -> bool:
    return less(one, other) or equal(one, other)


@function("gt", values=True)
def greater(one: Any, other: Any) -> bool:
    return not less_or_equal(one, other)


@function("ge", values=True)
def greater_or_equal(one: Any, other: Any) -> bool:
    return not less(one, other)
