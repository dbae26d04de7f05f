"""Sprig's functions on lists; each returns a new list."""

from __future__ import annotations

import math
from typing import Any, Final

from syncd.templating.calls import CallError, World, function
from syncd.templating.functions.conversion import to_integer
from syncd.templating.golang.values import Lists, NilList, is_empty, kind_of, same

_SIMPLE: Final = (bytes, int, float)


def _items(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise CallError(f"a `{'nil' if value is None else kind_of(value)}` is no list")


def _copied(world: World, value: Any) -> list[Any]:
    """The items of a list that is about to be copied."""
    items = _items(value)
    world.meter.spend(len(items) >> 4)
    return items


@function("list", "tuple")
def make_list(*values: Any) -> list[Any]:
    return list(values)


@function("append", "push", "mustAppend", "mustPush")
def append(world: World, items: Any, value: Any) -> list[Any]:
    return [*_copied(world, items), value]


@function("prepend", "mustPrepend")
def prepend(world: World, items: Any, value: Any) -> list[Any]:
    return [value, *_copied(world, items)]


@function("first", "mustFirst")
def first(items: Any) -> Any:
    return next(iter(_items(items)), None)


@function("last", "mustLast")
def last(items: Any) -> Any:
    return next(reversed(_items(items)), None)


@function("rest", "mustRest")
def rest(world: World, items: Any) -> list[Any]:
    return list(found[1:]) if (found := _copied(world, items)) else NilList()


@function("initial", "mustInitial")
def initial(world: World, items: Any) -> list[Any]:
    return list(found[:-1]) if (found := _copied(world, items)) else NilList()


@function("reverse", "mustReverse")
def reverse(world: World, items: Any) -> list[Any]:
    return list(reversed(_copied(world, items)))


@function("compact", "mustCompact")
def compact(world: World, items: Any) -> list[Any]:
    return [item for item in _copied(world, items) if not is_empty(item)]


class _Seen:
    """Items that were seen, compared as `reflect.DeepEqual` does."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.simple: set[tuple[type, Any]] = set()
        self.others: list[Any] = []

    def __contains__(self, item: Any) -> bool:
        if item is None or isinstance(item, _SIMPLE):
            return item == item and (type(item), item) in self.simple
        self.world.meter.spend(len(self.others))
        return any(same(item, other) for other in self.others)

    def add(self, item: Any) -> None:
        if item is None or isinstance(item, _SIMPLE):
            self.simple.add((type(item), item))
        else:
            self.others.append(item)


@function("uniq", "mustUniq")
def uniq(world: World, items: Any) -> list[Any]:
    seen = _Seen(world)
    kept: list[Any] = []
    for item in _copied(world, items):
        if item not in seen:
            seen.add(item)
            kept.append(item)
    return kept


@function("without", "mustWithout")
def without(world: World, items: Any, *unwanted: Any) -> list[Any]:
    seen = _Seen(world)
    for item in unwanted:
        seen.add(item)
    return [item for item in _copied(world, items) if item not in seen]


@function("has", "mustHas")
def has(world: World, needle: Any, items: Any) -> bool:
    if items is None:
        return False
    return any(same(needle, item) for item in _copied(world, items))


@function("slice", "mustSlice")
def slice_list(world: World, items: Any, *bounds: Any) -> Any:
    """Sprig's, for lists only; bounds are converted to numbers, and an empty list gives nil."""
    found = _copied(world, items)
    if not found:
        return None
    start = to_integer(bounds[0]) if bounds else 0
    end = to_integer(bounds[1]) if len(bounds) > 1 else len(found)
    if not 0 <= start <= end <= len(found):
        raise CallError("the bounds are out of range")
    return type(found)(found[start:end])


@function("concat")
def concat(world: World, *lists: Any) -> list[Any]:
    joined = [item for items in lists for item in _copied(world, items)]
    return joined or NilList()


@function("chunk", "mustChunk")
def chunk(world: World, size: int, items: Any) -> Lists:
    """Lists of `size` items; the last one has the rest."""
    found = _copied(world, items)
    if size == 0:
        raise CallError("the size is zero")
    count = math.floor((len(found) - 1) / size) + 1
    remainder = int(math.fmod(len(found), size)) or size
    if count < 0 or (count and remainder < 0):
        raise CallError("the size is negative")
    return Lists(list(found[at * size :][: remainder if at == count - 1 else size]) for at in range(count))
