"""One lane: the calls to one endpoint under one identity, and how many of them at once.

Nothing here blocks or looks at a clock: every method is told the time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from syncd.metrics import table
from syncd.providers.api import Failed, Failure
from syncd.providers.jobs import Answer, Item, Job, temporary
from syncd.providers.retries import Retries
from syncd.providers.store_queue import Pause, StoreQueue

GRACE = 0.05
"""Part of a call's time that it may take longer: a library that keeps the deadline itself answers first."""
HUNG = "too many calls still wait for an answer: nothing is asked before one of them ends"


@dataclass(slots=True, eq=False)
class Call:
    """A job that is under way."""

    job: Job
    lane: Lane
    queue: StoreQueue
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
    """The stores of a lane, which take turns.

    An endpoint that throttles is left alone for a while and then asked less at once: half as much, then slowly more.
    When it answered nothing at all since a throttled job was first asked, and the job cannot wait longer, all that
    waits fails. An endpoint that has lost twice as many calls as it may be asked at once, and answers none, is not
    asked any more.
    """

    def __init__(self, name: str, width: int, retries: Retries) -> None:
        self.name = name
        self.under_way = 0
        self.lost = 0
        self.ready = False
        """The scheduler knows that a call can start."""
        self.alarm = math.inf
        """When the scheduler will look at it again."""
        self._width = width
        self._retries = retries
        self._queues: dict[str, StoreQueue] = {}
        self._limit = float(width)
        self._throttles = 0
        self._slowed_at = -math.inf
        self._pause = Pause()
        self._answered = -math.inf
        self._lost_at = -math.inf

    @property
    def waiting(self) -> int:
        """How many calls have not begun."""
        return sum(map(len, self._queues.values()))

    @property
    def forgettable(self) -> bool:
        """Nothing is under way, and there is nothing to remember about it."""
        return not self._queues and not self._throttles and self._limit == self._width

    def add(self, jobs: Sequence[Job], now: float) -> None:
        """Queues jobs of a store; of the widths of a lane's providers the smallest one holds."""
        store, width = str(jobs[0].reading.request.store), jobs[0].provider.width
        self._width = min(self._width, width)
        self._limit = min(self._limit, self._width)
        queue = self._queues.setdefault(store, StoreQueue(store, self._retries))
        queue.add(jobs, now)
        if refusal := self._pause.refusal(now, self._retries.bound):
            queue.give_up(refusal)
        self._refuse_if_hung(queue, Failed(Failure.UNAVAILABLE, HUNG))

    def can_start(self, now: float) -> bool:
        return self._free and now >= self._pause.until and self._next(now) is not None

    def wakes_at(self) -> float:
        """When a call can start that cannot now; infinity when time alone will not help."""
        if not self._free:
            return math.inf
        return max(self._pause.until, min((queue.wakes_at() for queue in self._queues.values()), default=math.inf))

    def start(self, now: float) -> Call | None:
        """Begins the next call, if one can start."""
        queue = self._next(now) if self._free and now >= self._pause.until else None
        if queue is None:
            return None
        # Its turn comes again after the others'.
        self._queues[queue.name] = self._queues.pop(queue.name)
        self.under_way += 1
        return Call(queue.start(now), self, queue, now)

    def finish(self, call: Call, answers: Mapping[Item, Answer], now: float) -> None:
        """Takes what a call answered."""
        self._leave(call)
        self._settle(call, answers, now)

    def abandon(self, call: Call, now: float) -> None:
        """Gives up on a call that is past its deadline; its thread may never come back."""
        self.lose(call)
        call.job.reading.counts.abandoned += 1
        table.READS_ABANDONED.add(call.job.provider_name)
        late = Failed(Failure.TIMEOUT, f"no answer within {call.job.timeout:g} s")
        self._settle(call, dict.fromkeys(call.job.items, late), now)
        self._refuse_if_hung(call.queue, late)

    def lose(self, call: Call) -> None:
        """Counts a call whose answer is no longer waited for."""
        self._leave(call)
        call.abandoned = True
        self.lost += 1
        call.queue.lost += 1
        self._lost_at = call.started

    def came_back(self, call: Call) -> None:
        """The thread of a call that was given up on has ended it after all."""
        self.lost -= 1
        call.queue.lost -= 1
        self._forget(call.queue)

    def give_up(self, failure: Failed) -> None:
        """Everything that waits fails, without being asked."""
        for queue in self._queues.values():
            queue.give_up(failure)

    def prune(self) -> None:
        """Lets go of the jobs whose answers nobody waits for any more."""
        for queue in list(self._queues.values()):
            queue.prune()
            self._forget(queue)

    @property
    def _free(self) -> bool:
        return self.under_way < int(self._limit)

    def _next(self, now: float) -> StoreQueue | None:
        return next((queue for queue in self._queues.values() if queue.can_start(now)), None)

    def _leave(self, call: Call) -> None:
        self.under_way -= 1
        call.queue.under_way -= 1

    def _settle(self, call: Call, answers: Mapping[Item, Answer], now: float) -> None:
        """Hands on what is final, and keeps the rest for another attempt."""
        call.job.took(now - call.started)
        failed: dict[Failure, dict[Item, Answer]] = {}
        for item, answer in answers.items():
            if failure := temporary(answer):
                failed.setdefault(failure.failure, {})[item] = answer
            else:
                call.job.reading.record(item, answer)
        if sum(map(len, failed.values())) < len(answers):
            self._answers(call, now)
        for kind, group in failed.items():
            failure = _longest([temporary(answer) for answer in group.values()])
            if kind is Failure.THROTTLED:
                self._throttled(call, failure, now)
                self._ask_later(call, group, self._pause.until, call.job.spent)
            else:
                spent = call.job.spent + self._retries.spend(failure)
                wait = max(self._retries.backoff_after(spent), failure.retry_after or 0.0)
                self._ask_later(call, group, now + wait if spent < self._retries.attempts else math.inf, spent)
                if len(group) == len(answers):
                    call.queue.failed(failure, call.started, now)
        self._forget(call.queue)

    def _ask_later(self, call: Call, answers: Mapping[Item, Answer], at: float, spent: int) -> None:
        """Queues what failed for another attempt; when that would be too late, the failure is the answer."""
        job = call.job
        if job.reading.cancelled:
            return
        if at <= job.first_asked + self._retries.bound:
            call.queue.later(job.again(answers, spent), at)
            return
        for item, answer in answers.items():
            job.reading.record(item, answer)
        if spent == job.spent and self._answered <= job.first_asked:
            # It was throttled all this time, and so will be what waits behind it.
            self.give_up(_longest([temporary(answer) for answer in answers.values()]))

    def _answers(self, call: Call, now: float) -> None:
        self._answered = now
        call.queue.answered(now)
        if call.started > self._slowed_at:
            self._throttles = 0
            self._limit = min(self._width, self._limit + 1 / self._limit)

    def _throttled(self, call: Call, failure: Failed, now: float) -> None:
        call.job.reading.counts.throttled += 1
        table.READS_THROTTLED.add(call.job.provider_name)
        pause = failure.retry_after or 0.0
        if call.started > self._slowed_at:
            # Calls that began before the last time say nothing new about how much the endpoint bears.
            self._slowed_at = now
            self._throttles += 1
            self._limit = max(1.0, self._limit / 2)
            pause = pause or self._retries.pause_after(self._throttles)
        self._pause.extend(now + pause, failure)

    def _refuse_if_hung(self, queue: StoreQueue, failure: Failed) -> None:
        bound = 2 * self._width
        if self.lost >= bound and self._answered <= self._lost_at:
            self.give_up(failure)
        elif queue.lost >= bound:
            queue.give_up(failure)

    def _forget(self, queue: StoreQueue) -> None:
        if queue.forgettable:
            self._queues.pop(queue.name, None)


def _longest(failures: Iterable[Failed | None]) -> Failed:
    """The failure that asks for the longest wait."""
    return max((failure for failure in failures if failure), key=lambda failure: failure.retry_after or 0.0)
