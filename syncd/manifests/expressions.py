"""The regular expressions of manifests as Go's `regexp` runs them: RE2, with Go's way of replacing."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import takewhile

import re2

from syncd.errors import RenderError
from syncd.manifests.fields import refused

_CACHED = 256
LONGEST = 16_384
"""Characters of an expression."""
GROUPS = 100
"""RE2 keeps the places of all groups for each of the states that it is in at once: it gets slow by their square."""
_INSIDE = frozenset(bytes([byte]) for byte in range(0x80, 0xC0))
"""Bytes of UTF-8 that begin no character."""
_CLASS = re.compile(r"\\Q.*?(?:\\E|\Z)|\\([pP])(?:\{\^?([^}^]*)\}|([a-z]))|\\(.)", re.DOTALL)
_GROUP = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:\[:[^\]]*:\]|\\.|[^\]\\])*\]|(\()(?!\?)|\(\?P?<([^>=!]*)>", re.DOTALL
)
_NAME = re.compile(r"[A-Za-z0-9_]+")
_CATEGORIES = {
    "letter": "L", "uppercaseletter": "Lu", "lowercaseletter": "Ll", "titlecaseletter": "Lt", "modifierletter": "Lm",
    "otherletter": "Lo", "mark": "M", "combiningmark": "M", "nonspacingmark": "Mn", "spacingmark": "Mc",
    "enclosingmark": "Me", "number": "N", "decimalnumber": "Nd", "digit": "Nd", "letternumber": "Nl",
    "othernumber": "No", "punctuation": "P", "punct": "P", "connectorpunctuation": "Pc", "dashpunctuation": "Pd",
    "openpunctuation": "Ps", "closepunctuation": "Pe", "initialpunctuation": "Pi", "finalpunctuation": "Pf",
    "otherpunctuation": "Po", "symbol": "S", "mathsymbol": "Sm", "currencysymbol": "Sc", "modifiersymbol": "Sk",
    "othersymbol": "So", "separator": "Z", "spaceseparator": "Zs", "lineseparator": "Zl", "paragraphseparator": "Zp",
    "other": "C", "control": "Cc", "cntrl": "Cc", "format": "Cf", "surrogate": "Cs", "privateuse": "Co",
}  # fmt: skip
"""Long names of Unicode's categories, which Go knows and RE2 does not."""


class Expression:
    """A compiled expression; safe to use from several threads."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > LONGEST:
            raise _refused(f"{pattern[:20]}…", f"it is longer than {LONGEST} characters")
        options = re2.Options()
        options.log_errors = False
        try:
            self._compiled = re2.compile(_CLASS.sub(_for_re2, pattern).encode(), options)
        except re2.error as error:
            raise _refused(pattern, bytes(error.args[0]).decode("utf-8", "replace")) from None
        self._names = [match[2] for match in _GROUP.finditer(pattern) if match[1] or match[2] is not None]
        if len(self._names) > GROUPS:
            raise _refused(f"{pattern[:20]}…", f"it has more than {GROUPS} groups")
        if any(match[4] == "C" for match in _CLASS.finditer(pattern)):
            raise _refused(pattern, "Go has no `\\C`")
        for name in self._names:
            if name is not None and not _NAME.fullmatch(name):
                raise _refused(pattern, f"the name of a group is not made of letters and digits: {name}")

    @property
    def groups(self) -> int:
        return len(self._names)

    def search(self, text: str) -> bool:
        """Whether any part of the text matches."""
        return self._found(text.encode(), 0) is not None

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        return self._compiled.fullmatch(text.encode()) is not None

    def replace(self, text: str, template: str) -> str:
        """Go's `ReplaceAllString`: `$1`, `${1}`, `${name}` and `$$` in the template stand for what matched."""
        subject, parts = text.encode(), _parts(template)
        out, copied, at = bytearray(), 0, 0
        while match := self._found(subject, at):
            start, end = match.span()
            out += subject[copied:start]
            if end > copied or start == 0:  # an empty match right after a match does not count
                out += b"".join(part if isinstance(part, bytes) else self._group(match, part) for part in parts)
            copied = end
            at = max(_next(subject, at), end)
        return (out + subject[copied:]).decode("utf-8", "replace")

    def _found(self, subject: bytes, at: int) -> re.Match[bytes] | None:
        """The first match from `at` on; a `\\B` inside a character is a place that Go does not see."""
        while at <= len(subject):
            match: re.Match[bytes] | None = self._compiled.search(subject, at)
            if match is None or subject[match.start() : match.start() + 1] not in _INSIDE:
                return match
            at = match.start() + 1
        return None

    def _group(self, match: re.Match[bytes], name: str) -> bytes:
        """What a group matched; nothing when there is none of that number or name."""
        if not name.isascii() or not name.isdigit() or (name[0] == "0" and len(name) > 1):
            numbers = [number for number, known in enumerate(self._names, 1) if known == name]
        else:
            numbers = [int(name)] if len(name) < 9 and int(name) <= len(self._names) else []
        return next((found for number in numbers if (found := match.group(number)) is not None), b"")


@lru_cache(_CACHED)
def expression(pattern: str) -> Expression:
    """Raises RenderError when it is not RE2 as Go reads it."""
    return Expression(pattern)


def _refused(pattern: str, why: str) -> RenderError:
    hint = "the syntax is RE2: no look-around and no back-references"
    return RenderError(f"`{pattern}` is not a regular expression: {why}", hint=hint)


def _for_re2(match: re.Match[str]) -> str:
    """Writes names of character classes as RE2 knows them."""
    kind, name, letter, _ = match.groups()
    if letter:
        return f"\\{kind}{letter.upper()}"
    if name:
        plain = re.sub(r"[ _-]", "", name).lower()
        known = _CATEGORIES.get(plain, plain.capitalize() if plain == name.lower() else name)
        return match[0].replace(name, known)
    return match[0]


def check(pattern: str) -> str:
    """Returns the pattern; raises the error of a validator when it is not RE2."""
    try:
        expression(pattern)
    except RenderError as error:
        raise refused(error.message, hint=error.hint) from None
    return pattern


@lru_cache(_CACHED)
def _parts(template: str) -> tuple[bytes | str, ...]:
    """The template as literal bytes and the names of groups."""
    head, *rest = template.split("$")
    parts: list[bytes | str] = [head.encode()]
    pieces = iter(rest)
    for piece in pieces:
        if not piece:  # two in a row, or one at the end
            parts.append(b"$" + next(pieces, "").encode())
            continue
        braced = piece[0] == "{"
        name = "".join(takewhile(_in_name, piece[braced:]))
        end = len(name) + 2 * braced
        if not name or (braced and piece[end - 1 : end] != "}"):
            parts.append(b"$" + piece.encode())
        else:
            parts += [name, piece[end:].encode()]
    return tuple(parts)


def _in_name(character: str) -> bool:
    return character == "_" or character.isalpha() or character.isdecimal()


def _next(subject: bytes, at: int) -> int:
    """Where the character after the one at `at` begins."""
    at += 1
    while at < len(subject) and subject[at] & 0xC0 == 0x80:
        at += 1
    return at
