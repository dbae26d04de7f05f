"""Matches gjson's wildcards: `*` any text, `?` any character, `\\` takes the next one literally."""

from __future__ import annotations

import re
from functools import lru_cache

from syncd.providers.gojson import text_of

_CACHED = 1024
_TOKEN = re.compile(r"(\*)|(\?)|\\(.)|(.)", re.DOTALL)


def matches(value: bytes, pattern: bytes) -> bool:
    """Whether all of `value` matches."""
    parts = _parts(pattern)
    if parts is None:
        return False
    text, at = text_of(value), 0
    *heads, (tail, length) = parts
    for index, (head, _) in enumerate(heads):
        found = head.search(text, at) if index else head.match(text)
        if found is None:
            return False
        at = found.end()
    if not heads:
        return tail.fullmatch(text) is not None
    start = len(text) - length
    return start >= at and tail.match(text, start) is not None


@lru_cache(_CACHED)
def _parts(pattern: bytes) -> list[tuple[re.Pattern[str], int]] | None:
    """What stands between the stars, with its length; None for an escape of nothing without a star before it."""
    parts: list[list[str]] = [[]]
    for star, any_character, escaped, plain in _TOKEN.findall(text_of(pattern)):
        if star:
            parts.append([])
        elif plain == "\\" and len(parts) == 1:
            return None
        else:
            parts[-1].append("." if any_character else re.escape(escaped or plain))
    return [(re.compile("".join(part), re.DOTALL), len(part)) for part in parts]
