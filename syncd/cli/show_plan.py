"""A plan as text: what will happen to each Secret and workload, and what will not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from syncd.cli.rows import Row, Symbol, lines
from syncd.cli.screen import Color, Stream, printable
from syncd.model import NamespaceWorkloads, ObjectName, TargetKind
from syncd.reconcile.changes import Action, Change
from syncd.reconcile.owed import Owed
from syncd.reconcile.plan import Plan
from syncd.reconcile.users import uses

SYMBOLS = {
    Action.CREATE: Symbol.ADD,
    Action.UPDATE: Symbol.CHANGE,
    Action.ADOPT: Symbol.CHANGE,
    Action.DELETE: Symbol.REMOVE,
    Action.PRUNE: Symbol.REMOVE,
}
_SHOWN_NAMES = 5
"""So many orphans are named in the text; JSON has them all."""


def plan_text(plan: Plan, stream: Stream) -> str:
    """The whole answer of `syncd plan`, with its last newline."""
    secrets, workloads = _secret_rows(plan), _workload_rows(plan)
    blocks = [
        list(lines(secrets, stream, like=workloads)),
        list(lines(workloads, stream, like=secrets)),
        list(orphan_lines(plan, stream)),
        [stream.paint(printable(_summary(plan)), Color.BOLD)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _secret_rows(plan: Plan) -> Sequence[Row]:
    rows = [
        *((change.name, _change_row(change)) for change in plan.changes),
        *((r.name, Row(Symbol.REFUSED, str(r.name), "refuse", r.reason, r.hint)) for r in plan.refusals),
        *((u.name, Row(Symbol.UNKNOWN, str(u.name), "unknown", u.reason, u.hint)) for u in plan.unknowns),
        *((w.change.name, Row(Symbol.UNKNOWN, str(w.change.name), "wait", w.reason, w.hint)) for w in plan.waiting),
        *((s.name, Row(Symbol.KEPT, str(s.name), "keep", s.remark)) for s in plan.settled if s.remark),
    ]
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _change_row(change: Change) -> Row:
    reason = explained(change)
    if change.paused:
        return Row(Symbol.PAUSED, str(change.name), "paused", f"{change.action}, {change.paused}: {reason}")
    return Row(SYMBOLS[change.action], str(change.name), change.action, reason, keys=change.keys)


def explained(change: Change) -> str:
    """The reason of a change; where only metadata changes, with the names that do."""
    if change.keys or change.action is not Action.UPDATE:
        return change.reason
    patch = change.patch()
    labels = sorted({*patch.set_labels, *patch.remove_labels})
    annotations = sorted({*patch.set_annotations, *patch.remove_annotations})
    parts = [f"label {name}" for name in labels] + [f"annotation {name}" for name in annotations]
    parts += ["finalizers"] * (patch.set_finalizers is not None) + ["immutable"] * (patch.immutable is not None)
    return f"{change.reason}: {', '.join(parts)}" if parts else change.reason


def _workload_rows(plan: Plan) -> Sequence[Row]:
    rows = [*(_restart_row(owed) for owed in plan.restarts), *by_hand(plan, plan.applied_changes)]
    if plan.blind:
        rows.append(Row(Symbol.UNKNOWN, "restart: unknown", "", plan.blind.reason, plan.blind.hint))
    return rows


def by_hand(plan: Plan, changes: Iterable[Change]) -> Iterator[Row]:
    """Workloads that use a Secret whose keys change, and that syncd must not write."""
    changed = {change.name for change in changes if change.before and change.keys}
    for workload in plan.untouchable:
        namespace = workload.name.name.namespace
        here = plan.users.get(namespace)
        pulls = here.pull_secrets if isinstance(here, NamespaceWorkloads) else {}
        mine = sorted(name for used in uses(workload, pulls) if (name := ObjectName.within(namespace, used)) in changed)
        if mine:
            names = ", ".join(str(name) for name in mine)
            why = f"uses {names}, and syncd cannot restart it: {workload.untouchable}"
            yield Row(Symbol.REFUSED, str(workload.name), "by hand", why)


def _restart_row(owed: Owed) -> Row:
    because = f"uses {uses_of(owed.because)}"
    if owed.paused:
        return Row(Symbol.PAUSED, str(owed.workload.name), "paused", f"restart, {owed.paused}: {because}")
    return Row(Symbol.RESTART, str(owed.workload.name), "restart", because)


def uses_of(because: Mapping[ObjectName, Iterable[str]]) -> str:
    """Secrets and the keys of them that changed, where the workload's note can say which."""
    parts = []
    for name, keys in sorted(because.items()):
        known = sorted(key for key in keys if key != "*")
        parts.append(f"{name}: {', '.join(known)}" if known else str(name))
    return "; ".join(parts)


def orphan_lines(plan: Plan, stream: Stream) -> Iterator[str]:
    """What is ours and no longer declared, and what deletes it."""
    if not plan.orphans:
        return
    names = [str(orphan.name) for orphan in plan.orphans]
    shown = ", ".join(names[:_SHOWN_NAMES])
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    yield printable(f"{len(names)} orphaned, kept although no declaration asks for it: {shown}{more}")
    yield f"{stream.paint('hint:', Color.CYAN)} `--prune` deletes what is orphaned"


def _summary(plan: Plan) -> str:
    actions = Counter(change.action for change in plan.applied_changes)
    restarts = sum(owed.restarts for owed in plan.restarts)
    rest = (
        (len(plan.refusals), "refused"),
        (len(plan.unknowns), "unknown"),
        (len(plan.waiting), "waiting"),
        (pauses(plan), "paused"),
    )
    if not actions and not restarts and not any(number for number, _ in rest) and not plan.blind:
        return clean(plan)
    parts = [f"{actions[Action.CREATE]} to create", f"{actions[Action.UPDATE]} to update"]
    parts += [f"{actions[Action.ADOPT]} to adopt"] * bool(actions[Action.ADOPT])
    parts += [f"{actions[Action.DELETE] + actions[Action.PRUNE]} to delete", plural(restarts, "restart")]
    return with_rest(f"Plan: {', '.join(parts)}", rest)


def pauses(plan: Plan) -> int:
    """How many changes and restarts are planned and not made."""
    return sum(bool(one.paused) for one in plan.changes) + sum(bool(one.paused) for one in plan.restarts)


def with_rest(text: str, rest: Iterable[tuple[int, str]]) -> str:
    """The summary with what did not go well, where there is any."""
    said = ", ".join(f"{number} {word}" for number, word in rest if number)
    return f"{text}; {said}" if said else text


def clean(plan: Plan) -> str:
    if not plan.settled:
        return "No changes. No Secrets are declared."
    names = {one.name for one in plan.settled if not one.remark}
    held = Counter(name.kind for name in names)
    parts = [plural(held[kind], kind) for kind in TargetKind if held[kind]] or [plural(0, TargetKind.SECRET)]
    verb, stores = ("is", "its stores") if len(names) == 1 else ("are", "their stores")
    return f"No changes. {' and '.join(parts)} {verb} in step with {stores}."


def plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
