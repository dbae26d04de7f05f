"""`fmt.Sprint`, `Sprintln` and the printing of nested values with a verb."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from syncd.templating.golang import verbs
from syncd.templating.golang.numbers import format_float
from syncd.templating.golang.text import encode, runes
from syncd.templating.golang.values import NIL, Kind, NamedInt, Octets, Struct, is_nil, kind_of, type_name
from syncd.templating.golang.verbs import Spec

Grow: TypeAlias = Callable[[int], None]
"""Told how many bytes were written in all; raises when they are too many."""

NIL_TEXT: Final = b"<nil>"
_ADDRESS: Final = 0xC000000000
_SIGNED: Final = frozenset((Kind.INT, Kind.INT64))
_STRINGABLE: Final = frozenset("vsxXq")


class Printer:
    """Writes values as `fmt` does, counting what it writes."""

    def __init__(self, grow: Grow) -> None:
        self.spec = Spec()
        self._out: list[bytes] = []
        self._size = 0
        self._grow = grow
        self._plainly = False

    def write(self, text: bytes) -> None:
        self._size += len(text)
        self._grow(self._size)
        self._out.append(text)

    def result(self) -> bytes:
        return b"".join(self._out)

    def argument(self, value: Any, verb: str) -> None:
        """One operand of a call, at the top."""
        if value is None or value is NIL:
            if verb in "Tv":
                self.write(self.spec.pad(NIL_TEXT))
            else:
                self._bad_verb(None, verb)
        elif verb == "T":
            self.write(self.spec.pad(self.spec.cut(type_name(value).encode())))
        elif verb == "p":
            self._pointer(value, verb)
        elif verb == "w":
            self._bad_verb(value, verb)
        else:
            self.value(value, verb, 0)

    def value(self, value: Any, verb: str, depth: int) -> None:
        """A value at any depth; at the top a pointer shows what it points to."""
        if isinstance(value, (list, dict)):
            self._container(value, verb, depth)
            return
        if value is None or value is NIL:
            self.write(b"interface {}(nil)" if self.spec.sharp_v else NIL_TEXT)
            return
        if isinstance(value, Struct):
            self._struct(value, verb, depth)
            return
        text = self._scalar(value, verb)
        if text is None:
            self._bad_verb(value, verb)
        else:
            self.write(text)

    def _scalar(self, value: Any, verb: str) -> bytes | None:
        if isinstance(value, NamedInt) and self._wants_text(verb):
            return verbs.format_string(self.spec, value.text(), verb)
        kind = kind_of(value)
        if kind is Kind.STRING:
            return verbs.format_string(self.spec, value, verb)
        if kind is Kind.BOOL:
            return verbs.format_bool(self.spec, value, verb)
        if kind is Kind.FLOAT64:
            return verbs.format_number(self.spec, value, verb)
        if kind is Kind.COMPLEX128:
            return verbs.format_complex(self.spec, value, verb)
        return verbs.format_integer(self.spec, value, verb, signed=kind in _SIGNED)

    def _container(self, value: list[Any] | dict[bytes, Any], verb: str, depth: int) -> None:
        spelled = self.spec.sharp_v
        if isinstance(value, Octets) and verb in "sqxX":
            self.value(bytes(value), verb, depth)
            return
        if spelled:
            self.write(type_name(value).encode())
            if is_nil(value):
                self.write(b"(nil)")
                return
        mapping = isinstance(value, dict)
        self.write(b"{" if spelled else b"map[" if mapping else b"[")
        for at, item in enumerate(sorted(value.items()) if isinstance(value, dict) else value):
            if at:
                self.write(b", " if spelled else b" ")
            if mapping:
                self.value(item[0], verb, depth + 1)
                self.write(b":")
                item = item[1]
            self.value(item, verb, depth + 1)
        self.write(b"}" if spelled else b"]")

    def _struct(self, value: Struct, verb: str, depth: int) -> None:
        text = value.text()
        if text is not None and self._wants_text(verb):
            self.write(verbs.format_string(self.spec, text, verb) or b"")
            return
        name = type_name(value)
        if kind_of(value) is Kind.POINTER:
            if depth:
                self._pointer(value, verb)
                return
            self.write(b"&")
            name = name.removeprefix("*")
        self.write((name if self.spec.sharp_v else "").encode() + b"{")
        for at, (field, item) in enumerate(value.fields()):
            if at:
                self.write(b", " if self.spec.sharp_v else b" ")
            if self.spec.plus_v or self.spec.sharp_v:
                self.write(field.encode() + b":")
            self.value(item, verb, depth + 1)
        self.write(b"}")

    def _wants_text(self, verb: str) -> bool:
        """Whether a `String` method is called for this verb."""
        return verb in _STRINGABLE and not self._plainly and not self.spec.sharp_v

    def _pointer(self, value: Any, verb: str) -> None:
        """An address: Go's differ from run to run, so any will do."""
        if kind_of(value) not in (Kind.SLICE, Kind.MAP, Kind.POINTER):
            self._bad_verb(value, verb)
            return
        sharp, self.spec.sharp = self.spec.sharp, not self.spec.sharp
        self.write(verbs.format_integer(self.spec, 0 if is_nil(value) else _ADDRESS, "x", signed=False) or b"")
        self.spec.sharp = sharp

    def _bad_verb(self, value: Any, verb: str) -> None:
        before, self._plainly = self._plainly, True
        self.write(b"%!" + runes(encode(verb)).encode() + b"(")
        if value is None:
            self.write(NIL_TEXT)
        else:
            self.write(type_name(value).encode() + b"=")
            self.argument(value, "v")
        self.write(b")")
        self._plainly = before


def plain(value: Any, grow: Grow) -> bytes:
    """The value as `%v` prints it."""
    if type(value) is bytes:
        return value
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int):
        return value.text() if isinstance(value, NamedInt) else b"%d" % value
    if type(value) is float:
        return format_float(value, "g").encode()
    printer = Printer(grow)
    printer.argument(value, "v")
    return printer.result()


def sprint(values: Sequence[Any], grow: Grow) -> bytes:
    """`fmt.Sprint`: a blank between two operands when neither is a string."""
    printer = Printer(grow)
    before_string = True
    for value in values:
        is_string = type(value) is bytes
        if not is_string and not before_string:
            printer.write(b" ")
        printer.argument(value, "v")
        before_string = is_string
    return printer.result()


def sprintln(values: Sequence[Any], grow: Grow) -> bytes:
    """`fmt.Sprintln`: a blank between all operands, and a line feed."""
    printer = Printer(grow)
    for at, value in enumerate(values):
        if at:
            printer.write(b" ")
        printer.argument(value, "v")
    printer.write(b"\n")
    return printer.result()
