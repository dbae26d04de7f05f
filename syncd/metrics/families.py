"""Counters, gauges and histograms as plain numbers by their labels.

`prometheus-client` writes and reads them (`exposition`), but does not hold them: its own classes take 800 bytes and a
lock for each series, where 10,000 declarations have 70,000; they cannot carry the reference's names of counters
without `_total`; and they cannot go on from what a file says.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from threading import Lock
from typing import ClassVar, Generic, TypeVar

Labels = tuple[str, ...]
"""The values of a family's labels, in the order of their names."""
_V = TypeVar("_V")


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Family(Generic[_V]):
    """A metric and its series. Every method may be called from several threads."""

    kind: ClassVar[Kind]

    def __init__(self, name: str, help_text: str, *labels: str) -> None:
        self.name = name
        self.help = help_text
        self.labels = labels
        self._lock = Lock()
        self._series: dict[Labels, _V] = {}

    def series(self) -> dict[Labels, _V]:
        """The values of now."""
        with self._lock:
            return self._series.copy()

    def keep(self, wanted: Callable[[Labels], bool]) -> None:
        """Lets go of all other series: those of objects that are not there any more."""
        with self._lock:
            self._series = {labels: value for labels, value in self._series.items() if wanted(labels)}

    def put(self, value: _V, *labels: str) -> None:
        with self._lock:
            self._series[self._checked(labels)] = value

    def _checked(self, labels: Labels) -> Labels:
        if len(labels) != len(self.labels):
            raise ValueError(f"`{self.name}` has the labels {self.labels}, not {len(labels)} of them")
        return labels


class Counter(Family[float]):
    kind = Kind.COUNTER

    def add(self, *labels: str, by: float = 1.0) -> None:
        with self._lock:
            self._series[labels] = self._series.get(self._checked(labels), 0.0) + by


class Gauge(Family[float]):
    kind = Kind.GAUGE

    def set(self, value: float, *labels: str) -> None:
        self.put(value, *labels)

    def mark(self, *labels: str, on: bool) -> None:
        """1, or no series at all."""
        with self._lock:
            if on:
                self._series[self._checked(labels)] = 1.0
            else:
                self._series.pop(labels, None)

    def show(self, values: Mapping[Labels, float]) -> None:
        """These series and no others."""
        with self._lock:
            self._series = {self._checked(labels): value for labels, value in values.items()}


@dataclass(frozen=True, slots=True)
class Buckets:
    """How many values fell below each bound and not below the one before it; the last number is for the rest."""

    counts: tuple[int, ...]
    sum: float = 0.0

    @property
    def cumulative(self) -> Sequence[int]:
        return tuple(accumulate(self.counts))

    def with_one(self, index: int, value: float) -> Buckets:
        return Buckets((*self.counts[:index], self.counts[index] + 1, *self.counts[index + 1 :]), self.sum + value)


class Histogram(Family[Buckets]):
    kind = Kind.HISTOGRAM

    def __init__(self, name: str, help_text: str, *labels: str, bounds: Sequence[float]) -> None:
        super().__init__(name, help_text, *labels)
        self.bounds = tuple(bounds)

    def observe(self, value: float, *labels: str) -> None:
        index = bisect_left(self.bounds, value)
        with self._lock:
            buckets = self._series.get(self._checked(labels)) or Buckets((0,) * (len(self.bounds) + 1))
            self._series[labels] = buckets.with_one(index, value)
