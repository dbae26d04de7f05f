"""gjson's modifiers: `@reverse`, `@keys`, `@pretty` and their like, as functions from JSON to JSON."""

from __future__ import annotations

from collections.abc import Callable

from syncd.providers import gojson
from syncd.providers.gjson_pretty import Style, pretty, ugly
from syncd.providers.gjson_scan import BLANK, MISSING, Kind, Result, items, parse, truth
from syncd.providers.gjson_work import Work


def _options(argument: bytes) -> dict[bytes, Result]:
    return {key.text: value for key, value in items(parse(argument))}


def _flag(argument: bytes, name: bytes) -> bool:
    return truth(_options(argument).get(name, MISSING)) is True


def _array(values: list[bytes]) -> bytes:
    return b"[" + b",".join(values) + b"]"


def _object(members: list[tuple[bytes, bytes]]) -> bytes:
    return b"{" + b",".join(key + b":" + value for key, value in members) + b"}"


def _unwrap(json: bytes) -> bytes:
    json = json.strip(BLANK)
    return json[1:-1] if len(json) >= 2 and json[0] in b"[{" else json


def _this(json: bytes) -> bytes:
    return json


def _valid(json: bytes) -> bytes:
    return json if gojson.valid(json) else b""


def _pretty(json: bytes, argument: bytes) -> bytes:
    options = _options(argument)
    default = Style()
    blank = {
        name: bytes(byte for byte in options[name].value if byte in b" \t\n\r")
        for name in (b"prefix", b"indent")
        if name in options
    }
    return pretty(
        json,
        Style(
            width=_integer(options[b"width"]) if b"width" in options else default.width,
            prefix=blank.get(b"prefix", default.prefix),
            indent=blank.get(b"indent", default.indent),
            sort_keys=_flag(argument, b"sortKeys"),
        ),
    )


def _integer(value: Result) -> int:
    try:
        return int(value.text if value.kind is Kind.STRING else value.number)
    except (ValueError, OverflowError):
        return int(value.kind is Kind.TRUE)


def _reverse(json: bytes) -> bytes:
    whole = parse(json)
    if whole.is_array:
        return _array([value.raw for _, value in items(whole)][::-1])
    if whole.is_object:
        return _object([(key.raw, value.raw) for key, value in items(whole)][::-1])
    return json


def _flatten(json: bytes, argument: bytes, work: Work) -> bytes:
    work.spend(len(json))
    whole = parse(json)
    if not whole.is_array:
        return json
    deep = _flag(argument, b"deep")
    parts = []
    for _, value in items(whole):
        raw = value.raw
        if value.is_array:
            raw = _unwrap(_flatten(raw, argument, work) if deep else raw)
        parts.append(raw.strip())
    return _array([part for part in parts if part])


def _join(json: bytes, argument: bytes) -> bytes:
    whole = parse(json)
    if not whole.is_array:
        return json
    objects = [value for _, value in items(whole) if value.is_object]
    if _flag(argument, b"preserve"):
        return b"{" + b",".join(_unwrap(value.raw) for value in objects) + b"}"
    merged: dict[bytes, tuple[bytes, bytes]] = {}
    for value in objects:
        for key, member in items(value):
            merged[key.text] = (merged.get(key.text, (key.raw,))[0], member.raw)
    return _object(list(merged.values()))


def _keys(json: bytes) -> bytes:
    whole = parse(json)
    return _array([key.raw if whole.is_object else b"null" for key, _ in items(whole)])


def _values(json: bytes) -> bytes:
    whole = parse(json)
    return json if whole.is_array else _array([value.raw for _, value in items(whole)])


def to_string(json: bytes) -> bytes:
    """The text as a JSON string."""
    return gojson.quote_html(json.decode("utf-8", "surrogateescape")).encode()


def _from_string(json: bytes) -> bytes:
    return parse(json).value if gojson.valid(json) else b""


def _group(json: bytes) -> bytes:
    whole = parse(json)
    if not whole.is_object:
        return b""
    rows: list[list[tuple[bytes, bytes]]] = []
    for key, column in items(whole):
        if column.is_array:
            for row, (_, value) in enumerate(items(column)):
                if row == len(rows):
                    rows.append([])
                rows[row].append((key.raw, value.raw))
    return _array([_object(row) for row in rows])


_PLAIN: dict[bytes, Callable[[bytes], bytes]] = {
    b"this": _this,
    b"valid": _valid,
    b"ugly": ugly,
    b"reverse": _reverse,
    b"keys": _keys,
    b"values": _values,
    b"tostr": to_string,
    b"fromstr": _from_string,
    b"group": _group,
}
_WITH_ARGUMENT: dict[bytes, Callable[[bytes, bytes], bytes]] = {
    b"pretty": _pretty,
    b"join": _join,
}
NAMES = frozenset([*_PLAIN, *_WITH_ARGUMENT, b"flatten", b"dig"])
"""All modifiers; `@dig`, which looks for a path at every depth, is where paths are."""


def modify(name: bytes, json: bytes, argument: bytes, work: Work) -> bytes:
    """The output of a modifier; `argument` is what stands after the colon. Raises TooMuchWorkError."""
    if name == b"flatten":
        return _flatten(json, argument, work)
    return _PLAIN[name](json) if name in _PLAIN else _WITH_ARGUMENT[name](json, argument)
