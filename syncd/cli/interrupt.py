"""Ctrl-C: the first ends the pass in order, the second ends the process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from syncd.reconcile.report import ExitCode

_FIRST = b"\nStopping: writes under way are finished, no others begin. Ctrl-C again leaves at once.\n"
_SECOND = b"\nError: left at once: a write may have been under way\nhint: run it again: it goes on where it stopped\n"


class Stops:
    """What a first Ctrl-C asks to stop: it answers whether it will, by itself and in order."""

    def __init__(self) -> None:
        self.in_order: Callable[[], bool] = lambda: False


@contextmanager
def in_order() -> Iterator[Stops]:
    """Within, the first SIGINT or SIGTERM ends the pass in order, or raises KeyboardInterrupt when there is none yet.

    Messages go past the buffers, which may be in use.
    """
    stops = Stops()

    def first(_signal: int, _frame: FrameType | None) -> None:
        for number in handled:
            signal.signal(number, second)
        os.write(2, _FIRST)
        if not stops.in_order():
            raise KeyboardInterrupt

    def second(_signal: int, _frame: FrameType | None) -> NoReturn:
        os.write(2, _SECOND)
        os._exit(ExitCode.FAILED)

    handled = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, first) for number in handled]
    try:
        yield stops
    finally:
        for number, handler in zip(handled, before, strict=True):
            signal.signal(number, handler)
