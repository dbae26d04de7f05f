"""Passes in several threads take turns in each namespace, from observing it to the last restart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock


class Turns:
    """So that no Secret is written between the last look at it and a restart that starts pods with it.

    Nothing that waits for a store belongs into a turn.
    """

    def __init__(self) -> None:
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)

    @contextmanager
    def taken(self, namespaces: Iterable[str]) -> Iterator[None]:
        """Waits until no other pass is in any of them."""
        with ExitStack() as stack:
            for namespace in sorted({*namespaces}):  # always in this order: no two passes wait for each other
                stack.enter_context(self._locks[namespace])
            yield
