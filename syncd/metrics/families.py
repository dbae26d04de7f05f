"""Counters, gauges and histograms as plain numbers by their labels.

`prometheus-client` writes and reads them (`exposition`), but does not hold them: its own classes take 800 bytes and a
lock for each series, where 10,000 declarations have 70,000; they cannot carry the reference's names of counters
without `_total`; and they cannot go on from what a file says.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from operator import add
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

    def keep(self, objects: Collection[Labels]) -> None:
        """Lets go of the series of all other objects; the first two labels are an object's name and namespace."""
        with self._lock:
            self._series = {labels: value for labels, value in self._series.items() if labels[:2] in objects}

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
        with self._lock:
            self._series[self._checked(labels)] = value

    def begin(self, value: float, *labels: str) -> None:
        """Sets what has no value yet."""
        with self._lock:
            self._series.setdefault(self._checked(labels), value)

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

    def __add__(self, other: Buckets) -> Buckets:
        return Buckets(tuple(map(add, self.counts, other.counts)), self.sum + other.sum)


class Histogram(Family[Buckets]):
    kind = Kind.HISTOGRAM

    def __init__(self, name: str, help_text: str, *labels: str, bounds: Sequence[float]) -> None:
        super().__init__(name, help_text, *labels)
        self.bounds = tuple(bounds)

    def observe(self, value: float, *labels: str) -> None:
        at = bisect_left(self.bounds, value)
        self.add(Buckets(tuple(int(index == at) for index in range(len(self.bounds) + 1)), value), *labels)

    def add(self, buckets: Buckets, *labels: str) -> None:
        """Takes over what was observed elsewhere, with the same bounds."""
        with self._lock:
            known = self._series.get(self._checked(labels))
            self._series[labels] = known + buckets if known else buckets
