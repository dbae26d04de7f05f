"""A report as text: one line for each change that was made, and a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from syncd.cli.failures import past
from syncd.cli.rows import Row, Symbol, lines
from syncd.cli.screen import Color, Stream, printable
from syncd.cli.show_plan import SYMBOLS, by_hand, clean, explained, orphan_lines, pauses, uses_of, with_rest
from syncd.reconcile.apply import Result, Write
from syncd.reconcile.changes import Change
from syncd.reconcile.report import Report


def report_text(report: Report, stream: Stream) -> str:
    """The whole answer of `syncd sync`, with its last newline. Failures are not in it: they go to standard error."""
    rows = [_row(write) for write in report.writes if write.result is Result.DONE]
    rows += [_paused(change) for change in report.plan.changes if change.paused]
    rows.sort(key=lambda row: row.name)
    restarts = [
        Row(Symbol.RESTART, str(note.owed.workload.name), "restarted", f"uses {uses_of(note.owed.because)}")
        for note in report.restarts
        if note.result is Result.DONE
    ]
    rest = by_hand(report.plan, [write.change for write in report.writes if write.result is Result.DONE])
    shown = [*lines([*rows, *restarts, *rest], stream), *orphan_lines(report.plan, stream)]
    return "".join(f"{line}\n" for line in (*shown, stream.paint(printable(_summary(report)), Color.BOLD)))


def _row(write: Write) -> Row:
    change = write.change
    keys = [
        *(f"+{key}" for key in change.keys.added),
        *change.keys.changed,
        *(f"-{key}" for key in change.keys.removed),
    ]
    text = ", ".join(keys) if change.before and change.after and keys else explained(change)
    return Row(SYMBOLS[change.action], str(change.name), past(change.action), text)


def _paused(change: Change) -> Row:
    return Row(Symbol.PAUSED, str(change.name), "paused", f"not {past(change.action)}: {change.paused}")


def _summary(report: Report) -> str:
    plan = report.plan
    done = Counter(past(write.change.action) for write in report.writes if write.result is Result.DONE)
    restarted = sum(note.result is Result.DONE for note in report.restarts)
    rest: Sequence[tuple[int, str]] = (
        (len(report.failures), "failed"),
        (len(plan.refusals), "refused"),
        (len(plan.unknowns), "unknown"),
        (len(plan.waiting), "waiting"),
        (pauses(plan), "paused"),
        (len(plan.orphans), "orphaned"),
    )
    trouble = any(number for number, _ in rest) or plan.blind or report.interrupted
    if not done and not restarted and not trouble:
        return clean(plan)
    parts = [f"{done['created']} created", f"{done['updated']} updated"]
    parts += [f"{done['adopted']} adopted"] * bool(done["adopted"])
    parts += [f"{done['deleted']} deleted", f"{restarted} restarted"]
    word = "Interrupted" if report.interrupted else "Done"
    return with_rest(f"{word}: {', '.join(parts)}", rest)
