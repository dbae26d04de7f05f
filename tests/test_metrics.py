"""Families keep numbers by labels; the exposition shows them, and goes on from what it wrote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from syncd import metrics
from syncd.metrics import exposition, table
from syncd.metrics.families import Buckets, Counter, Gauge, Histogram
from tests.metering import cleared

OTHER_BOUNDS = """\
# TYPE syncd_pass_duration_seconds histogram
syncd_pass_duration_seconds_bucket{result="clean",le="7"} 1
syncd_pass_duration_seconds_sum{result="clean"} 1
"""


@pytest.fixture(autouse=True)
def none_yet() -> Iterator[None]:
    """No series when a test begins."""
    with cleared():
        yield


def shown(text: str | None = None) -> dict[tuple[str, ...], float]:
    """The samples of the textfile, by name and labels; without the build's."""
    families = text_string_to_metric_families(text or exposition.textfile().decode())
    samples = (sample for family in families for sample in family.samples if sample.name != "syncd_build_info")
    return {(one.name, *(f"{key}={one.labels[key]}" for key in sorted(one.labels))): one.value for one in samples}


def test_a_counter_adds_up() -> None:
    """By its labels; nothing is a start that `increase` can see."""
    counter = Counter("c_total", "", "a")
    counter.add("x", by=0.0)
    counter.add("y")
    counter.add("y", by=2.0)
    assert {("x",): 0.0, ("y",): 3.0} == counter.series()


def test_a_gauge_shows_the_last_value() -> None:
    """Set one by one, or all at once."""
    gauge = Gauge("g", "", "a")
    gauge.set(1.0, "x")
    gauge.set(2.0, "x")
    assert {("x",): 2.0} == gauge.series()
    gauge.show({("y",): 3.0})
    assert {("y",): 3.0} == gauge.series()


def test_a_mark_is_there_or_not() -> None:
    """What does not hold has no series."""
    gauge = Gauge("g", "", "a")
    gauge.mark("x", on=True)
    gauge.mark("y", on=False)
    assert {("x",): 1.0} == gauge.series()
    gauge.mark("x", on=False)
    assert {} == gauge.series()


def test_a_bound_belongs_to_its_bucket() -> None:
    """`le` means less or equal; what is above every bound is counted too."""
    histogram = Histogram("h", "", bounds=(1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        histogram.observe(value)
    assert {(): Buckets((2, 1, 1), 12.0)} == histogram.series()
    assert (2, 3, 4) == histogram.series()[()].cumulative


def test_series_go_with_their_object() -> None:
    """All of an object's, and nobody else's."""
    gauge = Gauge("g", "", "name", "namespace", "kind")
    for labels in (("a", "shop", "x"), ("a", "shop", "y"), ("a", "web", "x"), ("b", "shop", "x")):
        gauge.set(1.0, *labels)
    gauge.keep({("a", "web"), ("b", "shop")})
    assert {("a", "web", "x"), ("b", "shop", "x")} == gauge.series().keys()


@pytest.mark.parametrize("labels", [(), ("x", "y")])
def test_labels_must_be_all_there(labels: tuple[str, ...]) -> None:
    """A series with other labels than the table says would break every query."""
    with pytest.raises(ValueError, match="`g` has the labels"):
        Gauge("g", "", "a").set(1.0, *labels)


def test_a_request_is_counted_and_timed() -> None:
    """One that raises is an error, and so is one whose answer says so."""
    with metrics.api_call("HashiCorp/Vault", "Login"):
        pass
    with metrics.api_call("HashiCorp/Vault", "Login") as call:
        call.failed = True
    with pytest.raises(OSError, match="reset"), metrics.api_call("HashiCorp/Vault", "Login"):
        raise OSError("reset")
    assert {("HashiCorp/Vault", "Login", "success"): 1.0, ("HashiCorp/Vault", "Login", "error"): 2.0} == (
        table.API_CALLS.series()
    )
    assert 3 == table.API_CALL_DURATION.series()["HashiCorp/Vault", "Login"].cumulative[-1]


def test_a_condition_has_both_statuses() -> None:
    """1 for the one that holds, 0 for the other, as alerts for external-secrets expect."""
    metrics.store_answered("SecretStore", "vault", "shop", ready=False)
    labels = ("condition=Ready", "name=vault", "namespace=shop")
    assert {
        ("secretstore_status_condition", *labels, "status=True"): 0.0,
        ("secretstore_status_condition", *labels, "status=False"): 1.0,
    } == shown()


def test_names_of_the_reference_are_kept() -> None:
    """Counters without `_total`, and one that ends as a histogram's do, get no other name in any form."""
    table.SYNC_ERRORS.add("a", "shop")
    table.API_CALLS.add("HashiCorp/Vault", "Login", "success")
    for accept in ("", "application/openmetrics-text;version=1.0.0"):
        text = exposition.scrape(accept)[0].decode()
        assert 'externalsecret_sync_calls_error{name="a",namespace="shop"} 1.0\n' in text
        assert "externalsecret_provider_api_calls_count{" in text


def test_the_form_is_the_one_that_is_asked_for() -> None:
    """Text by default."""
    body, content_type = exposition.scrape("application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    assert exposition.scrape()[1].startswith("text/plain; version=0.0.4")


def test_a_textfile_has_no_metrics_of_the_process() -> None:
    """node_exporter shows its own under these names, and refuses a file that has them too."""
    assert b"process_cpu_seconds_total" in exposition.scrape()[0]
    assert b"process_" not in exposition.textfile()


def test_the_build_is_told() -> None:
    """Also after a file of another version was read."""
    exposition.resume('syncd_build_info{version="0.0.1",python="3.11.0"} 1\n')
    assert 1 == exposition.textfile().count(b"\nsyncd_build_info{")


def test_what_was_written_goes_on() -> None:
    """Counters and histograms add up over processes, gauges stand; so `increase` works on a textfile."""
    table.CHANGES.add("create", "done", by=2.0)
    table.SYNC_ERRORS.add('odd "name"\\', "shop")
    table.LAST_SUCCESS.set(1.8e9, "a", "shop")
    table.PASS_DURATION.observe(0.3, "clean")
    table.PASS_DURATION.observe(1000.0, "clean")
    text = exposition.textfile().decode()
    before = shown(text)
    with cleared():
        exposition.resume(text)
        assert before == shown()
        exposition.resume(text)
        assert {("create", "done"): 4.0} == table.CHANGES.series()
        assert {("a", "shop"): 1.8e9} == table.LAST_SUCCESS.series()
        assert 4 == table.PASS_DURATION.series()[("clean",)].cumulative[-1]


@pytest.mark.parametrize(
    "text",
    [
        "node_load1 0.5\n",
        'syncd_changes_total{action="create"} 1\n',
        OTHER_BOUNDS,
    ],
)
def test_what_is_not_of_this_version_is_passed_over(text: str) -> None:
    """Names, labels and bounds that the table does not have."""
    exposition.resume(text)
    assert {} == shown()


def test_names_are_used_once() -> None:
    """Units are in the names; what belongs to an object says so first."""
    names = [family.name for family in table.FAMILIES]
    assert sorted({*names}) == sorted(names)
    for family in table.FAMILIES:
        assert family.help.endswith(".")
        if "namespace" in family.labels and "name" in family.labels:
            assert ("name", "namespace") == family.labels[:2]
