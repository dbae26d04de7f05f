"""Go's `regexp` over RE2: matching, replacing with `$1`, and splitting, by Go's rules for empty matches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

import re2

from syncd.templating.golang.regexp_syntax import SyntaxProblem, translate
from syncd.templating.golang.text import decode, encode, is_digit, is_letter

Spend: TypeAlias = Callable[[int], None]
_LONGEST_NUMBER: Final = 9
_WIDE: Final = {0xDC00 + byte: 0x10FF00 + byte for byte in range(0x80, 0x100)}
"""Broken bytes as characters at the end of the last private plane."""
_NARROW: Final = {wide: broken for broken, wide in _WIDE.items()}
_MARK: Final = b"\xf4\x8f"
"""What such a character begins with in UTF-8."""


class RegexpError(ValueError):
    """The pattern is not a regular expression of Go's."""


class Regexp:
    """A compiled expression. `spend` is told of the work done, and raises when it is too much."""

    def __init__(self, pattern: bytes, spend: Spend) -> None:
        """Raises RegexpError; its message does not show the pattern."""
        options = re2.Options()
        options.log_errors = False
        spend(len(pattern) // 4 + len(pattern) ** 2 // 10_000)
        try:
            translated, self._names = translate(pattern)
            self._compiled: Any = re2.compile(translated, options)
        except (re2.error, SyntaxProblem):
            raise RegexpError("the regular expression is not valid") from None
        self._spend = spend
        self._per_search = 1 + len(self._names) ** 2 // 256
        self._per_text = 2 + len(self._names) ** 2

    def matches(self, text: bytes) -> bool:
        return self._search(_widened(text), 0) is not None

    def find(self, text: bytes) -> bytes | None:
        """The leftmost match."""
        found = self._search(_widened(text), 0)
        return None if found is None else _narrowed(found[0])

    def find_all(self, text: bytes, limit: int) -> list[bytes]:
        """All matches, or at most `limit` of them when it is not negative."""
        return [_narrowed(found[0]) for found in self._matches(_widened(text), limit)]

    def _search(self, text: bytes, at: int) -> Any:
        """The next match; RE2 keeps the places of all groups for each of the states that it is in at once."""
        while True:
            self._spend(self._per_search + ((len(text) - at) * self._per_text >> 12))
            found = self._compiled.search(text, at)
            if found is None or not _inside(text, found.start()):
                return found
            at = found.start() + 1  # Go sees no `\B` within a character

    def _matches(self, text: bytes, limit: int) -> Iterator[Any]:
        """Matches that do not overlap; none that is empty and touches the one before."""
        at, before, count = 0, -1, 0
        while at <= len(text) and (limit < 0 or count < limit):
            found = self._search(text, at)
            if found is None:
                return
            start, end = found.span()
            accepted = not (start == end == at and start == before)
            at = at + (_width(text, at) or 1) if end == at else end
            before = end
            if accepted:
                yield found
                count += 1

    def replace(self, text: bytes, replacement: Callable[[Any], bytes]) -> Iterator[bytes]:
        """The pieces of the text with every match replaced, as `ReplaceAll` does it."""
        text = _widened(text)
        last, at = 0, 0
        while at <= len(text):
            found = self._search(text, at)
            if found is None:
                break
            start, end = found.span()
            yield _narrowed(text[last:start])
            if end > last or start == 0:
                yield _narrowed(replacement(found))
            last = end
            at = max(end, at + (_width(text, at) or 1))
        yield _narrowed(text[last:])

    def split(self, text: bytes, limit: int) -> list[bytes] | None:
        """`Split`; None for a limit of 0."""
        if limit == 0:
            return None
        if not text and self._compiled.pattern:
            return [b""]
        text = _widened(text)
        parts: list[bytes] = []
        begin = end = 0
        for found in self._matches(text, limit):
            if 0 < limit <= len(parts) + 1:
                break
            end = found.start()
            if found.end():
                parts.append(text[begin:end])
            begin = found.end()
        if end != len(text):
            parts.append(text[begin:])
        return list(map(_narrowed, parts))

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
        numbers = [number for number, known in enumerate(self._names, 1) if known == encode(name)]
        return next((found[number] for number in numbers if found[number] is not None), b"")


def _widened(text: bytes) -> bytes:
    """The text with every broken byte as a character of its own, which `.` matches, as in Go."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return decode(text).translate(_WIDE).encode()
    return text


def _narrowed(text: bytes) -> bytes:
    return encode(decode(text).translate(_NARROW)) if _MARK in text else text


def _inside(text: bytes, at: int) -> bool:
    """Whether a place is within a character."""
    return at < len(text) and text[at] & 0xC0 == 0x80  # as UTF-8 marks it


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
