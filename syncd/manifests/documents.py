"""Turns the text of a file into documents as `kubectl` reads them, each with the line that it begins on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
import yaml

from syncd.manifests.composer import DEPTH, Composer, Invalid
from syncd.manifests.positions import Lines, locate

Path = tuple[str | int, ...]

_SEPARATOR = re.compile(r"^---[ \t\r]*(?:#.*|(\S.*))?$\n?", re.MULTILINE)
_NOTHING = re.compile(r"(?:[ \t\r]*(?:#.*)?\n|%.*\n)*[ \t\r]*(?:[#%].*)?")
_INDENTATION = (
    "the cause may be a line above: a `:` needs a space after it, and the fields of a mapping one indentation"
)
_HINTS = {
    "mapping values are not allowed": _INDENTATION,
    "could not find expected `:`": _INDENTATION,
    "did not find expected key": _INDENTATION,
    "block sequence entries are not allowed": _INDENTATION,
    "did not find expected <document start>": "a line stands further to the left than the first one of its document",
    "found a tab": "YAML is indented with spaces only",
    "found unknown escape character": "in double quotes a backslash is written twice; in single quotes it is plain",
    "cannot start any token": "put the value in quotes; YAML is indented with spaces only",
}
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stretch of a file that is neither YAML nor JSON; `line` counts from 1."""

    line: int
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A mapping's key that occurs twice; `line` is the second one's."""

    path: Path
    line: int


class Chunk:
    """What stands between two `---`; `line` is the number of its first line."""

    def __init__(self, text: str, line: int) -> None:
        self.text = text
        self.line = line

    @cached_property
    def _lines(self) -> tuple[Lines, ...]:
        try:
            return tuple(locate(self.text))
        except (yaml.YAMLError, Invalid, RecursionError):
            return ()

    def line_of(self, number: int, path: Path) -> int:
        """The line of a field of the chunk's document `number`, or of the nearest one around it."""
        if number >= len(self._lines):
            return self.line
        return self.line + self._lines[number].find(path)


@dataclass(frozen=True, slots=True)
class Parsed:
    """One document; `content` is what its JSON would hold."""

    chunk: Chunk
    number: int
    content: Any
    line: int
    duplicates: tuple[Duplicate, ...] = ()

    def line_of(self, path: Path) -> int:
        return self.chunk.line_of(self.number, path)


def parse(text: str) -> Iterator[Parsed | Unreadable]:
    """All documents of a text. What cannot be read ends at the next `---`; the rest is still read."""
    for chunk in _chunks(text.removeprefix("\ufeff")):
        if isinstance(chunk, Unreadable):
            yield chunk
        elif chunk.text.lstrip()[:1] in ("{", "["):
            yield from _json(chunk)
        else:
            yield from _yaml(chunk)


def _chunks(text: str) -> Iterator[Chunk | Unreadable]:
    begin, line, lost = 0, 1, False
    for match in _SEPARATOR.finditer(text):
        if not lost:
            yield from _chunk(text[begin : match.start()], line)
        lost = match[1] is not None
        if lost:
            at = line + text.count("\n", begin, match.start())
            yield Unreadable(at, "a line that begins with `---` parts documents: only a comment may follow")
        line += text.count("\n", begin, match.end())
        begin = match.end()
    if not lost:
        yield from _chunk(text[begin:], line)


def _chunk(text: str, line: int) -> Iterator[Chunk]:
    if not _NOTHING.fullmatch(text):
        yield Chunk(text, line)


def _json(chunk: Chunk) -> Iterator[Parsed | Unreadable]:
    """JSON objects one after another; what is not JSON may still be YAML in braces."""
    decoder = json.JSONDecoder(object_pairs_hook=_unique)
    end = 0
    parts: list[tuple[str, int]] = []
    while rest := chunk.text[end:].lstrip():
        begin = len(chunk.text) - len(rest)
        try:
            _, end = decoder.raw_decode(chunk.text, begin)
            parts.append((chunk.text[begin:end], chunk.line + chunk.text.count("\n", 0, begin)))
        except (ValueError, RecursionError):
            yield from _yaml(chunk)
            return
    for text, line in parts:
        yield from _json_object(Chunk(text, line))


def _json_object(chunk: Chunk) -> Iterator[Parsed | Unreadable]:
    try:
        content = orjson.loads(chunk.text)
    except orjson.JSONDecodeError:
        yield from _yaml(chunk)
        return
    if _deeper(content, DEPTH):
        yield Unreadable(chunk.line, f"collections lie more than {DEPTH} deep in each other")
    else:
        yield Parsed(chunk, 0, content, chunk.line)


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper(item, levels - 1) for item in inner)


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key occurs twice")


def _yaml(chunk: Chunk) -> Iterator[Parsed | Unreadable]:
    composer = Composer(chunk.text)
    try:
        for number, (content, line) in enumerate(composer.documents()):
            duplicates = tuple(Duplicate(path, chunk.line + at) for path, at in composer.duplicates)
            yield Parsed(chunk, number, content, chunk.line + line, duplicates)
    except (Invalid, yaml.YAMLError) as error:
        yield _unreadable(chunk, error)


def _unreadable(chunk: Chunk, error: Invalid | yaml.YAMLError) -> Unreadable:
    """Says what is wrong in words of the parser that cannot hold a piece of the file."""
    message, line = "the file is not text that YAML allows", 0
    if isinstance(error, Invalid):
        message, line = error.message, error.line
    elif isinstance(error, yaml.MarkedYAMLError):
        message = f"not valid YAML: {_QUOTED.sub(_shown, error.problem or 'it cannot be read')}"
        line = error.problem_mark.line if error.problem_mark else 0
    elif isinstance(error, yaml.reader.ReaderError):
        message = "not valid YAML: it holds a control character"
        line = chunk.text.count("\n", 0, error.position)
    if "{{" in chunk.text:
        hint = "render it first: `helm template … | syncd validate -f -`"
        return Unreadable(chunk.line + line, f"{message} (is it an unrendered Helm template?)", hint)
    hint = next((hint for text, hint in _HINTS.items() if text in message), "")
    return Unreadable(chunk.line + line, message, hint)


def _shown(quoted: re.Match[str]) -> str:
    """A single sign is the parser's own, anything longer may be a piece of the file."""
    inner = quoted[0][1:-1]
    return f"`{inner}`" if len(inner) == 1 and not inner.isalnum() else "…"
