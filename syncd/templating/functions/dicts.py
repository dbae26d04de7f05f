"""Sprig's functions on maps of anything; the data of a template is a map of strings, which they refuse."""

from __future__ import annotations

from typing import Any

from syncd.templating.calls import CallError, World, function
from syncd.templating.functions.conversion import to_text
from syncd.templating.golang.values import NilMap, StringMap, Strings, is_empty, is_nil


@function("dict")
def make_dict(world: World, *pairs: Any) -> dict[bytes, Any]:
    """Keys and values in turn; keys become text, and a last key alone gets an empty string."""
    keys = [to_text(key, world.meter.room) for key in pairs[::2]]
    values = list(pairs[1::2])
    return dict(zip(keys, values if len(values) == len(keys) else [*values, b""], strict=True))


@function("get")
def get(mapping: dict[bytes, Any], key: bytes) -> Any:
    return mapping.get(key, b"")


@function("set")
def set_key(mapping: dict[bytes, Any], key: bytes, value: Any) -> dict[bytes, Any]:
    if is_nil(mapping):
        raise CallError("a nil map takes no keys")
    mapping[key] = value
    return mapping


@function("unset")
def unset(mapping: dict[bytes, Any], key: bytes) -> dict[bytes, Any]:
    mapping.pop(key, None)
    return mapping


@function("hasKey")
def has_key(mapping: dict[bytes, Any], key: bytes) -> bool:
    return key in mapping


@function("pluck")
def pluck(key: bytes, *mappings: dict[bytes, Any]) -> list[Any]:
    return [mapping[key] for mapping in mappings if key in mapping]


@function("keys")
def keys(world: World, *mappings: dict[bytes, Any]) -> Strings:
    """In alphabetical order; the reference gives them in any."""
    world.meter.spend(sum(map(len, mappings)))
    return Strings(key for mapping in mappings for key in sorted(mapping))


@function("values")
def values(world: World, mapping: dict[bytes, Any]) -> list[Any]:
    """In the order of their keys; the reference gives them in any."""
    world.meter.spend(len(mapping))
    return [mapping[key] for key in sorted(mapping)]


@function("pick")
def pick(mapping: dict[bytes, Any], *wanted: bytes) -> dict[bytes, Any]:
    return {key: mapping[key] for key in wanted if key in mapping}


@function("omit")
def omit(world: World, mapping: dict[bytes, Any], *unwanted: bytes) -> dict[bytes, Any]:
    world.meter.spend(len(mapping))
    dropped = frozenset(unwanted)
    return {key: value for key, value in mapping.items() if key not in dropped}


@function("dig")
def dig(*path: Any) -> Any:
    """Key after key into nested maps, before the last two arguments: what to give when a key is absent, and the map."""
    if len(path) < 3:
        raise CallError("it needs keys, a default and a map")
    *names, fallback, found = path
    if not all(isinstance(name, bytes) for name in names):
        raise CallError("a key is not a `string`")
    for name in names:
        if type(found) not in (dict, NilMap):
            raise CallError("a value on the way is not a map")
        if name not in found:
            return fallback
        found = found[name]
    return found


@function("merge", "mustMerge")
def merge(world: World, target: dict[bytes, Any], *sources: dict[bytes, Any]) -> dict[bytes, Any]:
    """Puts into the first map what it has not, or has only empty, from the others; nested maps likewise."""
    return _merged(world, target, sources, overwrite=False)


@function("mergeOverwrite", "mustMergeOverwrite")
def merge_overwrite(world: World, target: dict[bytes, Any], *sources: dict[bytes, Any]) -> dict[bytes, Any]:
    """Puts into the first map everything of the others; nested maps are merged."""
    return _merged(world, target, sources, overwrite=True)


def _merged(
    world: World, target: dict[bytes, Any], sources: tuple[dict[bytes, Any], ...], *, overwrite: bool
) -> dict[bytes, Any]:
    for source in sources:
        if is_nil(target) and not is_nil(source):
            target = {}
        _merge(world, target, source, overwrite=overwrite)
    return target


def _merge(world: World, target: dict[bytes, Any], source: dict[bytes, Any], *, overwrite: bool) -> None:
    for key, value in list(source.items()):
        world.meter.spend(1)
        present = target.get(key)
        if value is None:
            if overwrite:
                _put(target, key, source)
        elif isinstance(value, dict) and isinstance(present, dict):
            if present or not is_nil(present):
                _merge(world, present, value, overwrite=overwrite)
            if not present:
                _put(target, key, source)
        elif overwrite or is_empty(present):
            _put(target, key, source)


def _put(target: dict[bytes, Any], key: bytes, source: dict[bytes, Any]) -> None:
    if isinstance(target, StringMap) and not isinstance(source, StringMap):
        raise CallError("a map of strings takes no values of a map of anything")
    target[key] = source[key]
