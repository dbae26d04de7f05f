"""When what failed is tried again: later each time, bounded below and above. Told the time; no clock of its own.

A declaration that fails alone has a count of its own. A store that answered nothing to anybody has one too, and until
it is due again its declarations are not asked for by schedule either: it is probed, not hammered.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from syncd.model import ObjectName

LEAST = 5.0
"""Seconds before a first retry."""
MINUTE = 60.0
"""A shorter interval does not make retries come faster than this in the long run."""
PASSING = 3600.0
"""Longest pause after a failure that passes by itself (an outage, throttling), in seconds."""
JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Miss:
    """One declaration that failed."""

    name: ObjectName
    interval: float | None
    """Seconds between its refreshes; None when it has no interval."""
    passing: bool
    """Whether it may work again without anybody doing something."""
    retry_after: float = 0.0
    """Seconds that the store asks to wait at least."""


@dataclass(slots=True)
class _Count:
    failures: int = 0
    due: float = 0.0
    holds: bool = True
    """Whether it is not refreshed by schedule before it is due."""


@dataclass(slots=True)
class Backoff:
    """Times are seconds on a clock that is never set."""

    random: Callable[[], float] = random.random
    _names: dict[ObjectName, _Count] = field(default_factory=dict)
    _stores: dict[str, _Count] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def failed(self, misses: Iterable[Miss], now: float) -> dict[ObjectName, float]:
        """When each is due again."""
        with self._lock:
            return {miss.name: self._count(self._names.setdefault(miss.name, _Count()), miss, now) for miss in misses}

    def store_failed(self, store: str, misses: Collection[Miss], now: float) -> float:
        """The store answered none of its declarations; all of them wait for it. When it is due again."""
        with self._lock:
            soonest = min(misses, key=lambda miss: (-miss.retry_after, upper(miss)))
            due = self._count(self._stores.setdefault(store, _Count()), soonest, now)
            for miss in misses:
                self._wait(miss.name, due)
            return due

    def succeeded(self, names: Iterable[ObjectName], stores: Iterable[str]) -> None:
        """Their counts begin anew."""
        with self._lock:
            for name in names:
                self._names.pop(name, None)
            for store in stores:
                self._stores.pop(store, None)

    def later(self, name: ObjectName, due: float, *, holds: bool) -> None:
        """Something is to be looked at again then, without having failed; no sooner, if it `holds`."""
        with self._lock:
            count = self._names.setdefault(name, _Count())
            count.due, count.holds = due, holds or bool(count.failures)

    def forget(self, names: Iterable[ObjectName]) -> None:
        """They are declared no more, or somebody wants them now."""
        with self._lock:
            for name in names:
                self._names.pop(name, None)

    def keep_stores(self, stores: Collection[str]) -> None:
        """There are no others any more."""
        with self._lock:
            self._stores = {store: count for store, count in self._stores.items() if store in stores}

    def rests(self, name: ObjectName, stores: Iterable[str], now: float) -> bool:
        """Whether a refresh by schedule comes too early: the declaration, or one of its stores, is due later.

        It is then tried when both are due, so that it misses no more than that.
        """
        with self._lock:
            counts = [self._names.get(name), *(self._stores.get(store) for store in stores)]
            due = max((count.due for count in counts if count and count.holds), default=0.0)
            if due > now:
                self._wait(name, due)
            return due > now

    def due(self, now: float) -> tuple[ObjectName, ...]:
        """What is due, which is then no longer waited for; its failures are remembered."""
        with self._lock:
            found = tuple(name for name, count in self._names.items() if 0 < count.due <= now)
            for name in found:
                self._names[name].due = 0.0
            return found

    def next_due(self) -> float | None:
        with self._lock:
            return min((count.due for count in self._names.values() if count.due), default=None)

    def due_of(self, name: ObjectName) -> tuple[float, bool] | None:
        """When it is due, if it waits, and whether it is not refreshed by schedule before."""
        with self._lock:
            count = self._names.get(name)
            return (count.due, count.holds) if count and count.due else None

    def waiting(self) -> Mapping[ObjectName, float]:
        """When each is due that waits."""
        with self._lock:
            return {name: count.due for name, count in self._names.items() if count.due}

    def _wait(self, name: ObjectName, due: float) -> None:
        count = self._names.setdefault(name, _Count())
        count.due, count.holds = due, True

    def _count(self, count: _Count, miss: Miss, now: float) -> float:
        count.failures += 1
        count.holds = True
        count.due = now + pause(miss, count.failures) * (1 + JITTER * (2 * self.random() - 1))
        return count.due


def pause(miss: Miss, failures: int) -> float:
    """Seconds until the next try after so many failures in a row: doubled each time, between LEAST and `upper`."""
    grown: float = LEAST * 2.0 ** min(failures - 1, 30)
    return max(min(grown, upper(miss)), miss.retry_after)


def upper(miss: Miss) -> float:
    """The declaration's interval: what is refreshed once a day is, broken, not asked for more often in the end."""
    longest = max(MINUTE, miss.interval or PASSING)
    return min(longest, PASSING) if miss.passing else longest
