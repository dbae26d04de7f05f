"""Stores and time that tests make up: the schedule runs to its end with no thread and no waiting."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from tenacity.wait import wait_fixed, wait_incrementing

from syncd.model import ObjectName
from syncd.providers.api import (
    Dialect,
    Failed,
    Failure,
    FindQuery,
    Found,
    Matched,
    RemoteKey,
    SecretValue,
    StoreHealth,
)
from syncd.providers.jobs import Answer, Item, Reading, Statistics, StoreReply, StoreRequest
from syncd.providers.lane import Call
from syncd.providers.retries import Retries
from syncd.providers.schedule import Schedule
from syncd.providers.testing import store_config

FOUND = Found(SecretValue("x"))
DOWN = Failed(Failure.UNAVAILABLE, "connection refused")
SLOW_DOWN = Failed(Failure.THROTTLED, "slow down")
LATE = Failed(Failure.TIMEOUT, "no answer within 10 s")
STEADY = Retries(backoff=wait_fixed(1), pause=wait_incrementing(start=2, increment=2))
"""Waits that a test can reckon with: 1 s between attempts, 2, 4, 6 s of pause when throttled."""

Behaviour = Callable[["Store", float, Item], Answer]


def keys(count_: int) -> list[RemoteKey]:
    return [RemoteKey(f"k{n}") for n in range(count_)]


@dataclass(eq=False)
class Store:
    """A provider that answers each item with what `behaviour` says, `seconds` after it was asked."""

    behaviour: Behaviour = lambda _store, _now, _item: FOUND
    seconds: float = 0.01
    lane: str = "lane"
    batch: int = 1
    width: int = 8
    dialect: Dialect = Dialect.FAKE
    asked: list[tuple[float, tuple[Item, ...]]] = field(default_factory=list)
    """When, and for what."""

    def fetch(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Failed]:
        """Is never called: the simulation answers."""
        raise NotImplementedError

    def find(self, query: FindQuery) -> Matched | Failed:
        """Is never called: the simulation answers."""
        raise NotImplementedError

    def check(self) -> StoreHealth:
        """Is never called."""
        raise NotImplementedError

    def close(self) -> None:
        """Is never called."""

    def times(self, item: Item) -> list[float]:
        """When an item was asked for."""
        return [at for at, items in self.asked if item in items]


def hangs(lane: str = "lane", width: int = 8) -> Store:
    """A store that never answers."""
    return Store(seconds=math.inf, lane=lane, width=width)


def answered(*answers: Answer) -> Store:
    """A store that answers with these, one attempt after the other, and then with the last."""

    def behaviour(store: Store, _now: float, item: Item) -> Answer:
        return answers[min(len(store.times(item)), len(answers)) - 1]

    return Store(behaviour)


def until(seconds: float, failure: Failed) -> Store:
    """A store that fails until a moment, and then works."""
    return Store(lambda _store, now, _item: failure if now < seconds else FOUND)


class Simulation:
    """A schedule whose calls end at made-up times."""

    def __init__(self, *, places: int = 32, retries: Retries = STEADY) -> None:
        self.schedule = Schedule(places, retries)
        self.now = 0.0
        self.counts = Statistics()
        self.most_under_way: dict[str, int] = {}
        self._under_way: list[tuple[float, int, Call]] = []
        self._order = count()

    def ask(
        self, store: Store | Failed, items: Collection[Item], *, timeout: float = 10.0, name: str = "store"
    ) -> Wanted:
        """Queues a request; `run` answers it."""
        config = replace(store_config("simulated", {}, timeout=timeout), name=ObjectName("test", name))
        wanted = Wanted(self)
        reading = Reading(StoreRequest(config, store, items), self.counts, wanted.done)
        self.schedule.add(reading.start(), self.now)
        return wanted

    def run(self, until: float = math.inf) -> None:
        """Goes on until nothing is left to do, or `until`; calls that never end are left to themselves."""
        while True:
            wakes = self.schedule.tick(self.now)
            while call := self.schedule.take(self.now):
                self._start(call)
            ends = self._under_way[0][0] if self._under_way else math.inf
            following = min(self.schedule.tick(self.now), wakes, ends)
            if following > until or math.isinf(following):
                self.now = until if math.isfinite(until) else self.now
                return
            self.now = max(self.now, following)
            while self._under_way and self._under_way[0][0] <= self.now:
                self._end(heapq.heappop(self._under_way)[2])

    def _start(self, call: Call) -> None:
        store = call.job.provider
        assert isinstance(store, Store)
        store.asked.append((self.now, call.job.items))
        heapq.heappush(self._under_way, (self.now + store.seconds, next(self._order), call))
        lane = call.lane
        self.most_under_way[lane.name] = max(self.most_under_way.get(lane.name, 0), lane.under_way)

    def _end(self, call: Call) -> None:
        store = call.job.provider
        assert isinstance(store, Store)
        answers = {item: store.behaviour(store, self.now, item) for item in call.job.items}
        self.schedule.finish(call, answers, self.now)


@dataclass
class Wanted:
    """The answers to a request, and when they were complete."""

    simulation: Simulation
    at: float = math.inf
    answers: Mapping[Item, Answer] = field(default_factory=dict)

    def done(self, reply: StoreReply) -> None:
        """Takes the reply, which comes once."""
        assert math.isinf(self.at)
        self.at = self.simulation.now
        self.answers = reply.answers
