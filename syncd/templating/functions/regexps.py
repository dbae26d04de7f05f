"""Sprig's functions for regular expressions, which are RE2's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from syncd.templating.calls import CallError, World, function
from syncd.templating.golang.regexps import Regexp, RegexpError, quote_meta
from syncd.templating.golang.values import NilStrings, Strings

_PACE: Final = 16


def _compiled(world: World, pattern: bytes) -> Regexp:
    try:
        return Regexp(pattern, world.meter.spend)
    except RegexpError as problem:
        raise CallError(str(problem)) from None


@function("regexMatch", pace=_PACE)
def regex_match(world: World, pattern: bytes, text: bytes) -> bool:
    """False, too, when the expression is not valid."""
    try:
        return Regexp(pattern, world.meter.spend).matches(text)
    except RegexpError:
        return False


@function("mustRegexMatch", pace=_PACE)
def must_regex_match(world: World, pattern: bytes, text: bytes) -> bool:
    return _compiled(world, pattern).matches(text)


@function("regexFind", "mustRegexFind", pace=_PACE)
def regex_find(world: World, pattern: bytes, text: bytes) -> bytes:
    return _compiled(world, pattern).find(text) or b""


@function("regexFindAll", "mustRegexFindAll", pace=_PACE)
def regex_find_all(world: World, pattern: bytes, text: bytes, limit: int) -> Strings:
    found = _compiled(world, pattern).find_all(text, limit)
    return Strings(found) if found else NilStrings()


@function("regexReplaceAll", "mustRegexReplaceAll", pace=_PACE)
def regex_replace_all(world: World, pattern: bytes, text: bytes, template: bytes) -> bytes:
    regexp = _compiled(world, pattern)
    return _joined(world, regexp.replace(text, lambda found: regexp.expand(template, found)))


@function("regexReplaceAllLiteral", "mustRegexReplaceAllLiteral", pace=_PACE)
def regex_replace_all_literal(world: World, pattern: bytes, text: bytes, replacement: bytes) -> bytes:
    return _joined(world, _compiled(world, pattern).replace(text, lambda _: replacement))


def _joined(world: World, pieces: Iterable[bytes]) -> bytes:
    out: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        world.meter.room(size)
        out.append(piece)
    return b"".join(out)


@function("regexSplit", "mustRegexSplit", pace=_PACE)
def regex_split(world: World, pattern: bytes, text: bytes, limit: int) -> Strings:
    parts = _compiled(world, pattern).split(text, limit)
    return NilStrings() if parts is None else Strings(parts)


@function("regexQuoteMeta")
def regex_quote_meta(text: bytes) -> bytes:
    return quote_meta(text)
