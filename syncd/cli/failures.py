"""What a pass could not or would not do, as errors: where, what, why, and a hint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from syncd.model import Source
from syncd.reconcile.apply import NoteWrite, Result, Write
from syncd.reconcile.changes import Action
from syncd.reconcile.plan import Plan
from syncd.reconcile.report import Report
from syncd.sources.places import Places

_DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.ADOPT: "adopted",
    Action.DELETE: "deleted",
    Action.PRUNE: "deleted",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    message: str
    hint: str = ""


def past(action: Action) -> str:
    """What has happened to a Secret when the action is done."""
    return _DONE[action]


def of_plan(plan: Plan) -> Iterator[Trouble]:
    """What keeps a plan from being complete."""
    places = Places()
    for unknown in plan.unknowns:
        source = replace(unknown.source, location=places.of(unknown.source.location, unknown.place))
        yield Trouble(_where(source, f"{unknown.declaration}: {unknown.reason}"), unknown.hint)
    for refusal in plan.refusals:
        yield Trouble(_where(refusal.source, f"{refusal.name}: refused: {refusal.reason}"), refusal.hint)
    for waiting in plan.waiting:
        message = f"{waiting.change.name}: not {past(waiting.change.action)}: {waiting.reason}"
        yield Trouble(_where(waiting.change.source, message), waiting.hint)
    if plan.blind:
        yield Trouble(f"restart: unknown: {plan.blind.reason}", plan.blind.hint)


def of_report(report: Report) -> Iterator[Trouble]:
    """What a pass did not do, although it should have."""
    yield from of_plan(report.plan)
    for failure in report.failures:
        yield _of_write(failure) if isinstance(failure, Write) else _of_note(failure)


def _of_write(write: Write) -> Trouble:
    message = f"{write.change.name}: not {past(write.change.action)}: {_why(write)}"
    return Trouble(_where(write.change.source, message), write.hint)


def _of_note(note: NoteWrite) -> Trouble:
    verb = "not restarted" if note.owed.because else "its note was not written"
    return Trouble(f"{note.owed.workload.name}: {verb}: {_why(note)}", note.hint)


def _why(outcome: Write | NoteWrite) -> str:
    if outcome.result is Result.CONFLICT:
        return f"somebody else kept changing it: {outcome.message}"
    return outcome.message


def _where(source: Source | None, message: str) -> str:
    return f"{source.location}: {message}" if source and source.location else message


def without_repeats(troubles: Sequence[Trouble]) -> Iterator[Trouble]:
    """A hint that several in a line share is said with the last of them."""
    for index, one in enumerate(troubles):
        repeated = [one.hint] == [following.hint for following in troubles[index + 1 : index + 2]]
        yield Trouble(one.message) if repeated else one
