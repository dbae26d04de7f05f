"""Shares a failure among the threads that waited for it, so that a refused login is not tried by each of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from syncd.providers.api import StoreError

_T = TypeVar("_T")
_REFUSAL_KEPT = 10.0
"""Seconds for which nobody asks again after a refusal."""


class _Began(threading.local):
    """When the call began for which this thread needs something."""

    at = 0.0


_began = _Began()


def begin() -> None:
    """Says that this thread begins a call: failures from before are not its own."""
    _began.at = time.monotonic()


class Shared(Generic[_T]):
    """Fetches something; one thread at a time, for which the caller has a lock."""

    def __init__(self, fetch: Callable[[], _T]) -> None:
        self._fetch = fetch
        self._failed: StoreError | None = None
        self._failed_at = 0.0

    def __call__(self) -> _T:
        """Raises StoreError: what `fetch` raises, or raised while this thread waited."""
        failed = self._failed
        if failed is not None:
            lasts = not failed.failure.retryable and time.monotonic() - self._failed_at < _REFUSAL_KEPT
            if lasts or self._failed_at >= _began.at:
                raise failed.with_traceback(None)  # else it grew with every thread
        try:
            fetched = self._fetch()
        except StoreError as error:
            self._failed, self._failed_at = error, time.monotonic()
            raise
        self._failed = None
        return fetched
