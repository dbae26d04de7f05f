"""Lays JSON out over lines, or on one, byte for byte as github.com/tidwall/pretty does."""

from __future__ import annotations

import re
from dataclasses import dataclass

from syncd.providers import gojson
from syncd.providers.gjson_scan import BLANK, Kind, kind_at, parse, string_end

_STRING_OR_BLANKS = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z))|[\x00-\x20]++', re.DOTALL)
_VALUE = re.compile(rb'["{\[0-9\-iI+Ntfn]')
_NUMBER = re.compile(rb".[^\x00-\x20,:\]}]*+", re.DOTALL)
_LITERALS = {Kind.TRUE: b"true", Kind.FALSE: b"false", Kind.NULL: b"null"}
_ORDER = (Kind.NULL, Kind.FALSE, Kind.NUMBER, Kind.STRING, Kind.TRUE, Kind.JSON)


def ugly(json: bytes) -> bytes:
    """Without white space outside strings."""
    return _STRING_OR_BLANKS.sub(lambda match: match[1] or b"", json)


@dataclass(frozen=True, slots=True)
class Style:
    width: int = 80
    """Columns within which an array of plain values stays on one line; 0: never, -1: no blanks after commas either."""
    prefix: bytes = b""
    indent: bytes = b"  "
    sort_keys: bool = False


def pretty(json: bytes, style: Style) -> bytes:
    printer = _Printer(json, style)
    printer.value(0, tabs=0)
    return bytes(printer.out + b"\n" if printer.out else b"")


class _TooWide(Exception):
    """An array does not go on one line."""


class _Printer:
    """Prints the document into `out`; methods take where to go on in it, and return where they ended."""

    def __init__(self, json: bytes, style: Style) -> None:
        self.json = json
        self.style = style
        self.out = bytearray(style.prefix)
        self.line = 0  # where the current line began in `out`, give or take its newline, as in the original
        self.limit = -1  # how long `out` may become while an array is tried on one line

    def value(self, at: int, *, tabs: int) -> int:
        start = _VALUE.search(self.json, at)
        if start is None:
            return len(self.json)
        at = start.start()
        kind = kind_at(self.json, at)
        if kind is Kind.JSON:
            return self.object(at, tabs) if self.json[at] == ord("{") else self.array(at, tabs)
        if kind is Kind.STRING:
            return self.string(at)
        if literal := _LITERALS.get(kind):
            self.out += literal
            return at + len(literal)
        end = _NUMBER.match(self.json, at).end()  # type: ignore[union-attr]  # there is a first byte
        self.out += self.json[at:end]
        return end

    def string(self, at: int) -> int:
        end = string_end(self.json, at)
        end = len(self.json) if end < 0 else end
        self.out += self.json[at:end]
        return end

    def array(self, at: int, tabs: int) -> int:
        room = self.style.width - (len(self.out) - self.line)
        if self.limit >= 0 or self.style.width <= 0 or room <= 3:
            return self.elements(at, tabs)
        before = len(self.out)
        self.limit = before + room
        try:
            end = self.elements(at, tabs)
            self.check_width()
        except _TooWide:
            del self.out[before:]
        else:
            return end
        finally:
            self.limit = -1
        return self.elements(at, tabs)

    def check_width(self) -> None:
        if 0 <= self.limit < len(self.out):
            raise _TooWide

    def elements(self, at: int, tabs: int) -> int:
        flat = self.limit >= 0
        self.out += b"["
        at, empty = at + 1, True
        while at < len(self.json):
            if self.json[at] <= 0x20:
                at += 1
                continue
            if self.json[at] == ord("]"):
                return self.close(b"]", at, tabs=None if empty or flat else tabs)
            if not empty:
                self.out += b"," if self.style.width == -1 else b", "
            if not flat:
                self.newline(tabs + 1)
            at, empty = self.value(at, tabs=tabs + 1), False
            self.check_width()
        return at

    def object(self, at: int, tabs: int) -> int:
        if self.limit >= 0:
            raise _TooWide
        self.out += b"{"
        members: list[tuple[bytes, int, int]] = []  # key, and where key and value stand in `out`
        at += 1
        while at < len(self.json):
            if self.json[at] == ord("}"):
                if self.style.sort_keys and members:
                    self.sort(members)
                return self.close(b"}", at, tabs=tabs if members else None)
            if self.json[at] != ord('"'):
                at += 1
                continue
            if members:
                self.out += b","
            begin = self.newline(tabs + 1)
            key_end = self.string(at)
            key = self.json[at:key_end]
            self.out += b": "
            at = self.value(key_end, tabs=tabs + 1)
            members.append((key, begin, len(self.out)))
        return at

    def newline(self, tabs: int) -> int:
        """Breaks the line and indents; where the new line begins."""
        self.line = len(self.out)
        if self.out[-1:] == b" ":
            self.out.pop()
        self.out += b"\n"
        begin = len(self.out)
        self.out += self.style.prefix + self.style.indent * tabs
        return begin

    def close(self, bracket: bytes, at: int, *, tabs: int | None) -> int:
        if tabs is not None:
            self.newline(tabs)
        self.out += bracket
        return at + 1

    def sort(self, members: list[tuple[bytes, int, int]]) -> None:
        lines = [(_order(key), self.out[begin:end], key) for key, begin, end in members]
        lines.sort(key=lambda line: (line[0], _order(bytes(line[1]).strip(BLANK)[len(line[2]) + 1 :].strip(BLANK))))
        self.out[members[0][1] :] = b",\n".join(line[1] for line in lines)


def _order(text: bytes) -> tuple[int, float, bytes]:
    """How a key or value compares: by its kind, then as the number or text that it is."""
    value = parse(text)
    content = b"" if value.kind is Kind.NUMBER else text
    if value.kind is Kind.STRING:
        content = gojson.unquote(text).encode() if b"\\" not in text or gojson.valid(text) else b""
    return _ORDER.index(value.kind), value.number, content
