"""Signals that are noted."""

from __future__ import annotations

import os
import signal

from syncd.daemon.signals import noted

ROOM = 1 << 16
"""Bytes that a pipe holds."""


def test_signals_come_in_order() -> None:
    """Each once; none is waited for longer than asked."""
    with noted() as signals:
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        assert [signal.SIGHUP, signal.SIGTERM, None] == [signals.wait(0.0) for _ in range(3)]


def test_more_signals_than_can_wait_end_nothing() -> None:
    """A script that sends SIGHUP in a loop, while manifests are read."""
    with noted() as signals:
        for _ in range(ROOM + 10):
            signal.raise_signal(signal.SIGHUP)
        assert signal.SIGHUP == signals.wait(0.0)


def test_handlers_are_put_back() -> None:
    """Those that were there before."""
    before = signal.getsignal(signal.SIGHUP)
    with noted():
        assert before is not signal.getsignal(signal.SIGHUP)
    assert before is signal.getsignal(signal.SIGHUP)
