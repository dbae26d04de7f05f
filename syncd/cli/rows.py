"""Lines in aligned columns: symbol, name, verb, explanation, with the names of keys below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from syncd.cli.screen import Color, Stream, printable
from syncd.reconcile.changes import KeyChanges

_WIDEST = 60
"""Longer names push their own line to the right, and no other."""
_NO_KEYS = KeyChanges()


class Symbol(Enum):
    """What stands before a line: the sign, one for terminals without it, and its colour."""

    ADD = ("+", "+", Color.GREEN)
    CHANGE = ("~", "~", Color.YELLOW)
    REMOVE = ("-", "-", Color.RED)
    REFUSED = ("!", "!", Color.RED)
    UNKNOWN = ("?", "?", Color.MAGENTA)
    RESTART = ("↻", "@", Color.CYAN)
    PAUSED = ("⏸", "|", Color.DIM)
    KEPT = ("=", "=", Color.DIM)
    READY = ("✓", "*", Color.GREEN)

    def on(self, stream: Stream) -> str:
        sign, ascii_sign, color = self.value
        return stream.paint(sign if stream.unicode else ascii_sign, color)


@dataclass(frozen=True, slots=True)
class Row:
    symbol: Symbol
    name: str
    verb: str
    text: str = ""
    hint: str = ""
    keys: KeyChanges = _NO_KEYS
    details: tuple[str, ...] = ()
    """Lines below it."""


def lines(rows: Sequence[Row], stream: Stream, *, like: Sequence[Row] = ()) -> Iterator[str]:
    """The rows as text; a hint that several rows in a line share is said once. `like` rows share the columns."""
    names = (*(row.name for row in (*rows, *like)), *(f"    {key}" for row in rows for _, key in _keys(row.keys)))
    width = max((len(name) for name in names if len(name) <= _WIDEST), default=0)
    verbs = max((len(row.verb) for row in (*rows, *like)), default=0)
    for index, row in enumerate(rows):
        yield _line(row, stream, width=width, verbs=verbs)
        for symbol, key in _keys(row.keys):
            masked = "" if symbol is Symbol.REMOVE else stream.paint("(sensitive value)", Color.DIM)
            yield f"      {symbol.on(stream)} {printable(key).ljust(width - 4)}  {masked}".rstrip()
        for detail in row.details:
            yield f"      {printable(detail)}"
        if row.hint and [row.hint] != [following.hint for following in rows[index + 1 : index + 2]]:
            yield f"      {stream.paint('hint:', Color.CYAN)} {printable(row.hint)}"


def _line(row: Row, stream: Stream, *, width: int, verbs: int) -> str:
    columns = [printable(row.name).ljust(width), row.verb.ljust(verbs), printable(row.text)]
    return f"  {row.symbol.on(stream)} {'  '.join(column for column in columns if column)}".rstrip()


def _keys(keys: KeyChanges) -> Iterable[tuple[Symbol, str]]:
    yield from ((Symbol.ADD, key) for key in keys.added)
    yield from ((Symbol.CHANGE, key) for key in keys.changed)
    yield from ((Symbol.REMOVE, key) for key in keys.removed)
