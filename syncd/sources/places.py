"""Where in a file the template stands that an error tells of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from syncd.manifests.documents import Parsed, parse
from syncd.model import TemplatePlace

Steps = tuple[str | int, ...]

_INNER: Mapping[str, Steps] = {"literal": ("literal",), "transform": ("transform", "template")}
"""What stands below the field's path, by the name of the template."""
_ELSEWHERE = ("ConfigMap ", "Secret ")
"""How the names of templates begin that stand in another object."""
_BLOCK = re.compile(r"[:?-]\s+(?:[&!]\S*\s+)*\|[-+]?(?:\s+#.*)?$")
"""How a line ends whose field is the lines below it, as they stand, less the blanks before the first of them."""
_LARGEST = 4 * 1024 * 1024
"""Bytes of a file that is read again for the sake of an error."""


class Places:
    """Reads files again, each once, and keeps their texts as long as it lives itself: while a report is shown."""

    def __init__(self) -> None:
        self._read = lru_cache(4)(_read)

    def of(self, location: str, place: TemplatePlace | None) -> str:
        """The location (`file:line` of an object); of an error in one of its templates `file:line[:column]` of that.

        Line and column are those of the error itself in a block scalar (`|`), else the line is that of the field.
        What stands in a text that cannot be read again keeps its location.
        """
        file, _, line = location.rpartition(":")
        if place is None or not line.isdecimal():
            return location
        try:
            lines, objects = self._read(file)
            document, steps = objects[int(line)]
        except (OSError, UnicodeDecodeError, KeyError):
            return location
        at = document.line_of((*steps, *place.path, *_INNER.get(place.name, ())))
        if at > len(lines):
            return location
        return f"{file}:{at if place.name.startswith(_ELSEWHERE) else _within(lines, at, place.line, place.column)}"


def _within(lines: list[str], at: int, line: int, column: int) -> str:
    """`at` counts from 1, as `line` does in the template."""
    if _BLOCK.search(lines[at - 1]) is None or at + line > len(lines):
        return str(at)
    first = next((text for text in lines[at:] if text.strip()), "")
    return f"{at + line}:{len(first) - len(first.lstrip(' ')) + column}"


def _read(file: str) -> tuple[list[str], dict[int, tuple[Parsed, Steps]]]:
    """The lines of a file, and its objects by the line that they begin on, those of a list with their path in it."""
    path = Path(file)
    if path.stat().st_size > _LARGEST:
        return [], {}
    text = path.read_text(encoding="utf-8-sig")  # line ends become line feeds
    objects = {one.line_of(steps) if steps else one.line: (one, steps) for one, steps in _objects(text)}
    return text.split("\n"), objects


def _objects(text: str) -> Iterator[tuple[Parsed, Steps]]:
    for document in parse(text):
        if isinstance(document, Parsed):
            yield document, ()
            items = document.content.get("items") if isinstance(document.content, dict) else None
            for index in range(len(items) if isinstance(items, list) else 0):
                yield document, ("items", index)
