"""Ctrl-C: the first ends the pass in order, the second ends the process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from syncd.reconcile.report import ExitCode

_FIRST = b"\nStopping: writes under way are finished, no others begin. Ctrl-C again leaves at once.\n"
_SECOND = b"\nError: left at once: a write may have been under way\nhint: run it again: it goes on where it stopped\n"


@contextmanager
def in_order() -> Iterator[None]:
    """Within, SIGINT and SIGTERM raise KeyboardInterrupt once. Messages go past the buffers, which may be in use."""

    def first(_signal: int, _frame: FrameType | None) -> NoReturn:
        for number in handled:
            signal.signal(number, second)
        os.write(2, _FIRST)
        raise KeyboardInterrupt

    def second(_signal: int, _frame: FrameType | None) -> NoReturn:
        os.write(2, _SECOND)
        os._exit(ExitCode.FAILED)

    handled = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, first) for number in handled]
    try:
        yield
    finally:
        for number, handler in zip(handled, before, strict=True):
            signal.signal(number, handler)
