"""Turns what happens into metrics."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import product
from threading import Lock

from syncd import metrics
from syncd.daemon import events
from syncd.daemon.outcomes import State, outcomes
from syncd.daemon.queue import Lane
from syncd.errors import Failure
from syncd.manifests.declarations import Declarations
from syncd.manifests.fields import StoreKey, StoreKind
from syncd.metrics import table
from syncd.metrics.families import Labels
from syncd.model import ObjectName, WorkloadKind
from syncd.reconcile.apply import Result
from syncd.reconcile.changes import Action
from syncd.reconcile.report import ExitCode, Report

_OF_SECRETS = (
    table.SYNC_CALLS,
    table.SYNC_ERRORS,
    table.SECRET_CONDITION,
    table.LAST_SUCCESS,
    table.SECRET_CHANGED,
    table.PAUSED,
    table.REFUSED,
)
"""The families whose series belong to ExternalSecrets."""


class Measure:
    """Hears what happens in the daemon, or of the one pass of `syncd sync`. One for the process, as the metrics are."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._declared: dict[ObjectName, ObjectName] = {}
        """By ExternalSecret, its Secret."""
        self._stores: dict[str, StoreKey] = {}
        # A counter that comes into being with its first event hides that event from `rate` and `increase`.
        for action, result in product(Action, Result):
            table.CHANGES.add(action, result, by=0.0)
        for kind, result in product(WorkloadKind, Result):
            table.RESTARTS.add(kind, result, by=0.0)
        table.DRIFTED.add(by=0.0)

    def hear(self, event: events.Event) -> None:
        with self._lock:
            match event:
                case events.Loaded():
                    self._declare(event.declarations)
                    table.MANIFESTS_VALID.set(float(not event.problems))
                case events.PassFinished():
                    self._finish(event)
                case events.PassFailed():
                    names = self._declared.keys() & {*event.names}
                    self._record(names, failed=names)
                    _end(ExitCode.FAILED, event.at, event.duration)
                case events.Swept():
                    table.ORPHANED.set(len(event.report.plan.orphans))
                    _count(event.report)
                case _:
                    _show(event)

    def _declare(self, declarations: Declarations) -> None:
        """The series of all that is not declared any more go."""
        self._declared = {one.object_name: one.target_name for one in declarations.external_secrets}
        self._stores = {str(key): key for key in declarations.stores}
        self._keep_stores()
        labels = {*map(_labels, self._declared)}
        for family in _OF_SECRETS:
            family.keep(labels)
        for one in labels:
            table.SYNC_CALLS.add(*one, by=0.0)
            table.SYNC_ERRORS.add(*one, by=0.0)
        for provider in {one.provider_name for one in declarations.stores.values()}:
            for counter in (table.READ_RETRIES, table.READS_THROTTLED, table.READS_ABANDONED):
                counter.add(provider, by=0.0)
            for reason in Failure:
                table.FETCH_FAILURES.add(provider, reason, by=0.0)

    def _keep_stores(self) -> None:
        for kind in StoreKind:
            metrics.keep_stores(kind, {_labels(key.name) for key in self._stores.values() if key.kind is kind})

    def _finish(self, event: events.PassFinished) -> None:
        about = {name: self._declared[name] for name in event.names if name in self._declared}
        found = outcomes(event.report, about)
        self._record(found, failed={name for name, outcome in found.items() if not outcome.fine})
        for name, outcome in found.items():
            table.PAUSED.mark(*_labels(name), on=outcome.state is State.PAUSED)
            table.REFUSED.mark(*_labels(name), on=outcome.state is State.REFUSED)
            if outcome.state is State.SYNCED:
                table.LAST_SUCCESS.set(event.at.timestamp(), *_labels(name))
        self._date(event)
        if not self._stores.keys() >= {*event.stores}:
            # One that went while it was read has come back to the metrics.
            self._keep_stores()
        _count(event.report)
        _end(event.report.exit_code, event.at, event.duration)

    def _date(self, event: events.PassFinished) -> None:
        """When data changed: now, or before we came as the API server remembers."""
        for name in self._declared.keys() & _changed(event.report):
            table.SECRET_CHANGED.set(event.at.timestamp(), *_labels(name))
        tracked = event.report.rounds[0].plan.tracked
        for name in self._declared.keys() & {*event.names}:
            secret = tracked.get(self._declared[name])
            if secret and secret.written:
                table.SECRET_CHANGED.begin(secret.written.timestamp(), *_labels(name))

    def _record(self, names: Collection[ObjectName], *, failed: Collection[ObjectName]) -> None:
        for name in names:
            labels = _labels(name)
            table.SYNC_CALLS.add(*labels)
            table.SYNC_ERRORS.add(*labels, by=float(name in failed))
            metrics.condition(table.SECRET_CONDITION, *labels, ready=name not in failed)


def _changed(report: Report) -> set[ObjectName]:
    """The declarations whose Secrets have other data now."""
    done = (write.change for write in report.writes if write.result is Result.DONE)
    return {name for change in done if change.keys for name in change.declarations}


def _labels(name: ObjectName) -> Labels:
    return name.name, name.namespace


def _count(report: Report) -> None:
    for write in report.writes:
        table.CHANGES.add(write.change.action, write.result)
    for note in report.restarts:
        table.RESTARTS.add(note.owed.workload.name.kind, note.result)


def _end(result: ExitCode, at: datetime, duration: float) -> None:
    table.PASS_DURATION.observe(duration, result.name.lower())
    table.LAST_PASS.set(at.timestamp())


def _show(event: events.Event) -> None:
    """Events that say how something stands now."""
    match event:
        case events.QueueChanged():
            for lane in Lane:
                table.QUEUED.set(event.waiting.get(lane, 0), lane.name.lower())
            table.UNDER_WAY.set(event.under_way)
        case events.StoresAsked():
            table.LANE_WAITING.show({(lane,): load.waiting for lane, load in event.lanes.items()})
            table.LANE_IN_FLIGHT.show({(lane,): load.under_way for lane, load in event.lanes.items()})
            table.LANE_LOST.show({(lane,): load.lost for lane, load in event.lanes.items()})
        case events.Paused():
            table.PROCESS_PAUSED.set(float(event.writes), "writes")
            table.PROCESS_PAUSED.set(float(event.restarts), "restarts")
        case events.Drifted():
            table.DRIFTED.add()
        case events.WatchLost() | events.WatchHolds() | events.WatchEnded():
            table.WATCH_LOST.mark(event.kind, event.namespace, on=isinstance(event, events.WatchLost))
        case _:
            pass
