"""What a pass did, for people and machines; never a value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from syncd.model import ObjectName, WorkloadName
from syncd.reconcile.apply import Applied, NoteWrite, Result, Write
from syncd.reconcile.changes import RefusalKind
from syncd.reconcile.plan import Plan
from syncd.reconcile.restart import Restarted


class ExitCode(IntEnum):
    """Of every command; 1 beats 3 beats 2."""

    CLEAN = 0
    FAILED = 1
    CHANGES = 2
    REFUSED = 3


def plan_exit_code(plan: Plan) -> ExitCode:
    """2 when Secrets would be written or workloads restarted; notes on workloads alone are no change."""
    if plan.unknowns or plan.waiting or plan.blind or _failing(plan):
        return ExitCode.FAILED
    if any(refusal.kind is RefusalKind.GUARD for refusal in plan.refusals):
        return ExitCode.REFUSED
    return ExitCode.CHANGES if plan.applied_changes or any(one.restarts for one in plan.workloads) else ExitCode.CLEAN


def _failing(plan: Plan) -> bool:
    return any(refusal.kind is not RefusalKind.GUARD for refusal in plan.refusals)


@dataclass(frozen=True, slots=True)
class Round:
    """One plan and what came of it. What lost a race is decided again in the next round."""

    plan: Plan
    applied: Applied
    restarted: Restarted

    @property
    def conflicts(self) -> frozenset[ObjectName]:
        """Secrets that must be decided again."""
        notes = (*self.applied.baselines, *self.restarted.restarts, *self.restarted.notes)
        secrets = {write.change.name for write in self.applied.writes if write.result is Result.CONFLICT}
        return frozenset(
            secrets | {name for note in notes if note.result is Result.CONFLICT for name in note.owed.secrets}
        )


@dataclass(frozen=True, slots=True)
class Report:
    """All rounds of a pass. A later outcome of a Secret or workload replaces an earlier one that was a conflict."""

    rounds: tuple[Round, ...]
    interrupted: bool = False

    @property
    def plan(self) -> Plan:
        """The first plan, with what later rounds could not say or had to refuse."""
        first, *later = self.rounds
        seen = {(refusal.name, refusal.declaration) for refusal in first.plan.refusals}
        unknown = {one.declaration for one in first.plan.unknowns}
        late = [r for one in later for r in one.plan.refusals if (r.name, r.declaration) not in seen]
        lost = [u for one in later for u in one.plan.unknowns if u.declaration not in unknown]
        waiting = [w for one in later for w in one.plan.waiting]
        return replace(
            first.plan,
            refusals=(*first.plan.refusals, *late),
            unknowns=(*first.plan.unknowns, *lost),
            waiting=(*first.plan.waiting, *waiting),
        )

    @property
    def writes(self) -> tuple[Write, ...]:
        latest: dict[ObjectName, Write] = {}
        for one in self.rounds:
            for name in one.plan.tracked:
                if name in latest and latest[name].result is Result.CONFLICT:
                    del latest[name]
            latest |= {write.change.name: write for write in one.applied.writes}
        return tuple(latest[name] for name in sorted(latest))

    @property
    def restarts(self) -> tuple[NoteWrite, ...]:
        latest: dict[WorkloadName, NoteWrite] = {}
        for one in self.rounds:
            latest |= {note.owed.workload.name: note for note in one.restarted.restarts}
        return tuple(latest[name] for name in sorted(latest))

    @property
    def failures(self) -> tuple[Write | NoteWrite, ...]:
        """Writes that did not happen although the plan had them, by their last outcome."""
        last = self.rounds[-1]
        notes = [
            note
            for one in self.rounds
            for note in (*one.applied.baselines, *one.restarted.notes, *one.restarted.restarts)
            if note.result is Result.FAILED or (note.result is not Result.DONE and one is last)
        ]
        return (*(write for write in self.writes if write.result is not Result.DONE), *notes)

    @property
    def exit_code(self) -> ExitCode:
        if self.failures or self.interrupted:
            return ExitCode.FAILED
        code = plan_exit_code(self.plan)
        return ExitCode.CLEAN if code is ExitCode.CHANGES else code
