"""Writes the metrics in the forms of Prometheus, and goes on from a file written before."""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    UnknownMetricFamily,
)
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from syncd import __version__
from syncd.metrics.families import Buckets, Counter, Gauge, Histogram, Labels
from syncd.metrics.table import BUILD_INFO, FAMILIES


class _Ours:
    """The families of the table that have any series."""

    def collect(self) -> Iterator[Metric]:
        BUILD_INFO.show({(__version__, platform.python_version()): 1.0})
        for family in FAMILIES:
            metric = _shown(family)
            if metric.samples:
                yield metric


def _shown(family: Counter | Gauge | Histogram) -> Metric:
    if isinstance(family, Histogram):
        histogram = HistogramMetricFamily(family.name, family.help, labels=family.labels)
        for labels, buckets in family.series().items():
            histogram.add_metric(labels, list(zip(_bounds(family), buckets.cumulative, strict=True)), buckets.sum)
        return histogram
    metric = _numbers(family)
    for labels, value in family.series().items():
        metric.add_metric(labels, value)
    return metric


def _numbers(family: Counter | Gauge) -> CounterMetricFamily | GaugeMetricFamily | UnknownMetricFamily:
    if isinstance(family, Gauge):
        return GaugeMetricFamily(family.name, family.help, labels=family.labels)
    if family.name.endswith("_total"):
        return CounterMetricFamily(family.name, family.help, labels=family.labels)
    # The reference's names of some counters lack the ending that the library would add.
    return UnknownMetricFamily(family.name, family.help, labels=family.labels)


_OURS = CollectorRegistry()
_OURS.register(_Ours())
_ALL = CollectorRegistry()
_ALL.register(_Ours())
ProcessCollector(registry=_ALL)


def scrape(accept: str = "") -> tuple[bytes, str]:
    """All metrics, those of the process too, in the form that an `Accept` header asks for; and its content type."""
    encode, content_type = choose_encoder(accept)
    return encode(_ALL), content_type


def textfile() -> bytes:
    """The metrics for the textfile collector of node_exporter, which has those of a process itself."""
    return generate_latest(_OURS)


def resume(text: str) -> None:
    """Goes on from what `textfile` gave in an earlier process: counters count on, the rest stands until it changes.

    What is none of our metrics is passed over. Raises ValueError when the text is not in Prometheus's form.
    """
    families = {family.name: family for family in FAMILIES}
    for metric in text_string_to_metric_families(text):
        family = families.get(metric.name) or families.get(f"{metric.name}_total")
        if isinstance(family, Histogram):
            _resume_histogram(family, metric.samples)
        elif family:
            for sample in metric.samples:
                if sample.labels.keys() == {*family.labels}:
                    _resume_number(family, sample)


def _resume_number(family: Counter | Gauge, sample: Sample) -> None:
    labels = _labels(family, sample)
    if isinstance(family, Counter):
        family.add(*labels, by=sample.value)
    else:
        family.set(sample.value, *labels)


def _resume_histogram(family: Histogram, samples: Sequence[Sample]) -> None:
    """Of a version with other bounds nothing is taken over."""
    cumulative, sums = defaultdict[Labels, dict[str, float]](dict), dict[Labels, float]()
    for sample in samples:
        if sample.labels.keys() == {*family.labels, "le"}:
            cumulative[_labels(family, sample)][sample.labels["le"]] = sample.value
        elif sample.labels.keys() == {*family.labels} and sample.name.endswith("_sum"):
            sums[_labels(family, sample)] = sample.value
    for labels, found in cumulative.items():
        if [*found] == _bounds(family) and labels in sums:
            counts = tuple(int(high - low) for low, high in pairwise((0.0, *found.values())))
            family.add(Buckets(counts, sums[labels]), *labels)


def _labels(family: Counter | Gauge | Histogram, sample: Sample) -> Labels:
    return tuple(sample.labels[name] for name in family.labels)


def _bounds(family: Histogram) -> list[str]:
    """The values of the label `le`."""
    return [*map(floatToGoString, family.bounds), "+Inf"]
