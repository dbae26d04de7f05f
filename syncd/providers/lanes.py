"""Reads from many stores at once, on threads: the scheduler decides, this makes the calls.

    lanes = Lanes()
    for reply in lanes.stream(requests):  # to each request, as soon as its last answer is there
        ...
    lanes.close()

Threads are daemons: a call that hangs for ever holds up neither its caller, who is answered at the deadline, nor exit.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Condition, Lock, Thread
from typing import Any

from syncd.providers import calls
from syncd.providers.api import Failed, Failure, Provider, StoreConfig
from syncd.providers.jobs import Reading, Statistics, StoreReply, StoreRequest
from syncd.providers.lane import Call
from syncd.providers.retries import Retries
from syncd.providers.schedule import Load, Schedule, due

IDLE = 5.0
"""Seconds that a thread waits for another call before it ends."""
REMEMBERED = 10_000
"""Stores whose statistics are kept: those that were asked last."""
STOPPING = Failed(Failure.UNAVAILABLE, "syncd stops")


class Lanes:
    """At most `workers` calls at once; each bounded by its store's timeout, its lane's width and `retries`."""

    def __init__(
        self, *, workers: int = 32, retries: Retries | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._schedule = Schedule(workers, retries or Retries())
        self._clock = clock
        self._lock = Lock()
        self._work = Condition(self._lock)
        self._alarm = Condition(self._lock)
        self._alarm_at = math.inf
        self._idle = 0
        self._closed = False
        self._watched = False
        self._counts: dict[str, Statistics] = {}

    def run(self, requests: Iterable[StoreRequest]) -> dict[StoreRequest, StoreReply]:
        """Asks for everything and waits for the last answer. Raises nothing: failures are answers."""
        return {reply.request: reply for reply in self.stream(requests)}

    def stream(self, requests: Iterable[StoreRequest]) -> Generator[StoreReply, None, None]:
        """Asks for everything now, and gives the answers to each request when they are complete.

        What is still queued when the generator is closed is not asked any more.
        """
        done: SimpleQueue[StoreReply] = SimpleQueue()
        with self._lock:
            readings = [Reading(request, self._count(request.store), done.put) for request in requests]
        jobs = [reading.start() for reading in readings]
        with self._lock:
            for jobs_of_store in jobs:
                self._schedule.add(jobs_of_store, self._clock())
            if self._closed:
                self._schedule.give_up(STOPPING)
            self._staff()
            self._watch_until(self._schedule.wakes_at)
        replies: Generator[Any, None, None] = self._collect(readings, done)
        next(replies)  # one that has not begun would not hear that it is closed
        return replies

    def statistics(self) -> dict[str, Statistics]:
        """What each store was asked since the start, by `Kind/namespace/name`."""
        with self._lock:
            return {store: replace(counts) for store, counts in self._counts.items()}

    def load(self) -> Mapping[str, Load]:
        """How busy each lane is, by its name; idle ones are left out."""
        with self._lock:
            return self._schedule.load()

    def close(self) -> None:
        """Answers everything that is still wanted with a failure, and ends. Joins nobody."""
        with self._lock:
            self._closed = True
            self._schedule.give_up(STOPPING)
            self._work.notify_all()
            self._alarm.notify_all()

    def _count(self, store: StoreConfig) -> Statistics:
        counts = self._counts[str(store)] = self._counts.pop(str(store), Statistics())
        while len(self._counts) > REMEMBERED:
            del self._counts[next(iter(self._counts))]
        return counts

    def _collect(
        self, readings: list[Reading], done: SimpleQueue[StoreReply]
    ) -> Generator[StoreReply | None, None, None]:
        """The replies, after a None with which it begins."""
        try:
            yield None
            for _ in readings:
                yield done.get()
        except BaseException:
            # Closed before the end, or Ctrl-C: nobody will take the rest.
            with self._lock:
                for reading in readings:
                    reading.cancelled = True
                self._schedule.prune(self._clock())
            raise

    def _staff(self) -> None:
        """Finds a thread for the next call; that thread finds one for the call after it."""
        if not self._schedule.startable:
            return
        if self._idle:
            self._work.notify()
        else:
            Thread(target=self._make_calls, name="syncd-lane", daemon=True).start()

    def _make_calls(self) -> None:
        with self._lock:
            call = self._next()
        while call:
            answers = call.job.ask()
            with self._lock:
                self._schedule.finish(call, answers, self._clock())
                del call, answers  # a thread that waits holds no values
                call = self._next()

    def _next(self) -> Call | None:
        """The next call for this thread; None when there was none for a while."""
        while not self._closed:
            call = self._schedule.take(self._clock())
            self._watch_until(min(self._schedule.wakes_at, due(call) if call else math.inf))
            if call:
                self._staff()
                return call
            self._idle += 1
            woken = self._work.wait(IDLE)
            self._idle -= 1
            if not (woken or self._schedule.startable):
                break
        return None

    def _watch_until(self, at: float) -> None:
        """Sees to it that the watch looks again at `at`, at the latest."""
        if at >= self._alarm_at:
            return
        self._alarm_at = at
        if self._watched:
            self._alarm.notify()
        else:
            self._watched = True
            Thread(target=self._watch, name="syncd-lanes", daemon=True).start()

    def _watch(self) -> None:
        """Keeps the deadlines, and starts what had to wait."""
        with self._lock:
            while not self._closed:
                self._alarm_at = self._schedule.tick(self._clock())
                self._staff()
                pause = self._alarm_at - self._clock()
                self._alarm.wait(None if math.isinf(pause) else max(0.0, pause))


def close_stores(opened: Iterable[tuple[StoreConfig, Provider]], *, timeout: float = 2.0, workers: int = 16) -> int:
    """Closes stores, several at once, and waits `timeout` seconds for all of them together.

    Returns how many had not ended by then: their threads are left to themselves.
    """
    todo = deque(opened)
    ended: SimpleQueue[None] = SimpleQueue()
    count = len(todo)

    def close() -> None:
        with suppress(IndexError):
            while True:
                store, provider = todo.popleft()
                calls.close(provider, store.provider)
                ended.put(None)

    for _ in range(min(workers, count)):
        Thread(target=close, name="syncd-close", daemon=True).start()
    deadline = time.monotonic() + timeout
    with suppress(Empty):
        while count:
            ended.get(timeout=max(0.0, deadline - time.monotonic()))
            count -= 1
    return count
