"""What happens is in the metrics, and what is declared no more is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from syncd import metrics
from syncd.daemon import events
from syncd.daemon.measure import Measure
from syncd.daemon.queue import Lane
from syncd.errors import Failure, Problem
from syncd.manifests import Declarations
from syncd.metrics import table
from syncd.model import SecretValue, Source, SourceKind, TargetKind, Unknown
from syncd.providers.schedule import Load
from syncd.reconcile.apply import NoteWrite, Result, Write
from syncd.reconcile.changes import Action, Orphan, Refusal, RefusalKind, Settled, Waiting
from syncd.reconcile.owed import Tracked
from syncd.reconcile.plan import Plan
from syncd.reconcile.report import Report
from syncd.sources.files import load
from tests.cli import plans
from tests.metering import cleared

AT = datetime(2026, 1, 31, 4, 5, 6, tzinfo=UTC)
LATER = datetime(2026, 1, 31, 5, 5, 6, tzinfo=UTC)
CREATE = plans.change(Action.CREATE, None, plans.secret("web/a", "KEY"))
RELABEL = plans.change(Action.UPDATE, plans.secret("web/a", "KEY"), plans.secret("web/a", "KEY", team="x"))
SETTLED = Plan(settled=(Settled(plans.name("web/a"), plans.name("web/a")),))
UNKNOWN = Unknown(
    plans.name("web/a"), plans.name("web/a"), "timed out", Failure.TIMEOUT, Source(SourceKind.FILES, "web.yaml:1")
)
REFUSED = Refusal(plans.name("web/a"), "too many", kind=RefusalKind.GUARD, declaration=plans.name("web/a"))


@pytest.fixture(autouse=True)
def none_yet() -> Iterator[None]:
    """No series when a test begins."""
    with cleared():
        yield


@pytest.fixture
def declared(tmp_path: Path) -> Callable[..., Declarations]:
    """`declared("a", "b", store="other")`: ExternalSecrets of one SecretStore, in the namespace `web`."""

    def make(*names: str, store: str = "vault") -> Declarations:
        data = [{"secretKey": "KEY", "remoteRef": {"key": "k"}}]
        secrets = [_manifest("ExternalSecret", name, secretStoreRef={"name": store}, data=data) for name in names]
        provider = {"fake": {"data": [{"key": "k", "value": "1"}]}}
        path = tmp_path / "all.yaml"
        path.write_text(yaml.safe_dump_all([*secrets, _manifest("SecretStore", store, provider=provider)]))
        return load([str(path)], namespace="web")

    return make


@pytest.fixture
def measure(declared: Callable[..., Declarations]) -> Measure:
    """Has heard of the ExternalSecret `web/a` and of the store `web/vault`."""
    measure = Measure()
    measure.hear(events.Loaded(declared("a")))
    return measure


def _manifest(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "web"},
        "spec": spec,
    }


def finished(report: Report, *, at: datetime = AT, **more: Any) -> events.PassFinished:
    names, stores = (plans.name("web/a"),), ("SecretStore/web/vault",)
    given: Mapping[str, Any] = {"names": names, "stores": stores, "lane": Lane.NEW, "at": at, "duration": 0.3, **more}
    return events.PassFinished(report=report, **given)


def ready() -> bool | None:
    """The condition of `web/a`."""
    value = table.SECRET_CONDITION.series().get(("a", "web", "Ready", "True"))
    return None if value is None else bool(value)


def test_a_pass_that_succeeds(measure: Measure) -> None:
    """Is counted, timed and dated."""
    measure.hear(finished(plans.report(Plan(changes=(CREATE,)), plans.done(CREATE))))
    assert {("a", "web"): 1.0} == table.SYNC_CALLS.series()
    assert {("a", "web"): 0.0} == table.SYNC_ERRORS.series()
    assert ready()
    assert {("a", "web"): AT.timestamp()} == table.LAST_SUCCESS.series() == table.SECRET_CHANGED.series()
    assert 1.0 == table.CHANGES.series()["create", "done"]
    assert {("clean",): 0.3} == {labels: buckets.sum for labels, buckets in table.PASS_DURATION.series().items()}
    assert {(): AT.timestamp()} == table.LAST_PASS.series()


def test_a_pass_that_changes_nothing(measure: Measure) -> None:
    """Is a success, and no change of data; metadata is no data either."""
    measure.hear(finished(plans.report(Plan(changes=(CREATE,)), plans.done(CREATE))))
    measure.hear(finished(plans.report(SETTLED), at=LATER))
    measure.hear(finished(plans.report(Plan(changes=(RELABEL,)), plans.done(RELABEL)), at=LATER))
    assert {("a", "web"): LATER.timestamp()} == table.LAST_SUCCESS.series()
    assert {("a", "web"): AT.timestamp()} == table.SECRET_CHANGED.series()


def test_a_change_before_we_came(measure: Measure) -> None:
    """Is dated by the API server, until there is another."""
    data = {"KEY": SecretValue("1")}
    tracked = Tracked(plans.name("web/a"), data, data, written=datetime(2025, 12, 24, tzinfo=UTC))
    plan = replace(SETTLED, tracked={tracked.name: tracked})
    measure.hear(finished(plans.report(plan)))
    assert {("a", "web"): datetime(2025, 12, 24, tzinfo=UTC).timestamp()} == table.SECRET_CHANGED.series()
    measure.hear(finished(plans.report(replace(plan, changes=(CREATE,)), plans.done(CREATE))))
    measure.hear(finished(plans.report(plan), at=LATER))
    assert {("a", "web"): AT.timestamp()} == table.SECRET_CHANGED.series()


@pytest.mark.parametrize(
    "report",
    [
        plans.report(Plan(unknowns=(UNKNOWN,))),
        plans.report(Plan(refusals=(REFUSED,))),
        plans.report(Plan(waiting=(Waiting(RELABEL, "who uses it is unknown"),))),
        plans.report(Plan(changes=(RELABEL,)), Write(RELABEL, Result.FAILED)),
        plans.report(Plan(changes=(RELABEL,)), Write(RELABEL, Result.CONFLICT)),
    ],
    ids=["unknown", "refused", "waiting", "failed", "conflict"],
)
def test_a_pass_that_fails(measure: Measure, report: Report) -> None:
    """Whatever kept a Secret from being as declared; the last success stays what it was."""
    measure.hear(finished(plans.report(SETTLED)))
    measure.hear(finished(report, at=LATER))
    assert {("a", "web"): 2.0} == table.SYNC_CALLS.series()
    assert {("a", "web"): 1.0} == table.SYNC_ERRORS.series()
    assert not ready()
    assert {("a", "web"): AT.timestamp()} == table.LAST_SUCCESS.series()


def test_an_end_is_no_failure(measure: Measure) -> None:
    """What was not written because syncd ends counts neither way."""
    measure.hear(finished(plans.report(SETTLED)))
    skipped = plans.report(Plan(changes=(RELABEL,)), Write(RELABEL, Result.SKIPPED), interrupted=True)
    measure.hear(finished(skipped, at=LATER))
    assert ({("a", "web"): 1.0}, {("a", "web"): 0.0}) == (table.SYNC_CALLS.series(), table.SYNC_ERRORS.series())
    assert ready()


def test_a_pass_that_comes_to_nothing(measure: Measure) -> None:
    """Failed for all of its names."""
    measure.hear(events.PassFailed((plans.name("web/a"),), Lane.NEW, "the API server is away", "", AT, 2.0))
    assert {("a", "web"): 1.0} == table.SYNC_ERRORS.series()
    assert not ready()
    assert {("failed",)} == table.PASS_DURATION.series().keys()


def test_what_is_held_back_has_not_failed(measure: Measure) -> None:
    """A pause, or an absence that was seen once, is no error, and no success either."""
    measure.hear(finished(plans.report(Plan(changes=(replace(CREATE, paused="paused"),)))))
    assert ready()
    assert {("a", "web"): 1.0} == table.PAUSED.series()
    assert {} == table.LAST_SUCCESS.series()
    measure.hear(finished(plans.report(Plan(unconfirmed=(RELABEL,)))))
    assert ready()
    assert {} == table.PAUSED.series() == table.LAST_SUCCESS.series()


def test_a_refusal_shows_until_it_is_lifted(measure: Measure) -> None:
    """By the guard, here."""
    measure.hear(finished(plans.report(Plan(refusals=(REFUSED,)))))
    assert {("a", "web"): 1.0} == table.REFUSED.series()
    measure.hear(finished(plans.report(SETTLED)))
    assert {} == table.REFUSED.series()


def test_restarts_are_counted_by_result(measure: Measure) -> None:
    """Of every kind of workload, also those that there were none of."""
    restarts = (NoteWrite(plans.owed(), Result.DONE), NoteWrite(plans.owed("web/b"), Result.FAILED))
    measure.hear(finished(plans.report(SETTLED, restarts=restarts)))
    counted = {labels: value for labels, value in table.RESTARTS.series().items() if value}
    assert {("Deployment", "done"): 1.0, ("Deployment", "failed"): 1.0} == counted
    assert 0.0 == table.RESTARTS.series()["StatefulSet", "done"]


def test_series_go_with_their_object(measure: Measure, declared: Callable[..., Declarations]) -> None:
    """All of them, of ExternalSecrets and of stores."""
    metrics.store_answered("SecretStore", "vault", "web", ready=True)
    measure.hear(finished(plans.report(Plan(changes=(CREATE,), refusals=(REFUSED,)), plans.done(CREATE))))
    measure.hear(events.Loaded(declared("b", store="other")))
    names = {labels[0] for family in table.FAMILIES if "name" in family.labels for labels in family.series()}
    assert {"b"} == names


def test_nothing_comes_back_after_its_object_went(measure: Measure, declared: Callable[..., Declarations]) -> None:
    """A pass may end after the manifests changed."""
    measure.hear(events.Loaded(declared("b", store="other")))
    metrics.store_answered("SecretStore", "vault", "web", ready=True)
    measure.hear(finished(plans.report(Plan(changes=(CREATE,)), plans.done(CREATE))))
    names = {labels[0] for family in table.FAMILIES if "name" in family.labels for labels in family.series()}
    assert {"b"} == names


def test_manifests_that_do_not_load(measure: Measure, declared: Callable[..., Declarations]) -> None:
    """Their last good version stays, and the metrics say so."""
    assert {(): 1.0} == table.MANIFESTS_VALID.series()
    measure.hear(events.Loaded(declared("a"), problems=(Problem("web.yaml:1", "", "", "is not YAML"),)))
    assert {(): 0.0} == table.MANIFESTS_VALID.series()


def test_a_sweep_counts_orphans_and_what_it_deleted(measure: Measure) -> None:
    """It is about no declaration."""
    orphan = Orphan(plans.name("web/old"), "default/files/web/old")
    measure.hear(events.Swept(plans.report(Plan(orphans=(orphan,)), plans.done(plans.PRUNE)), AT))
    assert {(): 1.0} == table.ORPHANED.series()
    assert 1.0 == table.CHANGES.series()["prune", "done"]
    assert {("a", "web"): 0.0} == table.SYNC_CALLS.series()


def test_how_things_stand(measure: Measure) -> None:
    """The queue, the lanes, the process's pauses, drift, and what is not watched."""
    for event in (
        events.QueueChanged({Lane.PERIODIC: 7}, 2),
        events.StoresAsked({}, {"vault": Load(waiting=3, under_way=2, lost=1)}),
        events.Paused(writes=False, restarts=True),
        events.Drifted(plans.name("web/a")),
        events.WatchLost("web", "denied"),
        events.WatchLost("shop", "denied"),
        events.WatchHolds("shop"),
        events.WatchHolds("web", TargetKind.CONFIG_MAP),
        events.ClockStepped(3.0),
    ):
        measure.hear(event)
    assert {("new",): 0.0, ("periodic",): 7.0} == table.QUEUED.series()
    assert {(): 2.0} == table.UNDER_WAY.series()
    lanes = (table.LANE_WAITING, table.LANE_IN_FLIGHT, table.LANE_LOST)
    assert [3.0, 2.0, 1.0] == [lane.series()[("vault",)] for lane in lanes]
    assert {("writes",): 0.0, ("restarts",): 1.0} == table.PROCESS_PAUSED.series()
    assert {(): 1.0} == table.DRIFTED.series()
    assert {("Secret", "web"): 1.0} == table.WATCH_LOST.series()
