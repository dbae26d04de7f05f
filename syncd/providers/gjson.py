"""Selects values in JSON with the path language of github.com/tidwall/gjson, and returns the text of the document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from syncd.providers import gojson
from syncd.providers.gjson_match import matches
from syncd.providers.gjson_modifiers import NAMES, modify, to_string
from syncd.providers.gjson_paths import ArrayPart, Query, Selector, array_part, object_part, selectors, split_pipe
from syncd.providers.gjson_query import fits
from syncd.providers.gjson_scan import (
    MISSING,
    VALUE_START,
    Kind,
    Result,
    bracket_end,
    items,
    parse,
    parse_any,
    result_at,
    squash,
    string_end,
    unescape,
    value_end,
)
from syncd.providers.gjson_work import Work

_PATH_COST = 64  # paths are walked byte by byte, documents by regular expressions
_MODIFIER_COST = 8  # modifiers read value by value
_MEMBER_OR_END = re.compile(rb'["}]')
_ELEMENT_OR_END = re.compile(rb'["{\[ntf+\-0-9iIN\]]')
_OPENING = re.compile(rb"[{\[]")
_NO_ELEMENT = re.compile(rb"[ \t\r\n]*+(?:\]|\Z)")


def get(json: bytes, path: bytes) -> Result:
    """What `path` selects. Broken JSON is read as far as it goes.

    Raises TooMuchWorkError, and RecursionError when brackets or modifiers are nested some hundred levels deep.
    Semantics: gjson 1.18, `Get`.
    """
    return _get(json, path, Work())


def _get(json: bytes, path: bytes, work: Work) -> Result:
    work.spend(len(json) + _PATH_COST * len(path))
    if len(path) > 1:
        if path[:1] in (b"@", b"!"):
            step = _modified(json, path, work) if path[:1] == b"@" else _static(path)
            if step:
                output, rest = step
                return _get(output, rest[1:], work) if rest[:1] in (b"|", b".") else parse(output)
        if path[:1] in (b"[", b"{"):
            parts = selectors(path)
            if parts and (not parts[1] or parts[1][:1] in (b"|", b".")):
                output = _multipath(json, path[:1], parts[0], work)
                return _get(output, parts[1][1:], work) if parts[1] else Result(Kind.JSON, output)
            path = parts[1] if parts else b""  # gjson goes on with what is left
    search = _Search(json, work)
    if path[:2] == b"..":
        search.array(0, path[2:])
    elif opening := _OPENING.search(json):
        (search.object if opening[0] == b"{" else search.array)(opening.end(), path)
    return search.found if search.pipe is None else _get(search.found.raw, search.pipe, work)


def _modified(json: bytes, path: bytes, work: Work) -> tuple[bytes, bytes] | None:
    """Output of the modifier that `path` begins with, and the rest of the path; None when there is no such modifier."""
    name = re.match(rb"@([^:|.]*)", path)[1]  # type: ignore[index]  # the path begins with it
    if name not in NAMES:
        return None
    rest, argument = path[len(name) + 1 :], b""
    if rest[:1] == b":":
        argument, rest = _argument(rest[1:])
    if name == b"dig":
        return _dig(json, argument, work), rest
    work.spend(_MODIFIER_COST * len(json))
    return modify(name, json, argument, work), rest


def _argument(path: bytes) -> tuple[bytes, bytes]:
    """The argument that `path` begins with (JSON, or all up to a pipe), and the rest."""
    if path[:1] in (b"{", b"[", b'"'):
        argument = squash(path)
        return argument, path[len(argument) :]
    at = 0
    while at < len(path) and path[at] != ord("|"):
        at += len(squash(path[at:])) if path[at] in b'{["(' else 1
    return path[:at], path[at:]


def _static(path: bytes) -> tuple[bytes, bytes] | None:
    """The literal after `!`, and the rest of the path."""
    if path[1] in b'{["+-0123456789':
        end = bracket_end(path, 1)
        return path[1:end], path[end:]
    name = re.match(rb"!([^|.]*)", path)[1]  # type: ignore[index]  # the path begins with it
    if name.lower() in (b"true", b"false", b"null", b"nan", b"inf"):
        return name, path[len(name) + 1 :]
    return None


def _dig(json: bytes, path: bytes, work: Work) -> bytes:
    found: list[bytes] = []

    def descend(parent: Result) -> None:
        work.spend(_MODIFIER_COST * len(parent.raw))
        result = _get(parent.raw, path, work)
        if result.exists:
            found.append(result.raw)
        if parent.kind is Kind.JSON:
            for _, value in items(parent):
                descend(value)

    descend(parse(json))
    return b"[" + b",".join(found) + b"]"


def _multipath(json: bytes, kind: bytes, parts: Sequence[Selector], work: Work) -> bytes:
    members = []
    for part in parts:
        result = _get(json, part.path, work)
        if result.exists:
            raw = result.raw or result.value or b"null"
            members.append(raw if kind == b"[" else _name(part) + b":" + raw)
    return kind + b",".join(members) + (b"]" if kind == b"[" else b"}")


_LAST = re.compile(rb"(?<!\\)[.|]|\A[.|]")
_NOT_SIMPLE = re.compile(rb"[\x00-\x1f\[\]{}()#|!]")


def _name(part: Selector) -> bytes:
    """The key of a path in `{…}`: the one that it is given, or its last component, or `_`."""
    if part.name[:1] == b'"' and gojson.valid(part.name):
        return part.name
    name = part.name
    if not name:
        ends = [match.end() for match in _LAST.finditer(part.path)]
        name = part.path[ends[-1] :] if ends else part.path
        name = b"_" if _NOT_SIMPLE.search(name) else name
    return to_string(name)


class _Search:
    """One walk through a document; `found` and `pipe` are what it comes to, also when a branch of it fails."""

    def __init__(self, json: bytes, work: Work) -> None:
        self.json = json
        self.work = work
        self.found = MISSING
        self.pipe: bytes | None = None

    def object(self, at: int, path: bytes) -> tuple[int, bool]:
        """Looks for a member from `at` on; where it ended, and whether the search is over."""
        json, part = self.json, object_part(path)
        if part.pipe is not None:
            self.pipe = part.pipe
        while start := _MEMBER_OR_END.search(json, at):
            at = start.end()
            if start[0] == b"}":
                return at, False
            end = string_end(json, at - 1)
            value = VALUE_START.search(json, end) if end > 0 else None
            if value is None:
                break
            key = json[at : end - 1]
            if b"\\" in key:
                key = unescape(key)
            hit = matches(key, part.name) if part.wild else key == part.name
            at, over = self.value(value.start(), part.rest, hit)
            if over or at < 0:
                return at, over
        return len(json), False

    def value(self, at: int, rest: bytes | None, hit: bool) -> tuple[int, bool]:
        """Takes, enters or passes by the value at `at`."""
        first = self.json[at]
        if hit and rest is not None and first in b"{[":
            return (self.object if first == ord("{") else self.array)(at + 1, rest)
        end = value_end(self.json, at)
        if end < 0:
            return len(self.json), False
        if hit and rest is None:
            self.found = result_at(self.json, at, end)
            return end, True
        return end, False

    def array(self, at: int, path: bytes) -> tuple[int, bool]:
        """Looks for an element, or all of them, from `at` on; as `object`."""
        part = array_part(path)
        if part.pipe is not None:
            self.pipe = part.pipe
        if part.query:
            return self.query(at, part, part.query)
        if part.every:
            return self.every(at, part)
        index = int(part.name) % 2**64 if part.name.isdigit() else -1
        while start := _ELEMENT_OR_END.search(self.json, at):
            at = start.end()
            if start[0] == b"]":
                return at, False
            at, over = self.value(at - 1, part.rest, index == 0)
            if over:
                return at, True
            index -= 1
        return len(self.json), False

    def elements(self, at: int) -> Iterator[tuple[int, int]]:
        """Where each element begins and ends, and at last the closing bracket; nothing more after a broken string."""
        json = self.json
        while start := _ELEMENT_OR_END.search(json, at):
            if start[0] == b"]":
                yield start.start(), start.start()
                return
            at = value_end(json, start.start())
            if at < 0:
                return
            yield start.start(), at
        if at <= len(json):
            yield len(json), len(json)

    def every(self, at: int, part: ArrayPart) -> tuple[int, bool]:
        """`#` counts, `#.path` selects from each element."""
        starts = [at]
        for start, end in self.elements(at):
            if start < end:
                starts.append(end)
            elif part.name != b"#":
                return end + 1, False
            elif part.rest is None:
                self.found = Result(Kind.NUMBER, b"%d" % (len(starts) - 1))
                return end + 1, True
            else:
                self.found = Result(Kind.JSON, self.each(starts, part.rest))
                return end + 1, True
        return len(self.json), False

    def each(self, starts: list[int], path: bytes) -> bytes:
        if split := split_pipe(path):
            path, self.pipe = split
        values = []
        for at in starts:
            if _NO_ELEMENT.match(self.json, at):
                continue
            element, _ = parse_any(self.json, at)
            if element and (result := _get(element.raw, path, self.work)).exists:
                values.append(result.raw or result.value)
        return b"[" + b",".join(values) + b"]"

    def query(self, at: int, part: ArrayPart, query: Query) -> tuple[int, bool]:
        """`#(…)` selects the first element that fits, `#(…)#` all."""
        values: list[bytes] = []
        for start, end in self.elements(at):
            if start == end:
                if query.every and not self.found.exists:
                    self.found = Result(Kind.JSON, b"[" + b",".join(values) + b"]")
                return end + 1, False
            element = result_at(self.json, start, end)
            if not self.fits(element, query):
                continue
            if part.rest is not None:
                split = split_pipe(part.rest)
                if split:
                    self.pipe = split[1]
                element = _get(element.raw, split[0] if split else part.rest, self.work)
            if not query.every:
                self.found = element
                return end, True
            if raw := element.raw or element.value:
                values.append(raw)
        return len(self.json), False

    def fits(self, element: Result, query: Query) -> bool:
        if element.kind is Kind.JSON:
            return fits(_get(element.raw, query.path, self.work), query)
        return not query.path and fits(element, query)
