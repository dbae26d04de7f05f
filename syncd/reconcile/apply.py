"""Writes what a plan says: first the baselines of workloads, then the Secrets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from syncd.cluster.api import Target, WorkloadPatch
from syncd.errors import ClusterError, Conflict
from syncd.model import ObjectName, SecretObject
from syncd.reconcile.changes import Change
from syncd.reconcile.owed import Owed
from syncd.reconcile.plan import Plan
from syncd.reconcile.pool import WritePool


class Result(StrEnum):
    DONE = "done"
    CONFLICT = "conflict"
    """Somebody else wrote first; it is decided again."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not begun: something that had to come before it did not happen, or Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Write:
    """What became of one change; `secret` is what the target confirmed (None after a delete)."""

    change: Change
    result: Result
    secret: SecretObject | None = None
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class NoteWrite:
    """What became of one write to a workload."""

    owed: Owed
    result: Result
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    baselines: tuple[NoteWrite, ...] = ()
    writes: tuple[Write, ...] = ()

    @property
    def done(self) -> dict[ObjectName, Write]:
        return {write.change.name: write for write in self.writes if write.result is Result.DONE}


def apply(plan: Plan, target: Target, pool: WritePool) -> Applied:
    """Baselines are persisted before the Secrets that they were taken of are written.

    So whoever dies between the two leaves a note that tells the next pass which restart is owed.
    """
    baselines = pool.each(
        lambda owed: write_note(target, owed, owed.previous, owed.baseline),
        plan.baselines,
        skipped=lambda owed: NoteWrite(owed, Result.SKIPPED, "interrupted"),
    )
    blocked = {name: note for note in baselines if note.result is not Result.DONE for name in note.owed.secrets}
    writes = pool.each(
        lambda change: _write(target, change, blocked.get(change.name)),
        plan.applied_changes,
        skipped=lambda change: Write(change, Result.SKIPPED, message="interrupted"),
    )
    return Applied(tuple(baselines), tuple(writes))


def write_note(
    target: Target, owed: Owed, previous: str | None, note: str | None, *, trigger: str | None = None
) -> NoteWrite:
    """Writes a workload's note, and starts its rollout when a trigger is given."""
    patch = WorkloadPatch(owed.workload.name, owed.workload.uid, previous, note, trigger)
    try:
        target.patch_workload(patch)
    except Exception as error:  # noqa: BLE001  # one write must not stop the others
        return NoteWrite(owed, *_failed(error))
    return NoteWrite(owed, Result.DONE)


def _failed(error: Exception) -> tuple[Result, str, str]:
    """Result, message and hint; of what nobody expected only the class is told, since its text may hold a value."""
    match error:
        case Conflict():
            return Result.CONFLICT, error.message, error.hint
        case ClusterError():
            return Result.FAILED, error.message, error.hint
    return Result.FAILED, f"{type(error).__name__} in syncd", "please report it"


def _write(target: Target, change: Change, blocker: NoteWrite | None) -> Write:
    if blocker and change.before is not None and change.keys:
        why = f"the note of its user {blocker.owed.workload.name} could not be written: {blocker.message}"
        result = Result.CONFLICT if blocker.result is Result.CONFLICT else Result.SKIPPED
        return Write(change, result, message=why, hint=blocker.hint)
    try:
        return Write(change, Result.DONE, _send(target, change))
    except Exception as error:  # noqa: BLE001  # as above
        result, message, hint = _failed(error)
        return Write(change, result, message=message, hint=hint)


def _send(target: Target, change: Change) -> SecretObject | None:
    if change.before is None:
        if change.after is None:
            raise ValueError(f"{change.name}: a change from nothing to nothing")
        return target.create_secret(change.after)
    if change.after is None:
        target.delete_secret(change.name, change.before.uid, change.before.resource_version)
        return None
    return target.patch_secret(change.patch())
