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
    rest = data
    while True:
        end = rest.find(_END)
        if end < 0:
            return None, data
        begin = rest.rfind(_BEGIN, 0, end)
        if begin < 0 or (begin > 0 and rest[begin - 1 : begin] != b"\n"):
            rest = rest[end + len(_END) :]
            continue
        found = _block(rest[begin + len(_BEGIN) :])
        if found is None:
            return None, data
        block, rest = found
        if block is not None:
            return block, rest


def _line(data: bytes) -> tuple[bytes, bytes]:
    """The first line without trailing blanks, and what follows it."""
    line, _, rest = data.partition(b"\n")
    return line.removesuffix(b"\r").rstrip(_BLANKS), rest


def _block(data: bytes) -> tuple[Block | None, bytes] | None:
    """The block after its BEGIN; no block, and where to go on, when it is malformed; None at the end."""
    after_end = data.find(_END) + len(_END)
    label, rest = _line(data)
    if not label.endswith(_DASHES):
        return None, data[after_end:]
    label = label.removesuffix(_DASHES)
    headers: dict[bytes, bytes] = {}
    while True:
        if not rest:
            return None
        line, following = _line(rest)
        name, colon, value = line.partition(b":")
        if not colon:
            break
        headers[name.strip()] = value.strip()
        rest = following
    return _body(data, len(data) - len(rest), label, headers)


def _body(data: bytes, start: int, label: bytes, headers: dict[bytes, bytes]) -> tuple[Block | None, bytes]:
    end = data.find(_END)
    after_end = end + len(_END)
    trailer = label + _DASHES
    after, _ = _line(data[after_end + len(trailer) :])
    if (headers and end < start) or not data.startswith(trailer, after_end) or after:
        return None, data[after_end:]
    content = b""
    if end > start:
        try:
            content = decode_base64(data[start:end].translate(None, _BLANKS))
        except BaseError:
            return None, data[after_end:]
    return Block(label, content, headers), _line(data[after_end:])[1]


def blocks(data: bytes) -> tuple[list[Block], bytes]:
    """All blocks one after the other, and what follows the last one."""
    found: list[Block] = []
    while True:
        block, data = next_block(data)
        if block is None:
            return found, data
        found.append(block)
