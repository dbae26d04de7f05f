"""Known values that stand for secrets, and the search for them where no secret may be."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus


@dataclass(frozen=True, slots=True)
class Leak:
    """A place where a canary stands: a file and line or a name of a text, and the encoding; never the value."""

    where: str
    encoding: str

    def __str__(self) -> str:
        return f"{self.where}: {self.encoding}"


@dataclass(slots=True)
class Canaries:
    """Makes values that no other run knows, and remembers them."""

    values: list[str] = field(default_factory=list, repr=False)

    def __call__(self, label: str = "value") -> str:
        """A new value, with characters that URL-encoding and base64 change."""
        value = f"canary+{label}/{secrets.token_hex(12)}"
        self.values.append(value)
        return value


def find_leaks(canaries: Iterable[str | bytes], places: Iterable[Path | str]) -> list[Leak]:
    """Search files, folders (with all below them) and texts for the canaries: plain, base64 and URL-encoded.

    Base64 is found inside longer encoded data too, whatever stands before the canary there.
    Canaries have at least 8 bytes: shorter ones would be found by chance.
    """
    encodings = [pair for canary in canaries for pair in _encodings(canary)]
    return [
        leak for place in places for where, content in _contents(place) for leak in _leaks(where, content, encodings)
    ]


def _leaks(where: str, content: bytes, encodings: Iterable[tuple[str, bytes]]) -> Iterator[Leak]:
    for encoding, needle in encodings:
        position = content.find(needle)
        if position >= 0:
            line = content.count(b"\n", 0, position) + 1
            yield Leak(f"{where}:{line}", encoding)


def _contents(place: Path | str) -> Iterator[tuple[str, bytes]]:
    if isinstance(place, str):
        yield "text", place.encode(errors="replace")
        return
    for path in [place] if place.is_file() else sorted(place.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield str(path), path.read_bytes()


def _encodings(canary: str | bytes) -> Iterator[tuple[str, bytes]]:
    raw = canary.encode() if isinstance(canary, str) else canary
    assert len(raw) >= 8, "a canary is too short to search for"
    yield "plain", raw
    for encoded in {quote(raw, safe="").encode(), quote(raw).encode(), quote_plus(raw).encode()} - {raw}:
        yield "URL-encoded", encoded
    for shift in range(3):
        padded = b"\0" * shift + raw
        # The characters before and after these depend on what stands around the canary.
        core = base64.b64encode(padded)[(0, 2, 3)[shift] : len(padded) * 8 // 6]
        yield "base64", core
        if re.search(rb"[+/]", core):
            yield "base64", core.replace(b"+", b"-").replace(b"/", b"_")
