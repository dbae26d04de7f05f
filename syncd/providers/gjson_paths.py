"""Takes gjson's paths apart: components, queries, pipes, and the paths inside brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from syncd.providers.gjson_modifiers import NAMES
from syncd.providers.gjson_scan import BLANK, squash, unescape

_PIPE, _DOT, _HASH, _ESCAPE, _QUOTE = b'|.#\\"'
_CACHED = 4096
_MODIFIER = re.compile(rb"@([^.|:]*)")


def starts_pipe(path: bytes) -> bool:
    """Whether a dot before `path` is really a pipe: a modifier or brackets follow."""
    if path[:1] == b"@":
        name = _MODIFIER.match(path)
        return name is not None and name[1] in NAMES
    return path[:1] in (b"[", b"{")


@dataclass(frozen=True, slots=True)
class ObjectPart:
    """One component, as the name of a member; then the path after a dot, or what it is piped to."""

    name: bytes
    rest: bytes | None = None
    pipe: bytes | None = None
    wild: bool = False


@lru_cache(_CACHED)
def object_part(path: bytes) -> ObjectPart:
    name, wild, at = bytearray(), False, 0
    while at < len(path):
        byte = path[at]
        at += 1
        if byte == _PIPE:
            return ObjectPart(bytes(name), None, path[at:], wild)
        if byte == _DOT:
            rest = path[at:]
            piped = starts_pipe(rest)
            return ObjectPart(bytes(name), None if piped else rest, rest if piped else None, wild)
        if byte == _ESCAPE:
            name += path[at : at + 1]
            at += 1
        else:
            wild = wild or byte in b"*?"
            name.append(byte)
    return ObjectPart(bytes(name), wild=wild)


@dataclass(frozen=True, slots=True)
class Query:
    """`#(path op value)`, or with `every` `#(…)#`; without an operator it asks whether the path exists."""

    path: bytes = b""
    operator: bytes = b""
    value: bytes = b""
    every: bool = False


@dataclass(frozen=True, slots=True)
class ArrayPart:
    """One component, as an index, as `#` for every element, or as a query."""

    name: bytes
    rest: bytes | None = None
    pipe: bytes | None = None
    every: bool = False
    query: Query | None = None


@lru_cache(_CACHED)
def array_part(path: bytes) -> ArrayPart:
    every, query, at = False, None, 0
    while at < len(path):
        byte = path[at]
        if byte == _PIPE:
            return ArrayPart(path[:at], None, path[at + 1 :], every, query)
        if byte == _DOT:
            rest = path[at + 1 :]
            piped = not every and starts_pipe(rest)
            return ArrayPart(path[:at], None if piped else rest, rest if piped else None, every, query)
        every = every or byte == _HASH
        at += 1
        if at == 1 and byte == _HASH and path[1:2] in (b"[", b"("):
            parsed = _query(path)
            if parsed is None:
                return ArrayPart(path, None, None, every, Query())
            query, at = parsed
    return ArrayPart(path, None, None, every, query)


def _query(path: bytes) -> tuple[Query, int] | None:
    """The query that `path` begins with and where it ends; None when its bracket does not close."""
    depth, at, operator, escaped = 1, 2, 0, False
    while at < len(path):
        byte = path[at]
        if depth == 1 and not operator and byte in b"!=<>%":
            operator = at
        elif byte == _ESCAPE:
            at += 1
        elif byte in b"[(":
            depth += 1
        elif byte in b"])":
            depth -= 1
            if not depth:
                break
        elif byte == _QUOTE:
            end = _quote_end(path, at)
            escaped = escaped or b"\\" in path[at:end]
            at = end
        at += 1
    if depth:
        return None
    every = path[at + 1 : at + 2] == b"#"
    if not operator:
        return Query(path[2:at].strip(BLANK), every=every), at + 1
    sign, value = _operator(path[operator:at].strip(BLANK))
    if len(value) >= 2 and value[:1] == value[-1:] == b'"':
        value = unescape(value[1:-1]) if escaped else value[1:-1]
    return Query(path[2:operator].strip(BLANK), sign, value, every), at + 1


_OPERATOR = re.compile(rb"!=|!%|<=|>=|==|[<>=%]|.\Z|", re.DOTALL)


def _operator(comparison: bytes) -> tuple[bytes, bytes]:
    sign = _OPERATOR.match(comparison)[0]  # type: ignore[index]  # it matches the empty text too
    return sign.replace(b"==", b"="), comparison[len(sign) :].strip(BLANK)


def _quote_end(path: bytes, at: int) -> int:
    """Where the quote at `at` closes, or the end of the path."""
    at += 1
    while at < len(path) and path[at] != _QUOTE:
        at += 2 if path[at] == _ESCAPE else 1
    return at


def split_pipe(path: bytes) -> tuple[bytes, bytes] | None:
    """The path before and after its first pipe outside queries; None without one."""
    if b"|" not in path:
        return None
    if path[:1] == b"{":
        end = len(squash(path[1:])) + 1
        return (path[:end], path[end + 1 :]) if path[end : end + 1] == b"|" else None
    at = 0
    while at < len(path):
        byte = path[at]
        if byte == _PIPE:
            return path[:at], path[at + 1 :]
        if byte == _ESCAPE:
            at += 1
        elif byte == _DOT and path[at + 1 : at + 2] == b"#":
            at += 2
            if path[at : at + 1] in (b"[", b"("):
                at = _bracket_end(path, at)
        at += 1
    return None


def _bracket_end(path: bytes, at: int) -> int:
    """Where the bracket at `at` is closed by its own kind, or the end of the path."""
    opening, closing = path[at], {ord("["): ord("]"), ord("("): ord(")")}[path[at]]
    depth = 0
    while at < len(path):
        byte = path[at]
        if byte == _ESCAPE:
            at += 1
        elif byte == opening:
            depth += 1
        elif byte == closing:
            depth -= 1
            if not depth:
                return at
        elif byte == _QUOTE:
            at = _quote_end(path, at)
        at += 1
    return at


@dataclass(frozen=True, slots=True)
class Selector:
    """One path of `[a,b]` or `{"name":a,b}`."""

    path: bytes
    name: bytes = b""


@lru_cache(_CACHED)
def selectors(path: bytes) -> tuple[tuple[Selector, ...], bytes] | None:
    """The selectors that `path` begins with, and what follows them; None when the bracket does not close."""
    found: list[Selector] = []
    depth, start, at = 1, 1, 1
    modifier = colon = 0
    while at < len(path):
        byte = path[at]
        if byte in b"])}":
            depth -= 1
        if (byte == ord(",") and depth == 1) or not depth:
            found.append(Selector(path[colon + 1 : at], path[start:colon]) if colon else Selector(path[start:at]))
            if not depth:
                return tuple(found), path[at + 1 :]
            modifier, colon, start = 0, 0, at + 1
        elif byte == _ESCAPE:
            at += 1
        elif byte == ord("@") and not modifier and path[at - 1] in b".|":
            modifier = at
        elif byte == ord(":") and not modifier and not colon and depth == 1:
            colon = at
        elif byte == _QUOTE:
            at = _quote_end(path, at)
        elif byte in b"[({":
            depth += 1
        at += 1
    return None
