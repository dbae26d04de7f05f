"""libyaml's emitter as Go's YAML library uses it: block style, two blanks of indent, lines folded after 80 columns."""

from __future__ import annotations

import re
from typing import Any, Final

from syncd.templating.golang import yaml_scalars
from syncd.templating.golang.numbers import format_float
from syncd.templating.golang.printing import Grow
from syncd.templating.golang.text import decode
from syncd.templating.golang.yaml_sorting import sorted_keys

_WIDTH: Final = 80
_LONGEST_SIMPLE_KEY: Final = 128
_BREAKS: Final = "\r\n\x85\u2028\u2029"
_SPECIAL: Final = re.compile("[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_INDICATORS: Final = re.compile(
    f"^(?:---|\\.\\.\\.|[#,\\[\\]{{}}&*!|>'\"%@`]|[?:-](?:[ \t]|\\Z))|:(?:[ \t]|\\Z)|(?<=[ \t\0{_BREAKS}])#"
)
_PIECES: Final = re.compile(f" |[{_BREAKS}]|[^ {_BREAKS}]+")
_ESCAPES: Final = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e",
    '"': '"', "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P",
}  # fmt: skip


def emit(value: Any, grow: Grow) -> str:
    """The document of a value made of `bytes`, numbers, booleans, None, lists and mappings, as it was read."""
    emitter = _Emitter(grow)
    emitter.node(value)
    emitter.write_indent()
    return "".join(emitter.out)


class _Emitter:
    def __init__(self, grow: Grow) -> None:
        self.out: list[str] = []
        self.size = 0
        self.grow = grow
        self.column = 0
        self.indent = -1
        self.whitespace = self.indention = True
        self.in_mapping = self.simple_key = False

    def put(self, text: str) -> None:
        self.size += len(text)
        self.grow(self.size)
        self.out.append(text)
        self.column += len(text)

    def put_break(self, char: str = "\n") -> None:
        self.put(char)
        self.column = 0

    def write_indent(self) -> None:
        indent = max(self.indent, 0)
        if not self.indention or self.column > indent or (self.column == indent and not self.whitespace):
            self.put_break()
        if self.column < indent:
            self.put(" " * (indent - self.column))
        self.whitespace = self.indention = True

    def indicator(self, text: str, *, spaced: bool, indention: bool = False, whitespace: bool = False) -> None:
        if spaced and not self.whitespace:
            self.put(" ")
        self.put(text)
        self.whitespace = whitespace
        self.indention = self.indention and indention

    def node(self, value: Any, *, mapping: bool = False, simple_key: bool = False) -> None:
        self.in_mapping, self.simple_key = mapping, simple_key
        if isinstance(value, dict):
            self._mapping(value)
        elif isinstance(value, list):
            self._sequence(value)
        else:
            outer, self.indent = self.indent, 2 if self.indent < 0 else self.indent + 2
            self._scalar(value)
            self.indent = outer

    def _sequence(self, items: list[Any]) -> None:
        if not items:
            self.indicator("[", spaced=True, whitespace=True)
            self.indicator("]", spaced=False)
            return
        outer = self.indent
        if self.indent < 0:
            self.indent = 0
        elif not (self.in_mapping and not self.indention):
            self.indent += 2
        for item in items:
            self.write_indent()
            self.indicator("-", spaced=True, indention=True)
            self.node(item)
        self.indent = outer

    def _mapping(self, mapping: dict[Any, Any]) -> None:
        if not mapping:
            self.indicator("{", spaced=True, whitespace=True)
            self.indicator("}", spaced=False)
            return
        outer, self.indent = self.indent, 0 if self.indent < 0 else self.indent + 2
        for key in sorted_keys(mapping):
            self.write_indent()
            if self._is_simple(key):
                self.node(key[1], mapping=True, simple_key=True)
                self.indicator(":", spaced=False)
            else:
                self.indicator("?", spaced=True, indention=True)
                self.node(key[1], mapping=True)
                self.write_indent()
                self.indicator(":", spaced=True, indention=True)
            self.node(mapping[key], mapping=True)
        self.indent = outer

    def _is_simple(self, key: tuple[type, Any]) -> bool:
        if not isinstance(key[1], bytes):
            return True
        return len(key[1]) <= _LONGEST_SIMPLE_KEY and not any(char in _BREAKS for char in decode(key[1]))

    def _scalar(self, value: Any) -> None:
        if isinstance(value, bytes):
            self._string(decode(value))
            return
        if value is None or isinstance(value, bool):
            text = "null" if value is None else "true" if value else "false"
        elif isinstance(value, float):
            text = format_float(value, "g")
        else:
            text = str(value)
        self._plain(text)

    def _string(self, text: str) -> None:
        special = bool(_SPECIAL.search(text))
        multiline = any(char in text for char in _BREAKS)
        edges = (text[:1], text[-1:])
        broken_space = multiline and bool(re.search(f"[{_BREAKS}] ", text))
        space_break = multiline and bool(re.search(f" [{_BREAKS}]", text))
        folds = not self.simple_key
        if self.simple_key and multiline:
            self._double(text, folds=folds)
        elif "\n" in text:
            if special or space_break or edges[1] == " " or self.simple_key:
                self._double(text, folds=folds)
            else:
                self._literal(text)
        elif not yaml_scalars.is_plain(text):
            self._double(text, folds=folds)
        elif not (special or multiline or " " in edges or _INDICATORS.search(text)):
            self._plain(text)
        elif special or broken_space or space_break:
            self._double(text, folds=folds)
        else:
            self._single(text, folds=folds)

    def _plain(self, text: str) -> None:
        if not self.whitespace:
            self.put(" ")
        spaces = False
        for found in _PIECES.finditer(text):
            if found[0] != " ":
                self.put(found[0])
                self.indention = spaces = False
            else:
                self._blank(fold=not self.simple_key and not spaces and text[found.end()] != " ")
                spaces = True
        self.whitespace = self.indention = False

    def _blank(self, *, fold: bool) -> None:
        """A blank, or a line break in its place."""
        if fold and self.column > _WIDTH:
            self.write_indent()
        else:
            self.put(" ")

    def _single(self, text: str, *, folds: bool) -> None:
        self.indicator("'", spaced=True)
        spaces = breaks = False
        for found in _PIECES.finditer(text):
            piece, end = found[0], found.end()
            if piece == " ":
                inside = found.start() > 0 and end < len(text)
                self._blank(fold=folds and not spaces and inside and text[end] != " ")
                spaces = True
            elif piece in _BREAKS:
                if not breaks and piece == "\n":
                    self.put_break()
                self.put_break(piece)
                self.indention = breaks = True
            else:
                if breaks:
                    self.write_indent()
                self.put(piece.replace("'", "''"))
                self.indention = spaces = breaks = False
        self.indicator("'", spaced=False)
        self.whitespace = self.indention = False

    def _double(self, text: str, *, folds: bool) -> None:
        self.indicator('"', spaced=True)
        # Go escapes everything in a text that begins with a byte order mark.
        marked = text.startswith("\ufeff")
        spaces = False
        for at, char in enumerate(text):
            if marked or _SPECIAL.match(char) or char in _BREAKS or char in '"\\':
                self.put(_escape(char))
                spaces = False
            elif char == " ":
                if folds and not spaces and self.column > _WIDTH and 0 < at < len(text) - 1:
                    self.write_indent()
                    if text[at + 1] == " ":
                        self.put("\\")
                else:
                    self.put(char)
                spaces = True
            else:
                self.put(char)
                spaces = False
        self.indicator('"', spaced=False)
        self.whitespace = self.indention = False

    def _literal(self, text: str) -> None:
        self.indicator("|", spaced=True)
        if text[0] == " " or text[0] in _BREAKS:
            self.indicator("2", spaced=False)
        if text[-1] not in _BREAKS:
            self.indicator("-", spaced=False)
        elif len(text) == 1 or text[-2] in _BREAKS:
            self.indicator("+", spaced=False)
        self.put_break()
        self.whitespace = self.indention = True
        breaks = True
        for piece in re.findall(f"[{_BREAKS}]|[^{_BREAKS}]+", text):
            if piece in _BREAKS:
                self.put_break(piece)
                self.indention = breaks = True
            else:
                if breaks:
                    self.write_indent()
                self.put(piece)
                self.indention = breaks = False


def _escape(char: str) -> str:
    if char in _ESCAPES:
        return "\\" + _ESCAPES[char]
    code = ord(char)
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
