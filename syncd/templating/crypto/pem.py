"""PEM blocks as Go reads and writes them."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Final

from syncd.templating.golang.bases import BaseError, decode_base64

_BEGIN: Final = b"-----BEGIN "
_END: Final = b"\n-----END "
_DASHES: Final = b"-----"
_LINE: Final = 64
_BLANKS: Final = b" \t"


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its label, its contents, and headers if it has any."""

    label: bytes
    content: bytes
    headers: dict[bytes, bytes] = field(default_factory=dict)

    def encode(self) -> bytes:
        """The block as text, its base64 in lines of 64 characters."""
        first = [b"Proc-Type"] if b"Proc-Type" in self.headers else []
        names = first + sorted(self.headers.keys() - set(first))
        lines = [b"%s: %s\n" % (name, self.headers[name]) for name in names]
        body = base64.b64encode(self.content)
        folded = [body[at : at + _LINE] + b"\n" for at in range(0, len(body), _LINE)]
        head, tail = b"-----BEGIN " + self.label + b"-----\n", b"-----END " + self.label + b"-----\n"
        return head + b"".join(lines) + (b"\n" if lines else b"") + b"".join(folded) + tail


def pem_text(label: str, content: bytes) -> bytes:
    """One block without headers."""
    return Block(label.encode(), content).encode()


def trim_junk(text: bytes) -> bytes:
    """The text from the first `-----BEGIN` on."""
    return text[max(text.find(b"-----BEGIN"), 0) :]


def next_block(data: bytes) -> tuple[Block | None, bytes]:
    """`pem.Decode`: the first block that is well formed, and what follows it; without one, all of the data."""
    block, end = _find(data, 0)
    return block, data[end:] if block else data


def _find(data: bytes, start: int) -> tuple[Block | None, int]:
    """The first block from a place on, and where it ends."""
    at = start
    while True:
        end = data.find(_END, at)
        if end < 0:
            return None, start
        after_end = end + len(_END)
        begin = data.rfind(_BEGIN, at, end)
        at = after_end
        if begin >= 0 and (begin == start or data[begin - 1 : begin] == b"\n"):
            block, after = _block(data, begin + len(_BEGIN), end)
            if after < 0:
                return None, start
            if block is not None:
                return block, after


def _line(data: bytes, at: int) -> tuple[bytes, int]:
    """The line at a place without trailing blanks, and where the next one begins."""
    end = data.find(b"\n", at)
    following = len(data) if end < 0 else end + 1
    line = data[at : len(data) if end < 0 else end]
    return (line.removesuffix(b"\r") if end >= 0 else line).rstrip(_BLANKS), following


def _block(data: bytes, at: int, end: int) -> tuple[Block | None, int]:
    """The block between its BEGIN and the next END, and where it ends: -1 when the data end in its headers."""
    label, at = _line(data, at)
    if not label.endswith(_DASHES):
        return None, at
    headers: dict[bytes, bytes] = {}
    while True:
        if at >= len(data):
            return None, -1
        line, following = _line(data, at)
        name, colon, value = line.partition(b":")
        if not colon:
            break
        headers[name.strip()] = value.strip()
        at = following
    trailer_at = end + len(_END)
    trailer = label
    after, following = _line(data, trailer_at + len(trailer))
    if (headers and end < at) or not data.startswith(trailer, trailer_at) or after:
        return None, following
    content = b""
    if end > at:
        try:
            content = decode_base64(data[at:end].translate(None, _BLANKS))
        except BaseError:
            return None, following
    return Block(label.removesuffix(_DASHES), content, headers), following


def blocks(data: bytes) -> tuple[list[Block], bytes]:
    """All blocks one after the other, and what follows the last one."""
    found: list[Block] = []
    at = 0
    while True:
        block, end = _find(data, at)
        if block is None:
            return found, data[at:]
        found.append(block)
        at = end
