"""What waits for one store, and what its failures say about asking it more.

Nothing here blocks or looks at a clock: every method is told the time.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count

from syncd.metrics import table
from syncd.providers.api import Failed
from syncd.providers.jobs import Job
from syncd.providers.retries import Retries


@dataclass(slots=True)
class Pause:
    """Until when nothing is asked, and why."""

    until: float = -math.inf
    reason: Failed | None = None

    def extend(self, until: float, reason: Failed) -> None:
        if until > self.until:
            self.until, self.reason = until, reason

    def refusal(self, now: float, bound: float) -> Failed | None:
        """The answer to what would have to wait longer than `bound` seconds."""
        if self.reason and self.until > now + bound:
            return replace(self.reason, retry_after=self.until - now)
        return None


class StoreQueue:
    """The jobs of one store.

    * Every answer that is final, `Absent` and denied ones too, shows that the store works.
    * After a call that failed as a whole it is left alone for a while, and then asked one thing at a time until it
      answers. When it still does not after as many attempts as a job has, all that waits fails.
    * A store that has too many calls which never came back is not asked any more until one of them does.
    """

    def __init__(self, name: str, retries: Retries) -> None:
        self.name = name
        self.under_way = 0
        self.lost = 0
        """Calls that were given up on, and whose threads are still in them."""
        self._retries = retries
        self._fresh: deque[Job] = deque()
        self._due: deque[Job] = deque()
        self._later: list[tuple[float, int, Job]] = []
        self._order = count()
        self._failures = 0
        self._failed_at = -math.inf
        self._answered = -math.inf
        self._pause = Pause()

    def __len__(self) -> int:
        return len(self._fresh) + len(self._due) + len(self._later)

    @property
    def forgettable(self) -> bool:
        """Nothing is under way, and there is nothing to remember about it."""
        return not (len(self) or self.under_way or self.lost or self._failures)

    def add(self, jobs: Iterable[Job], now: float) -> None:
        self._fresh.extend(jobs)
        if refusal := self._pause.refusal(now, self._retries.bound):
            self.give_up(refusal)

    def can_start(self, now: float) -> bool:
        while self._later and self._later[0][0] <= now:
            self._requeue(heapq.heappop(self._later)[2])
        return bool(self._fresh or self._due) and now >= self._pause.until and not (self._failures and self.under_way)

    def wakes_at(self) -> float:
        """When a call can start that cannot now; infinity when time alone will not help."""
        if not len(self) or (self._failures and self.under_way):
            return math.inf
        return max(self._pause.until, -math.inf if self._fresh or self._due else self._later[0][0])

    def start(self, now: float) -> Job:
        """The next job; only when `can_start`."""
        if self._failures:
            # A probe is taken from elsewhere in the queue than what just failed: neighbours fail together.
            self._fresh.rotate(len(self._fresh) // 2)
        job = (self._fresh or self._due).popleft()
        again = math.isfinite(job.first_asked)
        job.reading.counts.calls += 1
        job.reading.counts.retries += again
        table.READ_RETRIES.add(job.provider_name, by=again)
        job.first_asked = min(job.first_asked, now)
        self.under_way += 1
        return job

    def later(self, job: Job, at: float) -> None:
        """Queues a job for another attempt."""
        heapq.heappush(self._later, (at, next(self._order), job))

    def answered(self, now: float) -> None:
        """Something was answered: the store works."""
        self._answered = now
        self._failures = 0

    def failed(self, failure: Failed, started: float, now: float) -> None:
        """A call that began at `started` failed as a whole, and not because it was throttled."""
        if self._answered > started:
            return
        if started >= self._failed_at:
            # Calls that were under way together say it once.
            self._failed_at = now
            self._failures += self._retries.spend(failure)
        wait = max(self._retries.backoff_after(self._failures), failure.retry_after or 0.0)
        self._pause.extend(now + wait, failure)
        if self._failures >= self._retries.attempts or wait > self._retries.bound:
            self.give_up(failure)

    def give_up(self, failure: Failed) -> None:
        """Everything that waits fails, without being asked."""
        waiting = [*self._fresh, *self._due, *(job for _, _, job in self._later)]
        self._fresh.clear()
        self._due.clear()
        self._later.clear()
        for job in waiting:
            for item in job.items:
                job.reading.record(item, failure)

    def prune(self) -> None:
        """Lets go of the jobs whose answers nobody waits for any more."""
        self._fresh = deque(job for job in self._fresh if not job.reading.cancelled)
        self._due = deque(job for job in self._due if not job.reading.cancelled)
        self._later = [entry for entry in self._later if not entry[2].reading.cancelled]
        heapq.heapify(self._later)

    def _requeue(self, job: Job) -> None:
        if job.spent:
            # Behind what was not asked yet: one secret that breaks the store must not be all that it is judged by.
            self._due.append(job)
        else:
            self._fresh.appendleft(job)
