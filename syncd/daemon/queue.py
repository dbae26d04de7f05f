"""The order of work: which names are taken next. No clock, no threads of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from threading import Condition

from syncd.model import ObjectName


class Lane(IntEnum):
    """Lower ones go first."""

    NEW = 0
    """New, changed, drifted, or asked for by a person."""
    PERIODIC = 1
    """Due by schedule, or again after a failure."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Names of one group, for one pass."""

    group: str
    names: tuple[ObjectName, ...]
    lane: Lane


class Queue:
    """Names wait once, in the best lane that they were put into, and are taken by groups.

    Of a group one batch is under way at a time, so a store that hangs holds up one thread; a name that is under way
    may wait again, and is not taken before `done`.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: dict[Lane, dict[str, dict[ObjectName, None]]] = {lane: {} for lane in Lane}
        self._lanes: dict[ObjectName, tuple[Lane, str]] = {}
        self._under_way: dict[str, Batch] = {}
        self._busy: Counter[ObjectName] = Counter()
        self._closed = False

    def add(self, group: str, names: Iterable[ObjectName], lane: Lane) -> None:
        with self._changed:
            for name in names:
                known = self._lanes.get(name)
                if known and known[0] < lane:
                    continue
                self._forget(name)
                self._lanes[name] = (lane, group)
                self._waiting[lane].setdefault(group, {})[name] = None
            self._changed.notify_all()

    def drop(self, names: Iterable[ObjectName]) -> None:
        """They wait no more; what is under way goes on."""
        with self._changed:
            for name in names:
                self._forget(name)

    def take(self) -> Batch | None:
        """The next batch, if one can begin."""
        with self._changed:
            return self._take()

    def wait(self, timeout: float) -> Batch | None:
        """As `take`, but waits up to `timeout` seconds for a batch, and not at all when the queue is closed."""
        with self._changed:
            batch = self._take()
            if batch is None and not self._closed:
                self._changed.wait(timeout)
                batch = self._take()
            return batch

    def done(self, batch: Batch) -> None:
        with self._changed:
            del self._under_way[batch.group]
            self._busy -= Counter(batch.names)
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing is given out any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def under_way(self, name: ObjectName) -> bool:
        with self._changed:
            return name in self._busy

    @property
    def idle(self) -> bool:
        with self._changed:
            return not self._lanes and not self._under_way

    def depth(self, *, without: str = "") -> tuple[Mapping[Lane, int], int]:
        """How many names wait in each lane, and how many are under way, but for those of one group."""
        with self._changed:
            counts = Counter(lane for lane, group in self._lanes.values() if group != without)
            busy = sum(len(batch.names) for group, batch in self._under_way.items() if group != without)
            return {lane: counts[lane] for lane in Lane}, busy

    def _take(self) -> Batch | None:
        if self._closed:
            return None
        for lane, groups in self._waiting.items():
            for group, waiting in groups.items():
                names = () if group in self._under_way else tuple(n for n in waiting if n not in self._busy)
                if names:
                    return self._begin(Batch(group, names, lane))
        return None

    def _begin(self, batch: Batch) -> Batch:
        for name in batch.names:
            self._forget(name)
        self._under_way[batch.group] = batch
        self._busy.update(batch.names)
        return batch

    def _forget(self, name: ObjectName) -> None:
        lane, group = self._lanes.pop(name, (None, ""))
        if lane is not None:
            del self._waiting[lane][group][name]
            if not self._waiting[lane][group]:
                del self._waiting[lane][group]
