"""One lane: the calls to one endpoint under one identity, how many at once, and when to ask again.

Nothing here blocks or looks at a clock: every method is told the time.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count

from syncd.providers.api import Failed, Failure
from syncd.providers.jobs import Answer, Item, Job, temporary
from syncd.providers.retries import Retries

GRACE = 0.05
"""Part of a call's time that it may take longer: a library that keeps the deadline itself answers first."""


@dataclass(slots=True, eq=False)
class Call:
    """A job that is under way."""

    job: Job
    lane: Lane
    started: float
    slow: bool = False
    """It has lasted so long that another call may start beside it."""
    lent: bool = False
    """Its place among the calls is in use by another; its own thread is one more."""
    abandoned: bool = False
    """It was given up on; what it still answers is not wanted."""

    @property
    def deadline(self) -> float:
        return self.started + self.job.timeout * (1 + GRACE)


class Lane:
    """Jobs that wait, and what the store's answers say about asking it more.

    * Answers that are final, `Absent` and denied ones too, show that the store works: `width` calls at once.
    * A call that fails as a whole makes the lane ask one thing at a time until something is answered.
    * When nothing was answered from the first to the last attempt of a job, all that waits fails with it.
    * A store that throttles is left alone for a while and then asked less at once: half as much, then slowly more.
    * A lane with too many calls that never came back is not asked any more.
    """

    def __init__(self, name: str, width: int, retries: Retries) -> None:
        self.name = name
        self.width = width
        self.under_way = 0
        self.abandoned = 0
        self.ready = False
        """The scheduler knows that a call can start."""
        self.alarm = math.inf
        """When the scheduler will look at it again."""
        self._retries = retries
        self._jobs: deque[Job] = deque()
        self._later: list[tuple[float, int, Job]] = []
        self._order = count()
        self._limit = float(width)
        self._failing = False
        self._answered = -math.inf
        self._slowed = -math.inf
        self._throttles = 0
        self._paused_until = -math.inf

    @property
    def waiting(self) -> int:
        """How many calls have not begun."""
        return len(self._jobs) + len(self._later)

    @property
    def limit(self) -> int:
        """How many calls may be under way at once, now."""
        return 1 if self._failing else int(self._limit)

    @property
    def forgettable(self) -> bool:
        """Nothing is under way, and there is nothing to remember about it."""
        busy = self.waiting or self.under_way or self.abandoned
        return not (busy or self._failing or self._throttles) and self._limit == self.width

    def add(self, jobs: Iterable[Job], width: int) -> None:
        """Queues jobs; `width` is the one of their provider, and the smallest one holds."""
        self.width = min(self.width, width)
        self._limit = min(self._limit, self.width)
        self._jobs.extend(jobs)
        self._refuse_if_hung()

    def can_start(self, now: float) -> bool:
        while self._later and self._later[0][0] <= now:
            self._jobs.appendleft(heapq.heappop(self._later)[2])
        while self._jobs and self._jobs[0].reading.cancelled:
            self._jobs.popleft()
        return bool(self._jobs) and self.under_way < self.limit and now >= self._paused_until

    def wakes_at(self) -> float | None:
        """When a call can start that cannot now, if time alone is what it waits for."""
        if not self.waiting or self.under_way >= self.limit:
            return None
        return max(self._paused_until, -math.inf if self._jobs else self._later[0][0])

    def start(self, now: float) -> Call:
        """Begins the next call; only when `can_start`."""
        job = self._jobs.popleft()
        counts = job.reading.counts
        counts.calls += 1
        counts.retries += math.isfinite(job.first_asked)
        job.first_asked = min(job.first_asked, now)
        self.under_way += 1
        return Call(job, self, now)

    def finish(self, call: Call, answers: Mapping[Item, Answer], now: float) -> None:
        """Takes what a call answered: hands on what is final, and keeps the rest for another attempt."""
        self.under_way -= 1
        call.job.reading.counts.seconds += now - call.started
        failed: dict[Failure, dict[Item, Answer]] = {}
        final = 0
        for item, answer in answers.items():
            if failure := temporary(answer):
                failed.setdefault(failure.failure, {})[item] = answer
            else:
                final += 1
                call.job.reading.record(item, answer)
        self._learn(call, final, failed, now)
        for group in failed.values():
            self._again(call.job, group, now)

    def abandon(self, call: Call, now: float) -> None:
        """Gives up on a call that is past its deadline; its thread may never come back."""
        call.abandoned = True
        self.abandoned += 1
        call.job.reading.counts.abandoned += 1
        late = Failed(Failure.TIMEOUT, f"no answer within {call.job.timeout:g} s")
        self.finish(call, dict.fromkeys(call.job.items, late), now)
        self._refuse_if_hung()

    def give_up(self, failure: Failed) -> None:
        """Everything that waits fails, without being asked."""
        waiting = [*self._jobs, *(job for _, _, job in self._later)]
        self._jobs.clear()
        self._later.clear()
        for job in waiting:
            for item in job.items:
                job.reading.record(item, failure)

    def _learn(self, call: Call, final: int, failed: Mapping[Failure, Mapping[Item, Answer]], now: float) -> None:
        throttled = [failure for failure in map(temporary, failed.get(Failure.THROTTLED, {}).values()) if failure]
        if final:
            self._answered = now
            self._failing = False
        elif failed and not throttled and self._answered <= call.started:
            self._failing = True
        if throttled:
            call.job.reading.counts.throttled += 1
            self._slow_down(call, max(failure.retry_after or 0.0 for failure in throttled), now)
        elif final and call.started > self._slowed:
            self._throttles = 0
            self._limit = min(self.width, self._limit + 1 / self._limit)

    def _slow_down(self, call: Call, retry_after: float, now: float) -> None:
        if call.started > self._slowed:
            # Calls that began before the last time say nothing new about how much the store bears.
            self._slowed = now
            self._throttles += 1
            self._limit = max(1.0, self._limit / 2)
            retry_after = retry_after or self._retries.pause_after(self._throttles)
        self._paused_until = max(self._paused_until, now + retry_after)

    def _again(self, job: Job, answers: Mapping[Item, Answer], now: float) -> None:
        failure = max(filter(None, map(temporary, answers.values())), key=lambda failed: failed.retry_after or 0.0)
        at, spent = self._next_attempt(job, failure, now)
        if at <= job.first_asked + self._retries.bound:
            heapq.heappush(self._later, (at, next(self._order), job.again(answers, spent)))
            return
        for item, answer in answers.items():
            job.reading.record(item, answer)
        if self._answered <= job.first_asked:
            self.give_up(failure)

    def _next_attempt(self, job: Job, failure: Failed, now: float) -> tuple[float, int]:
        """When, and how many attempts are spent by then; infinity when there is none left."""
        if failure.failure is Failure.THROTTLED:
            return max(now, self._paused_until), job.spent
        spent = job.spent + self._retries.spend(failure)
        if spent >= self._retries.attempts:
            return math.inf, spent
        return now + max(self._retries.backoff_after(spent), failure.retry_after or 0.0), spent

    def _refuse_if_hung(self) -> None:
        if self.abandoned >= 2 * self.width:
            message = f"{self.abandoned} calls got no answer and still wait for one: not asked again before some return"
            self.give_up(Failed(Failure.UNAVAILABLE, message))
