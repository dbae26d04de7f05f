"""Threads for reads that are many: bounded in number, joined by nobody at exit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

WIDTH = 8
"""Calls of one read that may be under way at once."""


def fan_out(function: Callable[[Item], Result], items: Sequence[Item], width: int = WIDTH) -> list[Result]:
    """`function` of every item, in order, `width` at a time; raises the first error, after all have ended."""
    if len(items) < 2:
        return [function(item) for item in items]
    todo = iter(range(len(items)))
    lock = threading.Lock()
    results: dict[int, Result] = {}
    errors: dict[int, BaseException] = {}

    def work() -> None:
        while True:
            with lock:
                index = next(todo, None)
            if index is None:
                return
            try:
                results[index] = function(items[index])
            except BaseException as error:  # noqa: BLE001  # handed to the caller below
                errors[index] = error

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(width, len(items)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return [results[index] for index in range(len(items))]


def within(seconds: float, function: Callable[[], Result]) -> Result:
    """`function()` if it ends in time, else TimeoutError; it then goes on in a daemon thread that nobody waits for."""
    results: list[Result] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(function())
        except BaseException as error:  # noqa: BLE001  # handed to the caller below
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError("no result in time")
    return results[0]
