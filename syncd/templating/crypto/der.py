"""DER: reading values one by one, and writing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

INTEGER: Final = 0x02
OCTETS: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
BMP_STRING: Final = 0x1E
SEQUENCE: Final = 0x30
SET: Final = 0x31
CONTEXT: Final = 0xA0
"""Constructed and tagged [0]."""
CONTEXT_PRIMITIVE: Final = 0x80


class DERError(ValueError):
    """The bytes are not the DER that was expected."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its identifier octet, its contents, and all of it."""

    tag: int
    content: bytes
    raw: bytes

    def children(self) -> list[Value]:
        """The values inside. Raises DERError."""
        return read_all(self.content)

    def integer(self) -> int:
        """Raises DERError unless it is an INTEGER."""
        if self.tag != INTEGER or not self.content:
            raise DERError("an integer was expected")
        return int.from_bytes(self.content, "big", signed=True)

    def oid(self) -> str:
        """The dotted form. Raises DERError unless it is an OBJECT IDENTIFIER."""
        if self.tag != OID or not self.content or self.content[-1] & 0x80:
            raise DERError("an object identifier was expected")
        arcs: list[int] = []
        arc = 0
        for byte in self.content:
            arc = arc << 7 | byte & 0x7F
            if not byte & 0x80:
                arcs.append(arc)
                arc = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))

    def of(self, tag: int) -> Value:
        """The value itself. Raises DERError when its tag is another."""
        if self.tag != tag:
            raise DERError("a value has an unexpected type")
        return self


def read(data: bytes, at: int = 0) -> tuple[Value, int]:
    """The value at a place, and where it ends. Raises DERError."""
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
        raise DERError("a value is cut off")
    start, length = at + 2, data[at + 1]
    if length & 0x80:
        size = length & 0x7F
        octets = data[start : start + size]
        length = int.from_bytes(octets, "big")
        if not 1 <= size <= 4 or len(octets) < size or octets[0] == 0 or length < 0x80:
            raise DERError("a length is malformed")
        start += size
    end = start + length
    if end > len(data):
        raise DERError("a value is cut off")
    return Value(data[at], data[start:end], data[at:end]), end


def read_one(data: bytes) -> Value:
    """The only value of the data. Raises DERError."""
    value, end = read(data)
    if end != len(data):
        raise DERError("data follows the value")
    return value


def read_all(data: bytes) -> list[Value]:
    """All values of the data, one after the other. Raises DERError."""
    values: list[Value] = []
    at = 0
    while at < len(data):
        value, at = read(data, at)
        values.append(value)
    return values


def write(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    octets = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def write_integer(number: int) -> bytes:
    return write(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def write_oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    return write(OID, *map(_arc, (first * 40 + second, *rest)))


def _arc(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(number & 0x7F | 0x80)
    return bytes(reversed(octets))
