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
    """The lines, from 0, of a value and of what lies in it; a mapping's fields stand where their keys are."""

    line: int
    inner: dict[str | int, Lines] = field(default_factory=dict)

    def find(self, path: tuple[str | int, ...]) -> int:
        """The line of the field, or of the nearest one around it that is there."""
        here = self
        for step in path:
            if step not in here.inner:
                break
            here = here.inner[step]
        return here.line


def locate(text: str) -> Iterator[Lines]:
    """The lines of every document of a text that `Composer` reads without an error."""
    following = events(text)
    while not isinstance(event := following(), StreamEndEvent):
        if isinstance(event, NodeEvent):
            yield _Locator(following).value(event)


class _Locator:
    def __init__(self, following: Events) -> None:
        self._next = following
        self._anchors: dict[str, Lines] = {}

    def value(self, event: Any) -> Lines:
        lines = Lines(line_of(event))
        if isinstance(event, AliasEvent):
            return Lines(lines.line, self._anchors.get(str(event.anchor), lines).inner)
        if isinstance(event, MappingStartEvent):
            self._mapping(lines)
        elif isinstance(event, SequenceStartEvent):
            while not isinstance(item := self._next(), CollectionEndEvent):
                lines.inner[len(lines.inner)] = self.value(item)
        if event.anchor is not None:
            self._anchors[event.anchor] = lines
        return lines

    def _mapping(self, lines: Lines) -> None:
        while not isinstance(key := self._next(), CollectionEndEvent):
            self.value(key)
            value = self.value(self._next())
            if is_merge(key):
                # A list of mappings has numbers for steps, a mapping has texts.
                for source in [*reversed(value.inner.values())] if 0 in value.inner else [value]:
                    lines.inner.update(source.inner)
            elif isinstance(key, ScalarEvent):
                lines.inner[key_of(key)] = Lines(line_of(key), value.inner)
