"""Builds the values of YAML documents from libyaml's events, as go-yaml does for Kubernetes.

libyaml's own composer knows neither merge keys nor repeated anchors, and says nothing of duplicate keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from yaml import CBaseLoader
from yaml.events import (
    CollectionEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from syncd.manifests import scalars

DEPTH = 200
"""How deep collections may lie in each other."""
COPIES = 500_000
"""How many values the aliases of one document may stand for in total."""


_SLASH = re.compile(r"(?<!\\)(?:\\\\)*\\/")

Events = Callable[[], Any]
"""Gives the next event; untyped because the stubs call every mark of an event optional."""


def events(text: str) -> Events:
    return CBaseLoader(text).get_event


def line_of(event: Any) -> int:
    """The line, from 0, that an event begins on."""
    return int(event.start_mark.line)


class Invalid(Exception):
    """YAML that Kubernetes does not take; `line` counts from 0."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class Composer:
    """Reads the documents of one text; `duplicates` are the keys that the last one repeats, with their lines from 0."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next = events(text)
        self._anchors: dict[str, Any] = {}
        self._path: list[str | int] = []
        self._copies = 0
        self.duplicates: list[tuple[tuple[str | int, ...], int]] = []

    def documents(self) -> Iterator[tuple[Any, int]]:
        """Every document and the line that it begins on. Raises Invalid and `yaml.YAMLError`."""
        _check_escapes(self._text)
        while not isinstance(event := self._next(), StreamEndEvent):
            if not isinstance(event, NodeEvent):
                continue
            self._anchors, self._path, self._copies, self.duplicates = {}, [], 0, []
            yield self._value(event), line_of(event)

    def _value(self, event: Any) -> Any:
        kind = type(event)
        value: Any
        if kind is ScalarEvent:
            value = scalar(event)
        elif kind is MappingStartEvent:
            value = self._mapping(event)
        elif kind is SequenceStartEvent:
            value = self._sequence(event)
        else:
            return self._alias(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _sequence(self, event: Any) -> list[Any]:
        values: list[Any] = []
        path = self._deeper(event)
        while not isinstance(item := self._next(), CollectionEndEvent):
            path[-1] = len(values)
            values.append(self._value(item))
        path.pop()
        return values

    def _mapping(self, event: Any) -> dict[str, Any]:
        values: dict[str, Any] = {}
        own: set[str] = set()
        path = self._deeper(event)
        while not isinstance(key := self._next(), CollectionEndEvent):
            name = self._key(key)
            path[-1] = name
            value = self._value(self._next())
            if is_merge(key):
                self._merge(values, value, key)
                continue
            if name in own:
                self.duplicates.append((tuple(path), line_of(key)))
            own.add(name)
            values[name] = value
        path.pop()
        return values

    def _deeper(self, event: Any) -> list[str | int]:
        if len(self._path) >= DEPTH:
            raise Invalid(f"collections lie more than {DEPTH} deep in each other", line_of(event))
        self._path.append("")
        return self._path

    def _key(self, event: Any) -> str:
        if type(event) is ScalarEvent and event.anchor is None:
            return key_of(event)
        value = self._value(event)
        if isinstance(value, dict | list):
            raise Invalid("a mapping's key is a collection: Kubernetes takes only text", line_of(event))
        return _named(value, event)

    def _merge(self, values: dict[str, Any], merged: Any, event: Any) -> None:
        """As go-yaml: what is merged wins over what stands before it; of a list the first."""
        sources = [merged] if isinstance(merged, dict) else merged
        if not isinstance(sources, list) or not all(isinstance(source, dict) for source in sources):
            raise Invalid("`<<` needs a mapping, or a list of them", line_of(event))
        for source in reversed(sources):
            values.update(source)

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise Invalid("an alias names an anchor that is not there, or that contains it", line_of(event))
        return self._copy(self._anchors[event.anchor], event)

    def _copy(self, value: Any, event: Any) -> Any:
        self._copies += 1
        if self._copies > COPIES:
            self._too_many(event)
        if isinstance(value, dict):
            return {key: self._copy(item, event) for key, item in value.items()}
        return [self._copy(item, event) for item in value] if isinstance(value, list) else value

    def _too_many(self, event: Any) -> NoReturn:
        raise Invalid(f"aliases stand for more than {COPIES:,} values", line_of(event))


def _check_escapes(text: str) -> None:
    """libyaml takes `\\/`, which is JSON's, and go-yaml does not."""
    if "\\/" not in text:
        return
    following = events(text)
    while not isinstance(event := following(), StreamEndEvent):
        if isinstance(event, ScalarEvent) and event.style == '"' and _SLASH.search(_source(event, text)):
            raise Invalid("`\\/` is no escape in YAML: write `/`, or use single quotes", line_of(event))


def _source(event: Any, text: str) -> str:
    return text[event.start_mark.index : event.end_mark.index]


def scalar(event: Any) -> scalars.Scalar:
    """The value of a scalar; raises Invalid when it is not of its tag's type."""
    if event.tag is None:
        return scalars.plain(event.value) if event.implicit[0] else str(event.value)
    try:
        return scalars.tagged(event.tag, event.value)
    except ValueError as error:
        raise Invalid(str(error), line_of(event)) from None


def key_of(event: Any) -> str:
    """The name of a mapping's key; raises Invalid when it has none."""
    return _named(scalar(event), event)


def _named(value: scalars.Scalar, event: Any) -> str:
    try:
        return value if type(value) is str else scalars.key(value)
    except ValueError as error:
        raise Invalid(str(error), line_of(event)) from None


def is_merge(event: Any) -> bool:
    """Whether a key is the plain `<<`; in quotes it is a key like any other."""
    return isinstance(event, ScalarEvent) and event.value == "<<" and bool(event.implicit[0])
