"""Puts Kubernetes Events on target Secrets, from a thread of its own that no pass waits for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Empty, Full, Queue
from threading import Thread

from syncd.cluster.api import Note, Target
from syncd.daemon.events import Drifted, Event, Loaded, PassFinished
from syncd.daemon.narrate import sentence
from syncd.daemon.outcomes import Outcome, State, outcomes
from syncd.errors import ClusterError, Denied
from syncd.model import ObjectName
from syncd.reconcile.apply import Result, Write
from syncd.reconcile.changes import Action

log = logging.getLogger(__name__)

ROOM = 1000
"""Events that may wait to be written; more are dropped."""
_DONE = {
    Action.CREATE: "Created",
    Action.UPDATE: "Updated",
    Action.ADOPT: "Adopted",
    Action.DELETE: "Deleted",
    Action.PRUNE: "Deleted",
}


@dataclass(slots=True)
class Notifier:
    """A listener. Of a failure the first pass that sees it writes an Event, and the first that sees another reason."""

    target: Target
    _waiting: Queue[Note] = field(default_factory=lambda: Queue(ROOM))
    _secrets: dict[ObjectName, ObjectName] = field(default_factory=dict)
    _said: dict[ObjectName, str] = field(default_factory=dict)
    _refused: bool = False

    def start(self) -> None:
        Thread(target=self._work, name="syncd-events", daemon=True).start()

    def hear(self, event: Event) -> None:
        match event:
            case Loaded():
                self._secrets = {one.object_name: one.target_name for one in event.declarations.external_secrets}
                for name in event.removed:
                    self._said.pop(name, None)
            case PassFinished():
                for note in self._notes(event):
                    self._put(note)
            case Drifted(secret):
                self._put(Note(secret, "Drifted", "changed by somebody else; it is compared with its stores again"))

    def _notes(self, event: PassFinished) -> Iterator[Note]:
        restarts: dict[ObjectName, list[str]] = {}
        for note in event.report.restarts:
            if note.result is Result.DONE:
                for secret in note.owed.because:
                    restarts.setdefault(secret, []).append(str(note.owed.workload.name))
        for write in event.report.writes:
            if write.result is Result.DONE:
                yield Note(write.change.name, _DONE[write.change.action], _message(write))
        for secret, workloads in restarts.items():
            yield Note(secret, "RestartedUsers", f"restarted {', '.join(workloads)}")
        known = {name: self._secrets[name] for name in event.names if name in self._secrets}
        for name, outcome in outcomes(event.report, known).items():
            yield from self._failure(name, known[name], outcome)

    def _failure(self, name: ObjectName, secret: ObjectName, outcome: Outcome) -> Iterator[Note]:
        if outcome.fine:
            self._said.pop(name, None)
        elif self._said.get(name) != outcome.reason:
            self._said[name] = outcome.reason
            reason = "SyncRefused" if outcome.state is State.REFUSED else "SyncFailed"
            yield Note(secret, reason, outcome.reason, warning=True)

    def _put(self, note: Note) -> None:
        try:
            self._waiting.put_nowait(note)
        except Full:
            log.debug("an Event is dropped: too many wait")

    def _work(self) -> None:
        while True:
            try:
                self._write(self._waiting.get(timeout=60))
            except Empty:
                continue

    def _write(self, note: Note) -> None:
        try:
            self.target.note(note)
            self._refused = False
        except Denied as error:
            if not self._refused:
                log.warning("no Events are written: %s", sentence(error.message, error.hint))
            self._refused = True
        except ClusterError as error:
            log.debug("an Event was not written: %s", error.message)
        except Exception:  # nothing depends on an Event
            log.exception("an Event was not written")


def _message(write: Write) -> str:
    keys = write.change.keys
    parts = [("added", keys.added), ("changed", keys.changed), ("removed", keys.removed)]
    told = "; ".join(f"{word} {', '.join(names)}" for word, names in parts if names)
    return told or write.change.reason
