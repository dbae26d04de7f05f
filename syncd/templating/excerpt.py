"""The line of a template that an error points at, with everything masked that may be a value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from syncd.templating.calls import FUNCTIONS
from syncd.templating.lexer import WORDS

_MASK: Final = "***"
_TEXT: Final = "…"
_WIDTH: Final = 120
"""Characters of a line that are shown, about the place of the error."""
_FAR: Final = 65_536
"""Characters that are read to know what is text and what an action; a line behind them is not shown."""
_TOKEN: Final = re.compile(
    r"""(?P<quoted> "(?:[^"\\\n]|\\[^\n])*" | `[^`]*` | '(?:[^'\\\n]|\\[^\n])*' | /\*.*?\*/ )
    | (?P<blank> \s+ | [|()=:,-] )
    | (?P<name> [.$]\w* | [0-9]{1,3}(?![\w.]) )
    | (?P<word> \w+ )
    | (?P<other> (?!/\*)[^"`'] )""",
    re.DOTALL | re.VERBOSE,
)


def excerpt(text: str, at: int, delimiters: tuple[str, str]) -> str:
    """Names of keys, variables and functions, and the marks between them; empty when the line is too far away.

    Text outside of actions, strings, comments, long numbers and words that mean nothing may be values, as is all that
    follows an action without an end.
    """
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    if end > _FAR:
        return ""
    before, behind = "", ""
    for start, piece in _pieces(text[: 2 * _FAR], at, delimiters):
        if start > end:
            break
        if start < at:
            before += piece
        else:
            behind += piece
    head, tail = before.rpartition("\n")[2].lstrip(), behind.partition("\n")[0].rstrip()
    if "\n" in before and text.count("\n", 0, at) != before.count("\n"):  # inside a string of several lines
        return ""
    return _clipped(head, tail)


def _clipped(head: str, tail: str) -> str:
    half = _WIDTH // 2
    head = head if len(head) <= half else f"{_TEXT}{head[-half:]}"
    return head + (tail if len(tail) <= half else f"{tail[:half]}{_TEXT}")


def _pieces(text: str, at: int, delimiters: tuple[str, str]) -> Iterator[tuple[int, str]]:
    """What may be shown, with where it stands in the text; line breaks are kept."""
    left, right = delimiters
    here = 0
    while True:
        found = text.find(left, here)
        yield here, _masked(text[here:] if found < 0 else text[here:found], _TEXT)
        if found < 0:
            return
        yield found, left
        here = found + len(left)
        shown, here = _action(text, here, at, right)
        yield from shown


def _action(text: str, here: int, at: int, right: str) -> tuple[list[tuple[int, str]], int]:
    """The pieces of an action up to its end, and where that is; one mask for all that follows when it has none."""
    begin, shown, hidden = here, list[tuple[int, str]](), False
    while not text.startswith(right, here):
        token = _TOKEN.match(text, here)
        if token is None:
            return [(begin, _masked(text[begin:], _MASK))], len(text)
        kind, piece = token.lastgroup, token[0]
        if kind == "quoted":
            piece = _masked(piece, _MASK if piece[0] == "/" else f'"{_MASK}"')
        elif kind != "blank" and (hidden or not _harmless(kind, piece, named=here == at)):
            piece = "" if hidden else _MASK
        hidden = kind != "blank" and (hidden or piece == _MASK)
        shown.append((here, piece))
        here = token.end()
    return [*shown, (here, right)], here + len(right)


def _harmless(kind: str | None, piece: str, *, named: bool) -> bool:
    """A word that the error itself names is no secret any more."""
    known = piece in FUNCTIONS or piece in WORDS or (named and not piece[0].isdigit())
    return kind == "name" or (kind == "word" and known)


def _masked(text: str, mask: str) -> str:
    return "\n".join(mask if line.strip() else line for line in text.split("\n"))
