"""`fmt.Sprintf`: the language of formats, with its own way of reporting mistakes inside the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from syncd.templating.golang.printing import NIL_TEXT, Grow, Printer
from syncd.templating.golang.text import decode, encode, runes
from syncd.templating.golang.values import NIL, type_name
from syncd.templating.golang.verbs import Spec

_LARGEST: Final = 1_000_000
_FLAGS: Final = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}


def sprintf(template: bytes, values: Sequence[Any], grow: Grow) -> bytes:
    """`fmt.Sprintf(template, values...)`."""
    return _Format(decode(template), values, Printer(grow)).run()


class _Format:
    def __init__(self, text: str, values: Sequence[Any], printer: Printer) -> None:
        self.text = text
        self.values = values
        self.printer = printer
        self.at = 0
        self.next = 0
        self.reordered = False
        self.good_index = True
        self.after_index = False

    def run(self) -> bytes:
        text, end = self.text, len(self.text)
        while self.at < end:
            percent = text.find("%", self.at)
            percent = end if percent < 0 else percent
            if percent > self.at:
                self.printer.write(encode(text[self.at : percent]))
            self.at = percent + 1
            if percent < end:
                self._directive()
        if not self.reordered and self.next < len(self.values):
            self._extra()
        return self.printer.result()

    def _directive(self) -> None:
        """What follows a `%`."""
        spec = self.printer.spec = Spec()
        self.good_index = True
        self._flags(spec)
        self._index()
        self._width(spec)
        self._precision(spec)
        if not self.after_index:
            self._index()
        if self.at >= len(self.text):
            self.printer.write(b"%!(NOVERB)")
            return
        verb = self.text[self.at]
        self.at += 1
        self._print(spec, verb)

    def _print(self, spec: Spec, verb: str) -> None:
        if verb == "%":
            self.printer.write(b"%")
        elif not self.good_index:
            self._mistake(verb, "BADINDEX")
        elif self.next >= len(self.values):
            self._mistake(verb, "MISSING")
        else:
            if verb in "vw":
                spec.sharp_v, spec.sharp = spec.sharp, False
                spec.plus_v, spec.plus = spec.plus, False
            self.printer.argument(self.values[self.next], verb)
            self.next += 1

    def _mistake(self, verb: str, what: str) -> None:
        self.printer.write(f"%!{runes(encode(verb))}({what})".encode())

    def _flags(self, spec: Spec) -> None:
        while self.at < len(self.text) and self.text[self.at] in _FLAGS:
            setattr(spec, _FLAGS[self.text[self.at]], True)
            self.at += 1
        self.after_index = False

    def _index(self) -> None:
        """An explicit operand: `[3]`."""
        text, start = self.text, self.at
        self.after_index = False
        if start >= len(text) or text[start] != "[":
            return
        self.reordered = True
        close = text.find("]", start)
        if len(text) - start < 3 or close < 0:
            self.at += 1
            self.good_index = False
            return
        self.at = close + 1
        number, end = _number(text, start + 1, close)
        if number is None or end != close:
            self.good_index = False
            return
        self.after_index = True
        if 0 < number <= len(self.values):
            self.next = number - 1
        else:
            self.good_index = False

    def _width(self, spec: Spec) -> None:
        if self.at < len(self.text) and self.text[self.at] == "*":
            self.at += 1
            width = self._star()
            if width is None:
                self.printer.write(b"%!(BADWIDTH)")
            elif width < 0:
                spec.minus, spec.zero, width = True, False, -width
            spec.width = width
            self.after_index = False
            return
        spec.width, self.at = _number(self.text, self.at, len(self.text))
        if self.after_index and spec.width is not None:
            self.good_index = False

    def _precision(self, spec: Spec) -> None:
        if self.at + 1 >= len(self.text) or self.text[self.at] != ".":
            return
        self.at += 1
        if self.after_index:
            self.good_index = False
        self._index()
        if self.at < len(self.text) and self.text[self.at] == "*":
            self.at += 1
            precision = self._star()
            spec.precision = None if precision is None or precision < 0 else precision
            if spec.precision is None:
                self.printer.write(b"%!(BADPREC)")
            self.after_index = False
            return
        precision, self.at = _number(self.text, self.at, len(self.text))
        spec.precision = precision or 0

    def _star(self) -> int | None:
        """A width or precision that is an operand: any integer of sensible size."""
        if self.next >= len(self.values):
            return None
        value = self.values[self.next]
        self.next += 1
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
            return None
        return int(value)

    def _extra(self) -> None:
        self.printer.spec = Spec()
        self.printer.write(b"%!(EXTRA ")
        for at, value in enumerate(self.values[self.next :]):
            if at:
                self.printer.write(b", ")
            if value is None or value is NIL:
                self.printer.write(NIL_TEXT)
            else:
                self.printer.write(type_name(value).encode() + b"=")
                self.printer.argument(value, "v")
        self.printer.write(b")")


def _number(text: str, start: int, end: int) -> tuple[int | None, int]:
    """A decimal number and where it ends; a number too large swallows the rest and is none."""
    number, at = 0, start
    while at < end and "0" <= text[at] <= "9":
        if number > _LARGEST:
            return None, end
        number = number * 10 + int(text[at])
        at += 1
    return (number if at > start else None), at
