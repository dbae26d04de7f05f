"""Signals as a thing to wait for: handlers only note them, so that nothing is done at a bad moment."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

STOP = (signal.SIGTERM, signal.SIGINT)
RELOAD = (signal.SIGHUP,)


class Signals:
    """The signals that came in, in order."""

    def __init__(self, readable: int) -> None:
        self._readable = readable

    def wait(self, timeout: float) -> signal.Signals | None:
        """The next one, or None after so many seconds."""
        ready, _, _ = select.select([self._readable], [], [], timeout)
        number = os.read(self._readable, 1) if ready else b""
        return signal.Signals(number[0]) if number else None


@contextmanager
def noted() -> Iterator[Signals]:
    """Within, SIGTERM, SIGINT and SIGHUP are noted, and a second one to stop ends the process at once.

    For the main thread.
    """
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    stopping: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        if number in STOP:
            if stopping:
                os._exit(1)
            stopping.append(number)
        with suppress(BlockingIOError):  # so many wait already that one more says nothing new
            os.write(writable, bytes([number]))

    before = {number: signal.signal(number, note) for number in (*STOP, *RELOAD)}
    try:
        yield Signals(readable)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(readable)
        os.close(writable)
