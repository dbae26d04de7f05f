"""Walks and prunes what was loaded, before it is a model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from syncd.manifests.faults import Path

_STEP = re.compile(r"\[([^\]]*)\]|([^.\[]+)")


def find(content: Any, pattern: str) -> Iterator[tuple[Path, Any]]:
    """The fields that a pattern names, with their values.

    Patterns are such as `spec.data[].remoteRef.version` and `metadata.annotations[syncd.dev/pause]`.
    """
    yield from _find(content, _steps(pattern), ())


@cache
def _steps(pattern: str) -> tuple[str, ...]:
    return tuple(bracketed or plain for bracketed, plain in _STEP.findall(pattern))


def _find(value: Any, steps: tuple[str, ...], path: Path) -> Iterator[tuple[Path, Any]]:
    if not steps:
        yield path, value
    elif not steps[0] and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _find(item, steps[1:], (*path, index))
    elif isinstance(value, dict) and steps[0] in value:
        yield from _find(value[steps[0]], steps[1:], (*path, steps[0]))


def at(content: Any, path: Path) -> Any:
    """The value of a field; None when it is not there."""
    for step in path:
        known = isinstance(content, dict) and step in content
        if not known and not (isinstance(content, list) and isinstance(step, int) and step < len(content)):
            return None
        content = content[step]
    return content


def without_nulls(value: Any) -> Any:
    """A field that is null is one that is not there, as for the API server."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def nulls(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all fields that are null."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in steps:
        if item is None:
            yield (*path, step)
        else:
            yield from nulls(item, (*path, step))


def without(value: Any, paths: Iterable[Path]) -> Any:
    """A copy without these fields of mappings."""
    here = {path[0]: [other[1:] for other in paths if other[0] == path[0]] for path in paths}
    if isinstance(value, list):
        return [without(item, here[index]) if index in here else item for index, item in enumerate(value)]
    return {
        key: without(item, here[key]) if key in here else item
        for key, item in value.items()
        if () not in here.get(key, ())
    }


def type_name(value: Any) -> str:
    """What a value is, for people; never the value."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
    return "a mapping"
