"""Cuts a value's text out of a JSON document, so that numbers stay as the server wrote them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_decode = json.JSONDecoder().raw_decode
_blanks = re.compile(r"[ \t\n\r]*")


def raw_value(document: str, *path: str) -> str | None:
    """The text of the value at a path of names; None when there is none. `document` must be JSON."""
    at: int | None = _skip(document, 0)
    for name in path:
        at = next((start for key, start in _members(document, at) if key == name), None) if at is not None else None
    return None if at is None else document[at : _decode(document, at)[1]]


def _members(document: str, at: int) -> Iterator[tuple[str, int]]:
    """The names of an object's members, and where their values begin; nothing for what is no object."""
    if document[at] != "{":
        return
    at = _skip(document, at + 1)
    while document[at] != "}":
        name, at = _decode(document, at)
        start = _skip(document, _skip(document, at) + 1)
        yield name, start
        at = _skip(document, _decode(document, start)[1])
        if document[at] == ",":
            at = _skip(document, at + 1)


def _skip(document: str, at: int) -> int:
    found = _blanks.match(document, at)
    return found.end() if found else at
