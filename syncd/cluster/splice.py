"""Changes one entry of a YAML document as a person would: the rest of the text stays as it is, to the byte.

Positions come from the parser, and every result is parsed again: it is taken only when it says what it should.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from syncd.cluster.yamldoc import BadYaml, compose, construct, entry

_BLOCK_SCALARS = ("|", ">")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class Uneditable(Exception):
    """No change of the text gives what it should: anchors or tags stand where the change would be."""


@dataclass(frozen=True, slots=True)
class Change:
    """The entry at `path` becomes `value`; None takes it away. Mappings on the way are made."""

    path: tuple[str, ...]
    value: str | None


def apply_changes(text: str, document: int, item: int | None, changes: Sequence[Change]) -> str:
    """The text with the changes made to one document, or to one object of its List. Raises Uneditable, BadYaml."""
    for change in changes:
        text = _apply(text, document, item, change)
    return text


def _apply(text: str, document: int, item: int | None, change: Change) -> str:
    nodes = compose(text)
    before = [construct(node) for node in nodes]
    wanted = _unshared(before)
    _set(wanted[document] if item is None else wanted[document]["items"][item], change)
    if wanted == before:
        return text
    root = nodes[document]
    if item is not None:
        items = entry(root, "items")
        root = items[1].value[item] if items else root
    expected = _without_empty(change, wanted)
    for candidate in _candidates(_Text(text), root, change):
        try:
            found = [construct(node) for node in compose(candidate)]
        except BadYaml:
            continue
        if _without_empty(change, found) == expected:
            return candidate
    raise Uneditable


def _unshared(value: Any) -> Any:
    """A copy in which anchors and aliases are objects of their own: a change of one is none of the other."""
    if isinstance(value, dict):
        return {key: _unshared(inner) for key, inner in value.items()}
    return [_unshared(inner) for inner in value] if isinstance(value, list) else value


def _set(target: Any, change: Change) -> None:
    *parents, last = change.path
    for key in parents:
        if change.value is None and not target.get(key):
            return
        if target.get(key) is None:
            target[key] = {}
        target = target[key]
        if not isinstance(target, dict):
            raise Uneditable
    if change.value is None:
        target.pop(last, None)
    else:
        target[last] = change.value


def _without_empty(change: Change, documents: list[Any]) -> list[Any]:
    """For comparing after a removal: an empty mapping is as good as none."""
    if change.value is not None:
        return documents

    def prune(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: kept for key, inner in value.items() if (kept := prune(inner)) not in (None, {})}
        return [prune(inner) for inner in value] if isinstance(value, list) else value

    return [prune(document) for document in documents]


class _Text:
    """A text and the places in it where something may be put."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"

    def put(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new + self.text[end:]

    def line_end(self, position: int) -> int:
        """Before the line break, where `position` is in the line."""
        found = self.text.find("\n", position)
        if found < 0:
            return len(self.text)
        return found - 1 if self.text[found - 1 : found] == "\r" and found > position else found

    def next_line(self, position: int) -> int:
        found = self.text.find("\n", position)
        return len(self.text) if found < 0 else found + 1

    def line_start(self, position: int) -> int:
        return self.text.rfind("\n", 0, position) + 1

    def end_of(self, key: yaml.Node, value: yaml.Node) -> int:
        """Where the last token of an entry ends."""
        while isinstance(value, yaml.CollectionNode) and not value.flow_style and value.value:
            last = value.value[-1]
            key, value = last if isinstance(last, tuple) else (last, last)
        start, end = value.start_mark.index, value.end_mark.index
        if start == end:  # nothing stands there
            return int(key.end_mark.index)
        if isinstance(value, yaml.ScalarNode) and value.style in _BLOCK_SCALARS:
            return int(start + len(self.text[start:end].rstrip()))
        return int(end)


def _candidates(text: _Text, root: yaml.Node, change: Change) -> Iterator[str]:
    """Texts that may be right, best first."""
    parent, rest = root, list(change.path)
    while len(rest) > 1 and (found := entry(parent, rest[0])) and isinstance(found[1], yaml.MappingNode):
        parent, rest = found[1], rest[1:]
    if not isinstance(parent, yaml.MappingNode):
        return
    found = entry(parent, rest[0])
    if change.value is None:
        yield from _removals(text, parent, found) if found else ()
    elif found and len(rest) == 1:
        yield _replaced(text, parent, found, change.value)
    elif found:
        yield from _filled(text, parent, found, _Entry(rest[1:], change.value))
    elif parent.flow_style:
        yield _put_into_flow(text, parent, _Entry(rest, change.value))
    else:
        yield from _put_into_block(text, parent, _Entry(rest, change.value), _unit(root))


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry to be written: keys, each the only one of the mapping before it, and the value."""

    keys: Sequence[str]
    value: str

    def block(self, indent: int, unit: int, newline: str) -> str:
        """Lines, each led by its indentation, without the last line break."""
        lines = [f"{' ' * (indent + depth * unit)}{key}:" for depth, key in enumerate(self.keys)]
        lines[-1] += f" {_plain(self.value)}"
        return newline.join(lines)

    def flow(self) -> str:
        """JSON, which is YAML too, without the outer braces."""
        inner: Any = self.value
        for key in reversed(self.keys):
            inner = {key: inner}
        return _quoted(inner)[1:-1]


def _plain(value: str) -> str:
    """A scalar for block style: single quotes, because notes are full of double ones."""
    if value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return _quoted(value)


def _quoted(value: Any) -> str:
    """JSON in which the characters that YAML does not take as they are are escaped too."""
    text = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _unit(root: yaml.Node) -> int:
    """By how much the document indents."""
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if isinstance(value, yaml.MappingNode) and not value.flow_style and value.value:
            return max(1, int(value.value[0][0].start_mark.column - key.start_mark.column))
    return 2


def _put_into_block(text: _Text, parent: yaml.MappingNode, new: _Entry, unit: int) -> Iterator[str]:
    first, last = parent.value[0][0], parent.value[-1]
    indent = first.start_mark.column
    lines = new.block(indent, unit, text.newline)
    at = text.line_end(text.end_of(*last))
    yield text.put(at, at, text.newline + lines)
    at = first.start_mark.index
    yield text.put(at, at, lines.lstrip(" ") + text.newline + " " * indent)


def _put_into_flow(text: _Text, parent: yaml.MappingNode, new: _Entry) -> str:
    at = parent.start_mark.index + 1
    if not parent.value:
        return text.put(at, at, new.flow())
    first = parent.value[0][0].start_mark.index
    return text.put(first, first, f"{new.flow()},{text.text[at:first] or ' '}")


def _replaced(text: _Text, parent: yaml.MappingNode, found: tuple[yaml.ScalarNode, yaml.Node], value: str) -> str:
    key, old = found
    start, end = old.start_mark.index, old.end_mark.index
    new = _quoted(value) if parent.flow_style or _style(old) == '"' else _plain(value)
    if start == end:
        at = text.text.index(":", key.end_mark.index) + 1
        return text.put(at, at, f" {new}")
    if _style(old) in _BLOCK_SCALARS:
        end = text.end_of(key, old)
    return text.put(start, end, new)


def _style(node: yaml.Node) -> str:
    return (node.style or "") if isinstance(node, yaml.ScalarNode) else ""


def _filled(
    text: _Text, parent: yaml.MappingNode, found: tuple[yaml.ScalarNode, yaml.Node], new: _Entry
) -> Iterator[str]:
    """Entries for a mapping that is written as nothing, `null` or `~`."""
    key, old = found
    at = text.text.index(":", key.end_mark.index) + 1
    end = max(at, old.end_mark.index if old.start_mark.index < old.end_mark.index else at)
    if parent.flow_style:
        yield text.put(at, end, f" {{{new.flow()}}}")
        return
    tail = text.text[end : text.line_end(end)]
    unit = 2
    lines = new.block(key.start_mark.column + unit, unit, text.newline)
    yield text.put(at, text.line_end(end), f"{tail.rstrip()}{text.newline}{lines}")


def _removals(text: _Text, parent: yaml.MappingNode, found: tuple[yaml.ScalarNode, yaml.Node]) -> Iterator[str]:
    key, old = found
    number = next(index for index, (one, _) in enumerate(parent.value) if one is key)
    if not parent.flow_style:
        yield text.put(text.line_start(key.start_mark.index), text.next_line(text.end_of(key, old)), "")
    elif number + 1 < len(parent.value):
        yield text.put(key.start_mark.index, parent.value[number + 1][0].start_mark.index, "")
    elif number:
        yield text.put(parent.value[number - 1][1].end_mark.index, old.end_mark.index, "")
    else:
        yield text.put(key.start_mark.index, old.end_mark.index, "")
