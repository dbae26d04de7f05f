"""Sprig's functions on text: they count bytes and may cut characters in two, as the reference does."""

from __future__ import annotations

from typing import Any

from syncd.templating.calls import SLOW, CallError, World, function
from syncd.templating.functions.conversion import to_text, to_texts
from syncd.templating.golang import text as chars
from syncd.templating.golang.printf import sprintf
from syncd.templating.golang.printing import plain
from syncd.templating.golang.quoting import quote as quoted
from syncd.templating.golang.values import StringMap, Strings


@function("trim")
def trim(text: bytes) -> bytes:
    return chars.trim_space(text)


@function("trimAll", "trimall")
def trim_all(cutset: bytes, text: bytes) -> bytes:
    return chars.trim(text, cutset)


@function("trimPrefix")
def trim_prefix(prefix: bytes, text: bytes) -> bytes:
    return text.removeprefix(prefix)


@function("trimSuffix")
def trim_suffix(suffix: bytes, text: bytes) -> bytes:
    return text.removesuffix(suffix)


@function("upper", pace=64)
def upper(text: bytes) -> bytes:
    return chars.upper(text)


@function("lower", pace=64)
def lower(text: bytes) -> bytes:
    return chars.lower(text)


@function("title", pace=SLOW)
def title(text: bytes) -> bytes:
    return chars.title(text)


@function("contains")
def contains(part: bytes, text: bytes) -> bool:
    return part in text


@function("hasPrefix")
def has_prefix(prefix: bytes, text: bytes) -> bool:
    return text.startswith(prefix)


@function("hasSuffix")
def has_suffix(suffix: bytes, text: bytes) -> bool:
    return text.endswith(suffix)


@function("repeat")
def repeat(world: World, count: int, text: bytes) -> bytes:
    if count < 0:
        raise CallError("the count is negative")
    world.meter.room(count * len(text))
    return text * count


@function("replace")
def replace(world: World, old: bytes, new: bytes, text: bytes) -> bytes:
    if not old:
        pieces = [chars.encode(char) for char in chars.decode(text)]
        world.meter.spend(len(pieces) // SLOW)
        world.meter.room(len(text) + len(new) * (len(pieces) + 1))
        return new + b"".join(piece + new for piece in pieces)
    world.meter.room(len(text) + text.count(old) * max(0, len(new) - len(old)))
    return text.replace(old, new)


@function("trunc")
def trunc(count: int, text: bytes) -> bytes:
    """The first `count` bytes; of a negative one the last."""
    if count < 0:
        return text[count:] if len(text) + count > 0 else text
    return text[:count]


@function("substr")
def substr(start: int, end: int, text: bytes) -> bytes:
    if start < 0:
        return _cut(text, 0, end)
    return _cut(text, start, len(text) if end < 0 or end > len(text) else end)


def _cut(text: bytes, start: int, end: int) -> bytes:
    if not 0 <= start <= end <= len(text):
        raise CallError("the bounds are out of range")
    return text[start:end]


@function("nospace", pace=SLOW)
def nospace(text: bytes) -> bytes:
    """Takes each byte for a character, so that any blank in text beyond ASCII garbles it."""
    kept = "".join(char for char in text.decode("latin-1") if not chars.is_space(char))
    return text if len(kept) == len(text) else kept.encode()


@function("quote", pace=SLOW)
def quote(world: World, *values: Any) -> bytes:
    room = world.meter.room
    return b" ".join(quoted(to_text(value, room)) for value in values if value is not None)


@function("squote")
def squote(world: World, *values: Any) -> bytes:
    return b" ".join(b"'" + plain(value, world.meter.room) + b"'" for value in values if value is not None)


@function("cat")
def cat(world: World, *values: Any) -> bytes:
    present = [value for value in values if value is not None]
    return sprintf(b" ".join([b"%v"] * len(present)), present, world.meter.room)


@function("indent")
def indent(world: World, spaces: int, text: bytes) -> bytes:
    if spaces < 0:
        raise CallError("the indent is negative")
    world.meter.room(len(text) + spaces * (text.count(b"\n") + 1))
    pad = b" " * spaces
    return pad + text.replace(b"\n", b"\n" + pad)


@function("nindent")
def nindent(world: World, spaces: int, text: bytes) -> bytes:
    return b"\n" + indent(world, spaces, text)


@function("plural")
def plural(one: bytes, many: bytes, count: int) -> bytes:
    return one if count == 1 else many


@function("join")
def join(world: World, separator: bytes, values: Any) -> bytes:
    texts = to_texts(values, world.meter.room)
    world.meter.room(sum(map(len, texts)) + len(separator) * (len(texts) - 1))
    return separator.join(texts)


@function("sortAlpha")
def sort_alpha(world: World, values: Any) -> Strings:
    """Sorts a list of strings in its place, and any other list as a new one."""
    if not isinstance(values, list):
        return Strings([to_text(values, world.meter.room)])
    texts = to_texts(values, world.meter.room)
    world.meter.spend(len(texts))
    texts.sort()
    return texts


def divide(world: World, text: bytes, separator: bytes, limit: int = -1) -> list[bytes]:
    """`strings.SplitN`: an empty separator gives the characters."""
    if limit == 0:
        return []
    if separator:
        world.meter.items(text.count(separator) + 1)
        return text.split(separator, limit - 1 if limit > 0 else -1)
    if not text:
        return []
    letters = [chars.encode(char) for char in chars.decode(text)]
    world.meter.items(len(letters))
    return [*letters[: limit - 1], b"".join(letters[limit - 1 :])] if 0 < limit < len(letters) else letters


def _numbered(parts: list[bytes]) -> StringMap:
    return StringMap((b"_%d" % at, part) for at, part in enumerate(parts))


@function("split")
def split(world: World, separator: bytes, text: bytes) -> StringMap:
    return _numbered(divide(world, text, separator))


@function("splitn")
def splitn(world: World, separator: bytes, limit: int, text: bytes) -> StringMap:
    return _numbered(divide(world, text, separator, limit))


@function("splitList")
def split_list(world: World, separator: bytes, text: bytes) -> Strings:
    return Strings(divide(world, text, separator))


@function("hello")
def hello() -> bytes:
    return b"Hello!"
