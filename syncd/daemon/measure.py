"""Turns what happens into metrics."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from threading import Lock

from syncd import metrics
from syncd.daemon import events
from syncd.daemon.queue import Lane
from syncd.errors import Failure
from syncd.manifests.declarations import Declarations
from syncd.manifests.fields import StoreKey, StoreKind
from syncd.metrics import table
from syncd.metrics.families import Labels
from syncd.model import ObjectName, WorkloadKind
from syncd.reconcile.apply import Result, Write
from syncd.reconcile.changes import Action, RefusalKind
from syncd.reconcile.plan import Plan
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
        self._declared: frozenset[ObjectName] = frozenset()
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
                    self._record(event.names, failed=event.names)
                    _end(ExitCode.FAILED, event.at, event.duration)
                case events.Swept():
                    table.ORPHANED.set(len(event.report.plan.orphans))
                    _count(event.report)
                case _:
                    _show(event)

    def _declare(self, declarations: Declarations) -> None:
        """The series of all that is not declared any more go."""
        names = frozenset(one.object_name for one in declarations.external_secrets)
        labels = {_labels(name) for name in names}
        for family in _OF_SECRETS:
            family.keep(labels)
        for counter, name in product((table.SYNC_CALLS, table.SYNC_ERRORS), names - self._declared):
            counter.add(*_labels(name), by=0.0)
        self._declared, self._stores = names, {str(key): key for key in declarations.stores}
        self._keep_stores()
        for provider in {one.provider_name for one in declarations.stores.values()}:
            for counter in (table.READ_RETRIES, table.READS_THROTTLED, table.READS_ABANDONED):
                counter.add(provider, by=0.0)
            for reason in Failure:
                table.FETCH_FAILURES.add(provider, reason, by=0.0)

    def _keep_stores(self) -> None:
        for kind in StoreKind:
            metrics.keep_stores(kind, {_labels(key.name) for key in self._stores.values() if key.kind is kind})

    def _finish(self, event: events.PassFinished) -> None:
        standing = Standing.of(event.report)
        self._record(event.names, failed=standing.failed)
        for name in self._declared.intersection(event.names):
            labels = _labels(name)
            table.PAUSED.mark(*labels, on=name in standing.paused)
            for kind in RefusalKind:
                table.REFUSED.mark(*labels, kind, on=standing.refused.get(name) is kind)
            if standing.in_step(name):
                table.LAST_SUCCESS.set(event.at.timestamp(), *labels)
        for name in self._declared & standing.changed:
            table.SECRET_CHANGED.set(event.at.timestamp(), *_labels(name))
        if not self._stores.keys() >= {*event.stores}:
            # One that went while it was read has come back to the metrics.
            self._keep_stores()
        _count(event.report)
        _end(event.report.exit_code, event.at, event.duration)

    def _record(self, names: Collection[ObjectName], *, failed: Collection[ObjectName]) -> None:
        for name in self._declared.intersection(names):
            labels = _labels(name)
            table.SYNC_CALLS.add(*labels)
            table.SYNC_ERRORS.add(*labels, by=float(name in failed))
            metrics.condition(table.SECRET_CONDITION, *labels, ready=name not in failed)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a pass left its declarations."""

    failed: frozenset[ObjectName]
    """Not as declared, and neither paused nor waiting to be confirmed: somebody or something must act."""
    refused: Mapping[ObjectName, RefusalKind]
    """Those of the failed ones that were refused."""
    paused: frozenset[ObjectName]
    unconfirmed: frozenset[ObjectName]
    changed: frozenset[ObjectName]
    """Whose Secret has other data now."""

    @classmethod
    def of(cls, report: Report) -> Standing:
        plan, writes = report.plan, report.writes
        refused = _refused(plan)
        unwritten = [write.change for write in writes if write.result is not Result.DONE]
        late = [*(one.change for one in plan.waiting), *unwritten]
        return cls(
            failed=frozenset(
                [*refused, *(one.declaration for one in plan.unknowns), *(n for one in late for n in one.declarations)]
            ),
            refused=refused,
            paused=frozenset(name for one in plan.changes if one.paused for name in one.declarations),
            unconfirmed=frozenset(name for one in plan.unconfirmed for name in one.declarations),
            changed=frozenset(name for write in writes if _is_news(write) for name in write.change.declarations),
        )

    def in_step(self, name: ObjectName) -> bool:
        return not any(name in names for names in (self.failed, self.paused, self.unconfirmed))


def _refused(plan: Plan) -> dict[ObjectName, RefusalKind]:
    return {one.declaration: one.kind for one in plan.refusals if one.declaration}


def _is_news(write: Write) -> bool:
    return write.result is Result.DONE and bool(write.change.keys)


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
        case events.WatchLost() | events.WatchHolds():
            table.WATCH_LOST.mark(event.namespace, on=isinstance(event, events.WatchLost))
        case _:
            pass
