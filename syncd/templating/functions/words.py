"""Sprig's functions on words: initials, cases, wrapping and abbreviation."""

from __future__ import annotations

from syncd.templating.calls import SLOW, World, function
from syncd.templating.functions.snakes import with_connectors
from syncd.templating.golang import text as chars
from syncd.templating.golang.text import encode, is_space, lower_char, runes, title_char, upper_char


@function("initials", pace=SLOW)
def initials(text: bytes) -> bytes:
    """The first character of every word, where each byte counts as one."""
    letters = text.decode("latin-1")
    return "".join(
        char for before, char in zip(" " + letters, letters, strict=False) if is_space(before) and not is_space(char)
    ).encode()


@function("untitle", pace=SLOW)
def untitle(text: bytes) -> bytes:
    """The first letter of every word in lower case."""
    letters = runes(text)
    pairs = zip(" " + letters, letters, strict=False)
    return encode("".join(lower_char(char) if is_space(before) else char for before, char in pairs))


@function("swapcase", pace=SLOW)
def swapcase(text: bytes) -> bytes:
    """Upper case to lower case and back; a lower-case letter that begins a word gets title case."""
    out: list[str] = []
    begins = True
    for char in runes(text):
        if chars.is_upper(char) or chars.is_title(char):
            out.append(lower_char(char))
            begins = False
        elif chars.is_lower(char):
            out.append(title_char(char) if begins else upper_char(char))
            begins = False
        else:
            out.append(char)
            begins = is_space(char)
    return encode("".join(out))


@function("shuffle", deterministic=False, pace=SLOW)
def shuffle(world: World, text: bytes) -> bytes:
    letters = list(runes(text))
    world.engine.random.shuffle(letters)
    return encode("".join(letters))


def _is_connector(char: str) -> bool:
    return char in "-_" or is_space(char)


@function("camelcase", pace=SLOW)
def camelcase(text: bytes) -> bytes:
    """Words joined by capitals: `http_server` gives `HttpServer`; connectors stay at the ends, and but one between."""
    letters = runes(text)
    start = next((at for at, char in enumerate(letters) if not _is_connector(char)), len(letters))
    if start == len(letters):
        # The reference writes the last connector twice when there is nothing else.
        return encode(letters + letters[-1:])
    out = [letters[:start]]
    shouting = chars.is_upper(letters[start])
    current = upper_char(letters[start])
    for char in letters[start + 1 :]:
        before, current = current, char
        if _is_connector(before) and _is_connector(char):
            out.append(before)
        elif _is_connector(before):
            shouting = chars.is_upper(char)
            current = upper_char(char)
        else:
            if shouting and chars.is_upper(char):
                current = lower_char(char)
            elif shouting:
                shouting = False
            out.append(before)
    return encode("".join(out) + current)


@function("snakecase", pace=1)
def snakecase(text: bytes) -> bytes:
    return with_connectors(text, "_")


@function("kebabcase", pace=1)
def kebabcase(text: bytes) -> bytes:
    return with_connectors(text, "-")


@function("wrap")
def wrap(world: World, width: int, text: bytes) -> bytes:
    """Line feeds in place of blanks, so that lines are no longer than `width` bytes where words allow it."""
    return _wrapped(world, text, max(width, 1), b"\n", cuts=False)


@function("wrapWith")
def wrap_with(world: World, width: int, separator: bytes, text: bytes) -> bytes:
    """As `wrap`, with another separator, and words that are too long are cut."""
    return _wrapped(world, text, max(width, 1), separator or b"\n", cuts=True)


def _wrapped(world: World, text: bytes, width: int, separator: bytes, *, cuts: bool) -> bytes:
    lines: list[bytes] = []
    at, size = 0, 0
    while len(text) - at > width:
        world.meter.spend(1)
        if text[at] == 0x20:
            at += 1
            continue
        end = text.rfind(b" ", at, at + width + 1)
        step = 1
        if end < 0 and cuts:
            end, step = at + width, 0
        elif end < 0:
            end = text.find(b" ", at + width)
            if end < 0:
                break
        lines.append(text[at:end])
        size += end - at + len(separator)
        world.meter.room(size)
        at = end + step
    lines.append(text[at:])
    return separator.join(lines)


@function("abbrev")
def abbrev(width: int, text: bytes) -> bytes:
    return _abbreviated(text, 0, width) if width >= 4 else text


@function("abbrevboth")
def abbrev_both(left: int, right: int, text: bytes) -> bytes:
    return text if right < 4 or (left > 0 and right < 7) else _abbreviated(text, left, right)


def _abbreviated(text: bytes, offset: int, width: int) -> bytes:
    """At most `width` bytes around the offset, with `...` in place of what is left out."""
    if len(text) <= width:
        return text
    offset = min(offset, len(text))
    if len(text) - offset < width - 3:
        offset = len(text) - (width - 3)
    if offset <= 4:
        return text[: width - 3] + b"..."
    if width < 7:
        return b""
    if offset + width - 3 < len(text):
        return b"..." + _abbreviated(text[offset:], 0, width - 3)
    return b"..." + text[len(text) - (width - 3) :]
