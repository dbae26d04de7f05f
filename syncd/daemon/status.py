"""What `/status` shows: how each declaration stands. Never a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any

from syncd.daemon.events import Event, Loaded, PassFailed, PassFinished, Paused
from syncd.daemon.outcomes import Outcome, State, outcomes
from syncd.errors import Problem
from syncd.manifests.declarations import Declarations
from syncd.model import ObjectName
from syncd.reconcile.apply import Result

NextSync = Callable[[ObjectName], datetime | None]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one declaration stands. `synced` is when it was last found or brought in step, `changed` last written."""

    outcome: Outcome | None = None
    tried: datetime | None = None
    synced: datetime | None = None
    changed: datetime | None = None
    failures: int = 0
    """In a row."""


class Status:
    """A listener that remembers the last word about everything."""

    def __init__(self, next_sync: NextSync) -> None:
        self._next_sync = next_sync
        self._lock = Lock()
        self._declarations = Declarations()
        self._secrets: dict[ObjectName, ObjectName] = {}
        self._problems: tuple[Problem, ...] = ()
        self._standing: dict[ObjectName, Standing] = {}
        self._paused = Paused(writes=False, restarts=False)
        self._awaited: set[ObjectName] | None = None

    def hear(self, event: Event) -> None:
        with self._lock:
            match event:
                case Loaded():
                    self._load(event)
                case PassFinished():
                    self._finish(event)
                case PassFailed():
                    outcome = Outcome(State.FAILED, event.message, event.hint, passing=True)
                    declared = [name for name in event.names if name in self._secrets]
                    self._end(event.names, dict.fromkeys(declared, outcome), event.at)
                case Paused():
                    self._paused = event

    @property
    def ready(self) -> bool:
        """The manifests were loaded, and every declaration that stood in them then has been tried."""
        with self._lock:
            return self._awaited is not None and not self._awaited

    def standing(self, name: ObjectName) -> Standing:
        with self._lock:
            return self._standing.get(name, Standing())

    def document(self) -> dict[str, Any]:
        with self._lock:
            declarations = self._declarations.external_secrets
            standing, problems, paused = dict(self._standing), self._problems, self._paused
        return {
            "ready": self.ready,
            "paused": {"writes": paused.writes, "restarts": paused.restarts},
            "problems": [_problem(problem) for problem in problems],
            "externalSecrets": [
                {
                    "namespace": one.object_name.namespace,
                    "name": one.object_name.name,
                    "secret": one.target_name.local,
                    "source": one.source.location,
                    **_standing(standing.get(one.object_name, Standing())),
                    "nextSync": _time(self._next_sync(one.object_name)),
                }
                for one in declarations
            ],
        }

    def _load(self, event: Loaded) -> None:
        self._declarations, self._problems = event.declarations, event.problems
        self._secrets = {one.object_name: one.target_name for one in event.declarations.external_secrets}
        for name in event.removed:
            self._standing.pop(name, None)
        if self._awaited is None:
            self._awaited = {one.object_name for one in event.declarations.external_secrets}
        self._awaited.difference_update(event.removed)

    def _finish(self, event: PassFinished) -> None:
        known = {name: self._secrets[name] for name in event.names if name in self._secrets}
        found = outcomes(event.report, known)
        self._end(event.names, found, event.at)
        for write in event.report.writes:
            for name in write.change.declarations if write.result is Result.DONE else ():
                if name in self._standing:
                    self._standing[name] = replace(self._standing[name], changed=event.at)

    def _end(self, names: tuple[ObjectName, ...], found: Mapping[ObjectName, Outcome], at: datetime) -> None:
        for name, outcome in found.items():
            old = self._standing.get(name, Standing())
            self._standing[name] = replace(
                old,
                outcome=outcome,
                tried=at,
                synced=at if outcome.state is State.SYNCED else old.synced,
                failures=0 if outcome.fine else old.failures + 1,
            )
        if self._awaited:
            self._awaited.difference_update(names)


def _standing(one: Standing) -> dict[str, Any]:
    outcome = one.outcome
    return {
        "state": str(outcome.state) if outcome else "waiting",
        "error": {"message": outcome.reason, "hint": outcome.hint} if outcome and outcome.reason else None,
        "failures": one.failures,
        "lastTry": _time(one.tried),
        "lastSync": _time(one.synced),
        "lastChange": _time(one.changed),
    }


def _problem(problem: Problem) -> dict[str, str]:
    return {"message": str(problem), "hint": problem.hint}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
