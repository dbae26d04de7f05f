"""Go's `regexp` over RE2: matching, replacing with `$1`, and splitting, by Go's rules for empty matches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

import re2

from syncd.templating.golang.text import decode, encode, is_digit, is_letter

Spend: TypeAlias = Callable[[int], None]
_UNKNOWN: Final = re.compile(rb"(?:[^\\]|\\[^C])*\\C|.*\(\?P?<[^>]*[^\x00-\x7f>]", re.DOTALL)
"""What RE2 takes and Go does not: `\\C`, and letters beyond ASCII in the name of a group."""
_LONGEST_NUMBER: Final = 9


class RegexpError(ValueError):
    """The pattern is not a regular expression of Go's."""


class Regexp:
    """A compiled expression. `spend` is told of the work done, and raises when it is too much."""

    def __init__(self, pattern: bytes, spend: Spend) -> None:
        """Raises RegexpError; its message does not show the pattern."""
        options = re2.Options()
        options.log_errors = False
        spend(len(pattern) // 4)
        try:
            self._compiled: Any = None if _UNKNOWN.match(pattern) else re2.compile(pattern, options)
        except re2.error:
            self._compiled = None
        if self._compiled is None:
            raise RegexpError("the regular expression is not valid")
        self._spend = spend

    def search(self, text: bytes, at: int = 0) -> Any:
        """The leftmost match from a place on, or None."""
        return self._compiled.search(text, at)

    def matches(self, text: bytes, limit: int = -1) -> Iterator[Any]:
        """All matches that do not overlap; none that is empty and touches the one before."""
        at, before, count = 0, -1, 0
        while at <= len(text) and count != limit:
            self._spend(1 + (len(text) - at >> 12))
            found = self.search(text, at)
            if found is None:
                return
            start, end = found.span()
            accepted = not (start == end == at and start == before)
            if end == at:
                at += _width(text, at) or 1
            else:
                at = end
            before = end
            if accepted:
                yield found
                count += 1

    def replace(self, text: bytes, replacement: Callable[[Any], bytes]) -> Iterator[bytes]:
        """The pieces of the text with every match replaced, as `ReplaceAll` does it."""
        last, at = 0, 0
        while at <= len(text):
            self._spend(1 + (len(text) - at >> 12))
            found = self.search(text, at)
            if found is None:
                break
            start, end = found.span()
            yield text[last:start]
            if end > last or start == 0:
                yield replacement(found)
            last = end
            width = _width(text, at)
            at = at + width if at + width > end else max(end, at + 1)
        yield text[last:]

    def split(self, text: bytes, limit: int) -> list[bytes] | None:
        """`Split`; None for a limit of 0."""
        if limit == 0:
            return None
        if not text and self._compiled.pattern:
            return [b""]
        parts: list[bytes] = []
        begin = end = 0
        for found in self.matches(text, limit):
            if 0 < limit <= len(parts) + 1:
                break
            end = found.start()
            if found.end():
                parts.append(text[begin:end])
            begin = found.end()
        return [*parts, text[begin:]] if end != len(text) else parts

    def expand(self, template: bytes, found: Any) -> bytes:
        """The replacement text with `$1`, `${name}` and `$$` filled in."""
        if b"$" not in template:
            return template
        first, *rest = decode(template).split("$")
        out = [encode(first)]
        parts = iter(rest)
        for part in parts:
            if part == "":
                following = next(parts, None)
                out.append(b"$" if following is None else b"$" + encode(following))
                continue
            name, after = _reference(part)
            out.append(b"$" + encode(part) if name is None else self._group(name, found) + encode(after))
        return b"".join(out)

    def _group(self, name: str, found: Any) -> bytes:
        number = int(name) if name.isascii() and name.isdigit() and len(name) <= _LONGEST_NUMBER else -1
        if number >= 0 and (name == "0" or name[0] != "0"):
            return (found[number] or b"") if number <= self._compiled.groups else b""
        number = self._compiled.groupindex.get(name, self._compiled.groupindex.get(encode(name), 0))
        return (found[number] or b"") if number else b""


def _reference(text: str) -> tuple[str | None, str]:
    """The name of a group at the start of a text, and what follows it."""
    brace = text.startswith("{")
    start = end = int(brace)
    while end < len(text) and (text[end] == "_" or is_letter(text[end]) or is_digit(text[end])):
        end += 1
    if end == start or (brace and text[end : end + 1] != "}"):
        return None, text
    return text[start:end], text[end + brace :]


def _width(text: bytes, at: int) -> int:
    """How many bytes the character at a place has; 0 at the end."""
    if at >= len(text):
        return 0
    return len(encode(decode(text[at : at + 4])[0]))


def quote_meta(text: bytes) -> bytes:
    """`regexp.QuoteMeta`."""
    return re.sub(rb"[\\.+*?()|\[\]{}^$]", rb"\\\g<0>", text)
