"""Finds the line on which a field of a YAML document stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from syncd.manifests.composer import Events, events, is_merge, key_of, line_of


@dataclass(slots=True)
class Lines:
    """The lines, from 0, of a collection and of what lies in it; a mapping's fields stand where their keys are.

    Scalars are mere numbers, because a file may hold a million.
    """

    line: int
    inner: dict[str | int, Lines | int] = field(default_factory=dict)

    def find(self, path: tuple[str | int, ...]) -> int:
        """The line of the field, or of the nearest one around it that is there."""
        here: Lines | int = self
        for step in path:
            if isinstance(here, int) or step not in here.inner:
                break
            here = here.inner[step]
        return here if isinstance(here, int) else here.line


def locate(text: str) -> Iterator[Lines]:
    """The lines of every document of a text that `Composer` reads without an error."""
    following = events(text)
    while not isinstance(event := following(), StreamEndEvent):
        if isinstance(event, NodeEvent):
            lines = _Locator(following).value(event)
            yield lines if isinstance(lines, Lines) else Lines(lines)


class _Locator:
    def __init__(self, following: Events) -> None:
        self._next = following
        self._anchors: dict[str, Lines | int] = {}

    def value(self, event: Any) -> Lines | int:
        if isinstance(event, AliasEvent):
            return _moved(self._anchors.get(str(event.anchor), 0), line_of(event))
        lines: Lines | int = line_of(event)
        if isinstance(event, MappingStartEvent):
            lines = self._mapping(line_of(event))
        elif isinstance(event, SequenceStartEvent):
            lines = Lines(line_of(event))
            while not isinstance(item := self._next(), CollectionEndEvent):
                lines.inner[len(lines.inner)] = self.value(item)
        if event.anchor is not None:
            self._anchors[event.anchor] = lines
        return lines

    def _mapping(self, line: int) -> Lines:
        lines = Lines(line)
        while not isinstance(key := self._next(), CollectionEndEvent):
            self.value(key)
            value = self.value(self._next())
            if is_merge(key):
                _merge(lines, value)
            elif isinstance(key, ScalarEvent):
                lines.inner[key_of(key)] = _moved(value, line_of(key))
        return lines


def _moved(lines: Lines | int, line: int) -> Lines | int:
    return line if isinstance(lines, int) else Lines(line, lines.inner)


def _merge(lines: Lines, merged: Lines | int) -> None:
    """Of a list of mappings the first wins; a list has numbers for steps, a mapping has texts."""
    if isinstance(merged, int):
        return
    for source in [*reversed(merged.inner.values())] if 0 in merged.inner else [merged]:
        if isinstance(source, Lines):
            lines.inner.update(source.inner)
