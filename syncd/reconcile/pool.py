"""One pool of threads for writes, which Ctrl-C drains instead of tearing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class WritePool:
    """Runs writes side by side. After an interruption no new one starts; those under way are waited for."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._stop = Event()

    @property
    def interrupted(self) -> bool:
        return self._stop.is_set()

    def interrupt(self) -> None:
        self._stop.set()

    def each(
        self, function: Callable[[Item], Result], items: Sequence[Item], *, skipped: Callable[[Item], Result]
    ) -> list[Result]:
        """The results in the order of the items; `skipped` answers for those that were not begun."""
        if not items:
            return []

        def run(item: Item) -> Result:
            return skipped(item) if self._stop.is_set() else function(item)

        with ThreadPoolExecutor(min(self._workers, len(items)), thread_name_prefix="write") as executor:
            return list(executor.map(run, items))
