"""Tells the log: one line for each pass and each change, and one for each kind of failure of a pass."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from syncd.daemon.events import (
    ClockStepped,
    Drifted,
    Event,
    Loaded,
    PassFailed,
    PassFinished,
    Paused,
    Pruning,
    Retrying,
    Swept,
    WatchHolds,
    WatchLost,
)
from syncd.daemon.outcomes import Outcome, State, outcomes
from syncd.errors import Problem
from syncd.model import ObjectName
from syncd.reconcile.apply import NoteWrite, Result, Write
from syncd.reconcile.report import Report

log = logging.getLogger("syncd.run")


@dataclass(slots=True)
class Narrator:
    """A listener. What is still so is not said again with every pass: failures are, since they are few lines."""

    _secrets: dict[ObjectName, ObjectName] = field(default_factory=dict)
    _problems: frozenset[Problem] = frozenset()
    _orphans: frozenset[tuple[ObjectName, Pruning]] = frozenset()
    _paused: str = ""

    def hear(self, event: Event) -> None:
        match event:
            case Loaded():
                self._load(event)
            case PassFinished():
                self._finish(event)
            case PassFailed():
                log.error("pass failed: %s", sentence(event.message, event.hint), extra=_pass(event))
            case Swept():
                self._sweep(event)
            case Drifted(secret):
                log.info("%s `%s` was changed by somebody else", secret.kind, secret)
            case WatchLost(namespace, message, hint, kind):
                log.warning("%ss%s are not watched for now: %s", kind, _where(namespace), sentence(message, hint))
            case WatchHolds(namespace, kind):
                log.info("%ss%s are watched", kind, _where(namespace))
            case Retrying(due) if due:
                _retry(due)
            case Paused(writes, restarts):
                self._pause(" and ".join(word for word, held in (("writes", writes), ("restarts", restarts)) if held))
            case ClockStepped(seconds):
                log.warning("the clock was set by %+.0f s: schedules are dated anew", seconds)

    def _load(self, event: Loaded) -> None:
        self._secrets = {one.object_name: one.target_name for one in event.declarations.external_secrets}
        for problem in event.problems:
            if problem not in self._problems:
                log.error("manifest not loaded: %s", sentence(str(problem), problem.hint))
        if event.problems and not self._problems:
            log.warning("the last good version of each broken file stays in force")
        self._problems = frozenset(event.problems)
        log.info(
            "manifests loaded",
            extra=_counts(
                declarations=len(self._secrets),
                changed=len(event.changed),
                removed=len(event.removed),
                problems=len(event.problems),
            ),
        )

    def _finish(self, event: PassFinished) -> None:
        report = event.report
        for line in _changes(report):
            line.write()
        found = outcomes(report, {name: self._secrets[name] for name in event.names if name in self._secrets})
        for line in _failures(found):
            line.write()
        states = Counter(str(one.state) for one in found.values())
        restarts = sum(note.result is Result.DONE for note in report.restarts)
        changed = sum(write.result is Result.DONE for write in report.writes)
        level = logging.INFO if all(one.fine for one in found.values()) else logging.WARNING
        log.log(level, "pass finished", extra=_pass(event) | _counts(changed=changed, restarts=restarts, **states))

    def _pause(self, what: str) -> None:
        if what:
            log.warning("%s are paused: they are planned, and shown as such", what)
        elif self._paused:
            log.info("%s are paused no more", self._paused)
        self._paused = what

    def _sweep(self, event: Swept) -> None:
        for line in _changes(event.report):
            line.write()
        orphans = frozenset((one.name, event.pruning) for one in event.report.plan.orphans)
        level, what = _fate(event)
        for name, _ in sorted(orphans - self._orphans):
            log.log(level, "%s `%s` is ours and no longer declared%s", name.kind, name, what)
        for refusal in event.report.plan.refusals:
            kept, why = refusal.name, sentence(refusal.reason, refusal.hint)
            log.warning("%s `%s` is kept: %s", kept.kind, kept, why)
        self._orphans = orphans


def _fate(event: Swept) -> tuple[int, str]:
    """Of orphans that were left: how loud that is, and what comes next."""
    match event.pruning:
        case Pruning.OFF:
            return logging.WARNING, "; hint: `--prune` deletes what is"
        case Pruning.WAITS:
            return logging.INFO, f": it is deleted in {ceil(event.rest)} s unless it is declared again"
        case Pruning.HELD:
            return logging.WARNING, ": it is kept while files do not load"
        case Pruning.ON:
            return logging.WARNING, ": it is kept until what its declaration asks for now stands"


def _retry(due: Mapping[ObjectName, datetime]) -> None:
    soonest = min(due, key=lambda name: (due[name], name))
    others = f" (and {len(due) - 1} more)" if len(due) > 1 else ""
    at = due[soonest].isoformat(timespec="seconds").replace("+00:00", "Z")
    log.info("ExternalSecret `%s`%s: next try at %s", soonest, others, at, extra={"declarations": len(due)})


@dataclass(frozen=True, slots=True)
class _Line:
    level: int
    message: str
    fields: Mapping[str, object]

    def write(self) -> None:
        log.log(self.level, "%s", self.message, extra=dict(self.fields))


def _changes(report: Report) -> Iterator[_Line]:
    """What was written."""
    for write in report.writes:
        if write.result is Result.DONE:
            yield _of_secret(write)
    for note in report.restarts:
        if note.result is Result.DONE:
            yield _of_workload(note)


def _of_secret(write: Write) -> _Line:
    change = write.change
    keys = {"added": change.keys.added, "changed": change.keys.changed, "removed": change.keys.removed}
    fields = {"secret": str(change.name), "action": str(change.action)}
    fields |= {f"keys_{word}": ",".join(names) for word, names in keys.items() if names}
    return _Line(logging.INFO, f"{change.name.kind} `{change.name}`: {change.action}: {change.reason}", fields)


def _of_workload(note: NoteWrite) -> _Line:
    secrets = ",".join(str(name) for name in sorted(note.owed.because))
    name = str(note.owed.workload.name)
    return _Line(logging.INFO, f"workload `{name}`: restart", {"workload": name, "because": secrets})


def _failures(found: Mapping[ObjectName, Outcome]) -> Iterator[_Line]:
    """One line for each store and kind of failure, with the first as an example."""
    groups: dict[tuple[object, ...], list[ObjectName]] = {}
    for name, outcome in found.items():
        if not outcome.fine:
            groups.setdefault((outcome.state, outcome.stores, outcome.failure), []).append(name)
    for (state, stores, failure), names in groups.items():
        example = found[names[0]]
        others = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
        verb = "refused" if state is State.REFUSED else "failed"
        message = f"ExternalSecret `{names[0]}`{others} {verb}: {sentence(example.reason, example.hint)}"
        fields = {"declarations": len(names), "store": ",".join(_texts(stores)), "failure": failure and str(failure)}
        yield _Line(logging.WARNING, message, {key: value for key, value in fields.items() if value})


def _texts(stores: object) -> Iterable[str]:
    return stores if isinstance(stores, tuple) else ()


def _pass(event: PassFinished | PassFailed) -> dict[str, object]:
    about = {"store": ",".join(event.stores)} if isinstance(event, PassFinished) else {}
    lane = event.lane.name.lower()
    return {"declarations": len(event.names), **about, "lane": lane, "seconds": round(event.duration, 3)}


def _counts(**numbers: int) -> dict[str, object]:
    """Without what did not happen."""
    return {name: number for name, number in numbers.items() if number}


def sentence(message: str, hint: str) -> str:
    """For a line of the log."""
    return f"{message}; hint: {hint}" if hint else message


def _where(namespace: str) -> str:
    return f" in namespace `{namespace}`" if namespace else ""
