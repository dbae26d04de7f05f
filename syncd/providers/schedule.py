"""Which call starts next, over all lanes: in turn, and so that a lane that hangs holds up no other.

Nothing here blocks or looks at a clock: every method is told the time.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from syncd.providers.api import Failed
from syncd.providers.jobs import Answer, Item, Job
from syncd.providers.lane import Call, Lane
from syncd.providers.retries import Retries

PATIENCE = 1.0
"""Seconds after which a call lends its place to another: a lane that hangs costs the others no more than this."""
LENT = 256
"""Calls that may have lent their places at once, those that never came back among them: a bound on threads."""


@dataclass(frozen=True, slots=True)
class Load:
    """How busy a lane is: calls that wait, that are under way, and that never came back."""

    waiting: int
    under_way: int
    lost: int


class Schedule:
    """All lanes, and the `places` that their calls share."""

    def __init__(self, places: int, retries: Retries) -> None:
        self._places = places
        self._retries = retries
        self._lanes: dict[str, Lane] = {}
        self._ready: deque[Lane] = deque()
        self._calls: dict[Call, None] = {}
        self._wakes: list[tuple[float, int, Lane]] = []
        self._order = count()
        self._lent = 0

    @property
    def startable(self) -> bool:
        """A call can start now, if there is a thread for it."""
        return bool(self._ready) and self._places > 0

    @property
    def wakes_at(self) -> float:
        """When a lane that pauses can go on; infinity when none pauses."""
        return self._wakes[0][0] if self._wakes else math.inf

    def load(self) -> dict[str, Load]:
        """How busy each lane is that is not idle."""
        return {name: Load(lane.waiting, lane.under_way, lane.lost) for name, lane in self._lanes.items()}

    def add(self, jobs: Sequence[Job], now: float) -> None:
        """Queues the jobs of one provider."""
        if not jobs:
            return
        provider = jobs[0].provider
        lane = self._lanes.get(provider.lane)
        if lane is None:
            lane = self._lanes[provider.lane] = Lane(provider.lane, provider.width, self._retries)
        lane.add(jobs, now)
        self._touch(lane, now)

    def take(self, now: float) -> Call | None:
        """Starts the next call, of the lane whose turn it is."""
        while self.startable:
            lane = self._ready.popleft()
            lane.ready = False
            call = lane.start(now)
            self._touch(lane, now)
            if call:
                self._calls[call] = None
                self._places -= 1
                return call
        return None

    def finish(self, call: Call, answers: Mapping[Item, Answer], now: float) -> None:
        """Takes the answers of a call; those of one that was given up on are not wanted."""
        if call.lent:
            self._lent -= 1
        else:
            self._places += 1
        if call.abandoned:
            call.lane.came_back(call)
        else:
            del self._calls[call]
            call.lane.finish(call, answers, now)
        self._touch(call.lane, now)

    def tick(self, now: float) -> float:
        """Does what is due, and says when to come again; infinity when nothing is under way or awaited."""
        while self._wakes and self._wakes[0][0] <= now:
            lane = heapq.heappop(self._wakes)[2]
            lane.alarm = math.inf
            self._touch(lane, now)
        for call in [call for call in self._calls if due(call) <= now]:
            self._lend(call)
            if now >= call.deadline:
                del self._calls[call]
                call.lane.abandon(call, now)
                self._touch(call.lane, now)
        return min(self.wakes_at, *map(due, self._calls), math.inf)

    def give_up(self, failure: Failed) -> None:
        """Everything that waits or is under way fails now."""
        for lane in self._lanes.values():
            lane.give_up(failure)
        for call in self._calls:
            call.lane.lose(call)
            for item in call.job.items:
                call.job.reading.record(item, failure)
        self._calls.clear()

    def prune(self, now: float) -> None:
        """Lets go of the jobs whose answers nobody waits for any more."""
        for lane in list(self._lanes.values()):
            lane.prune()
            self._touch(lane, now)

    def _lend(self, call: Call) -> None:
        call.slow = True
        if not call.lent and self._lent < LENT:
            call.lent = True
            self._lent += 1
            self._places += 1

    def _touch(self, lane: Lane, now: float) -> None:
        """Notes what a lane can do next: start a call now, or later, or be forgotten."""
        if lane.ready:
            return
        if lane.can_start(now):
            lane.ready = True
            self._ready.append(lane)
        elif lane.wakes_at() < lane.alarm:
            lane.alarm = lane.wakes_at()
            heapq.heappush(self._wakes, (lane.alarm, next(self._order), lane))
        elif lane.forgettable and self._lanes.get(lane.name) is lane:
            del self._lanes[lane.name]


def due(call: Call) -> float:
    """When a call has lasted too long, in the one sense or the other."""
    return call.deadline if call.slow else min(call.deadline, call.started + PATIENCE)
