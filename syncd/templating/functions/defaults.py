"""Sprig's defaults, choices, and JSON."""

from __future__ import annotations

from typing import Any

from syncd.templating.calls import CallError, World, function
from syncd.templating.golang.gojson import JSONError, decode_json, encode_json
from syncd.templating.golang.values import Struct, is_empty


@function("default")
def default(fallback: Any, *given: Any) -> Any:
    return fallback if not given or is_empty(given[0]) else given[0]


@function("empty")
def empty(value: Any) -> bool:
    return is_empty(value)


@function("coalesce")
def coalesce(*values: Any) -> Any:
    return next((value for value in values if not is_empty(value)), None)


@function("all")
def all_set(*values: Any) -> bool:
    return not any(map(is_empty, values))


@function("any")
def any_set(*values: Any) -> bool:
    return not all(map(is_empty, values))


@function("ternary")
def ternary(yes: Any, no: Any, condition: bool) -> Any:
    return yes if condition else no


@function("fromJson", pace=16)
def from_json(text: bytes) -> Any:
    """What the text says; nil when it is not JSON."""
    try:
        return decode_json(text).value
    except JSONError:
        return None


@function("mustFromJson", pace=16)
def must_from_json(text: bytes) -> Any:
    try:
        decoded = decode_json(text)
    except JSONError as problem:
        raise CallError(str(problem)) from None
    if not decoded.complete:
        raise CallError("a number is too large")
    return decoded.value


def _json(world: World, value: Any, *, html: bool = True, indent: str = "") -> bytes:
    def grow(size: int) -> None:
        world.meter.room(size)

    return encode_json(value, grow, html=html, indent=indent)


@function("toJson", pace=256)
def to_json(world: World, value: Any) -> bytes:
    """Nothing, when the value has no JSON."""
    try:
        return _json(world, value)
    except JSONError:
        return b""


@function("toPrettyJson", pace=256)
def to_pretty_json(world: World, value: Any) -> bytes:
    try:
        return _json(world, value, indent="  ")
    except JSONError:
        return b""


@function("mustToJson", pace=256)
def must_to_json(world: World, value: Any) -> bytes:
    return _strict(world, value)


@function("mustToPrettyJson", pace=256)
def must_to_pretty_json(world: World, value: Any) -> bytes:
    return _strict(world, value, indent="  ")


@function("toRawJson", "mustToRawJson", pace=256)
def to_raw_json(world: World, value: Any) -> bytes:
    """JSON in which `<`, `>` and `&` stay as they are."""
    return _strict(world, value, html=False)


def _strict(world: World, value: Any, *, html: bool = True, indent: str = "") -> bytes:
    try:
        return _json(world, value, html=html, indent=indent)
    except JSONError:
        raise CallError("the value has no JSON") from None


@function("deepCopy", "mustDeepCopy")
def deep_copy(world: World, value: Any) -> Any:
    if value is None:
        raise CallError("nil cannot be copied")
    return _copy(world, value)


def _copy(world: World, value: Any) -> Any:
    if isinstance(value, (list, dict)):
        world.meter.spend(1 + (len(value) >> 2))
    if isinstance(value, dict):
        return type(value)((key, _copy(world, item)) for key, item in value.items())
    if isinstance(value, list):
        return type(value)(_copy(world, item) for item in value)
    return value.copied() if isinstance(value, Struct) else value
