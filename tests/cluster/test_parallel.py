"""Threads for many reads: in order, bounded, and errors come out."""

from __future__ import annotations

import threading

import pytest

from syncd.cluster.parallel import fan_out, within


def test_results_are_in_order() -> None:
    """Whoever ends first."""
    assert [number * 2 for number in range(50)] == fan_out(lambda number: number * 2, range(50))


def test_nothing_and_one_need_no_thread() -> None:
    """They run where they are asked for."""
    assert [] == fan_out(lambda _: threading.get_ident(), [])
    assert [threading.get_ident()] == fan_out(lambda _: threading.get_ident(), [1])


def test_width_bounds_the_threads() -> None:
    """No more than so many at once."""
    running: list[int] = []
    peak: list[int] = []
    lock = threading.Lock()

    def work(number: int) -> None:
        with lock:
            running.append(number)
            peak.append(len(running))
        with lock:
            running.remove(number)

    fan_out(work, range(100), 3)
    assert max(peak) <= 3


def test_first_error_comes_out_after_all_have_ended() -> None:
    """The other items are done."""
    done: list[int] = []

    def work(number: int) -> None:
        if number in (2, 5):
            raise ValueError(str(number))
        done.append(number)

    with pytest.raises(ValueError, match="2"):
        fan_out(work, range(8))
    assert [0, 1, 3, 4, 6, 7] == sorted(done)


def test_result_in_time() -> None:
    """`None` is a result too."""
    assert within(10, lambda: None) is None


def test_no_result_in_time() -> None:
    """The work goes on by itself."""
    gate = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.01, gate.wait)
    gate.set()


def test_error_in_time() -> None:
    """It comes out as it is."""

    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        within(10, fail)
