"""Calls beside each other, each with its deadline."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest

from syncd.providers.deadlines import within


def results(seconds: float, calls: Sequence[Callable[[], str]], workers: int = 16) -> dict[int, str | None]:
    return dict(within(seconds, calls, workers=workers))


@pytest.mark.parametrize("workers", [1, 2, 16])
def test_every_call_is_answered(workers: int) -> None:
    """By its number, whatever the order, and however few threads there are."""
    assert {0: "a", 1: "b", 2: "c"} == results(5, [lambda: "a", lambda: "b", lambda: "c"], workers)


def test_nothing_to_call() -> None:
    """No calls, no answers."""
    assert {} == results(5, [])


def test_what_hangs_is_left_to_itself() -> None:
    """Its answer is None, the others come, also those that waited for its thread; what it says later is not heard."""
    release = threading.Event()

    def hang() -> str:
        release.wait()
        return "too late"

    calls = within(0.05, [hang, lambda: "b", lambda: "c"], workers=1)
    assert (0, None) == next(calls)
    release.set()
    assert [(1, "b"), (2, "c")] == list(calls)


def test_calls_are_made_at_once() -> None:
    """As many as there are workers: these wait for each other."""
    gate = threading.Barrier(3)

    def meet() -> str:
        gate.wait(5)
        return "met"

    assert ["met"] * 3 == [*results(5, [meet] * 3, workers=3).values()]
