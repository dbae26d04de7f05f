"""Makes calls beside each other, each with a deadline in total: one that hangs is left to itself."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

_T = TypeVar("_T")


def within(seconds: float, calls: Sequence[Callable[[], _T]], *, workers: int = 16) -> Iterator[tuple[int, _T | None]]:
    """The number of each call with its result, as they end; None for one that lasts longer than `seconds`.

    Calls must not raise. Their threads are daemons, so what hangs holds up neither the caller nor exit.
    """
    ended: SimpleQueue[tuple[int, _T]] = SimpleQueue()
    waiting, running = deque(enumerate(calls)), dict[int, float]()

    def make(number: int, call: Callable[[], _T]) -> None:
        ended.put((number, call()))

    while waiting or running:
        while waiting and len(running) < workers:
            running[waiting[0][0]] = time.monotonic() + seconds
            Thread(target=make, args=waiting.popleft(), name="syncd-call", daemon=True).start()
        first = min(running, key=running.__getitem__)
        result: _T | None
        try:
            number, result = ended.get(timeout=max(0.0, running[first] - time.monotonic()))
        except Empty:
            number, result = first, None
        if running.pop(number, None) is not None:
            yield number, result
