"""Plans and reports as JSON or YAML, in the form that docs/plan-output.md and docs/output.schema.json describe."""

from __future__ import annotations

from collections import Counter

from syncd.cli.answer import Document
from syncd.cli.show_plan import explained, pauses
from syncd.model import ObjectName, Source, Unknown, Workload, WorkloadName
from syncd.reconcile.apply import NoteWrite, Result, Write
from syncd.reconcile.changes import Action, Change, KeyChanges, Refusal, RefusalKind, Waiting
from syncd.reconcile.owed import Owed
from syncd.reconcile.plan import Plan
from syncd.reconcile.report import Report, plan_exit_code


def plan_document(plan: Plan, target: str) -> Document:
    return {
        "kind": "Plan",
        "target": target,
        "exitCode": int(plan_exit_code(plan)),
        "summary": _plan_summary(plan),
        "changes": [_change(change) for change in plan.changes],
        "restarts": [_restart(owed) for owed in plan.restarts],
        **_left(plan),
    }


def report_document(report: Report, target: str) -> Document:
    """`changes` are writes with their results; the rest of the plan stands beside them as in a plan."""
    plan = report.plan
    return {
        "kind": "Report",
        "target": target,
        "exitCode": int(report.exit_code),
        "interrupted": report.interrupted,
        "summary": _report_summary(report),
        "changes": [
            *(_change(write.change) | _result(write) for write in report.writes),
            *(_change(change) | {"result": "paused"} for change in plan.changes if change.paused),
        ],
        "restarts": [
            *(_restart(note.owed) | _result(note) for note in report.restarts),
            *(_restart(owed) | {"result": "paused"} for owed in plan.restarts if owed.paused),
        ],
        "failures": [_failure(failure) for failure in report.failures],
        **_left(plan),
    }


def _left(plan: Plan) -> Document:
    """What a pass does not write, and why."""
    return {
        "refusals": [_refusal(refusal) for refusal in plan.refusals],
        "unknowns": [_unknown(unknown) for unknown in plan.unknowns],
        "waiting": [_waiting(waiting) for waiting in plan.waiting],
        "settled": [
            {**secret_document(one.name), "declaration": str(one.declaration), "remark": one.remark or None}
            for one in plan.settled
        ],
        "orphans": [{**secret_document(orphan.name), "owner": orphan.owner} for orphan in plan.orphans],
        "untouchable": [_untouchable(workload) for workload in plan.untouchable],
        "hints": list(plan.hints),
        "blind": {"reason": plan.blind.reason, "hint": plan.blind.hint or None} if plan.blind else None,
    }


def secret_document(name: ObjectName) -> Document:
    return {"id": f"{name.kind}/{name.namespace}/{name.name}", "namespace": name.namespace, "name": name.name}


def workload_document(name: WorkloadName) -> Document:
    return {
        "id": f"{name.kind}/{name.name}",
        "kind": str(name.kind),
        "namespace": name.name.namespace,
        "name": name.name.name,
    }


def source_document(source: Source | None) -> Document | None:
    return {"kind": str(source.kind), "location": source.location} if source else None


def _change(change: Change) -> Document:
    return {
        **secret_document(change.name),
        "action": str(change.action),
        "reason": explained(change),
        "keys": keys_document(change.keys),
        "declarations": [str(name) for name in change.declarations],
        "stores": list(change.stores),
        "source": source_document(change.source),
        "paused": change.paused or None,
    }


def keys_document(keys: KeyChanges) -> Document:
    return {"added": list(keys.added), "changed": list(keys.changed), "removed": list(keys.removed)}


def _restart(owed: Owed) -> Document:
    """`keys` is null where the workload's note cannot say which of them changed."""
    because = [
        {"secret": str(name), "keys": None if "*" in keys else sorted(keys)}
        for name, keys in sorted(owed.because.items())
    ]
    return {**workload_document(owed.workload.name), "because": because, "paused": owed.paused or None}


def _result(outcome: Write | NoteWrite) -> Document:
    return {"result": str(outcome.result), "message": outcome.message or None, "hint": outcome.hint or None}


def _failure(failure: Write | NoteWrite) -> Document:
    name = (
        secret_document(failure.change.name)
        if isinstance(failure, Write)
        else workload_document(failure.owed.workload.name)
    )
    return {"id": name["id"], **_result(failure)}


def _refusal(refusal: Refusal) -> Document:
    return {
        **secret_document(refusal.name),
        "kind": str(refusal.kind),
        "reason": refusal.reason,
        "hint": refusal.hint or None,
        "declaration": str(refusal.declaration) if refusal.declaration else None,
        "source": source_document(refusal.source),
        "approval": refusal.id or None,
    }


def _unknown(unknown: Unknown) -> Document:
    return {
        **secret_document(unknown.name),
        "declaration": str(unknown.declaration),
        "failure": str(unknown.failure),
        "reason": unknown.reason,
        "hint": unknown.hint or None,
        "retryAfter": unknown.retry_after,
        "stores": list(unknown.stores),
        "source": source_document(unknown.source),
    }


def _waiting(waiting: Waiting) -> Document:
    return {**_change(waiting.change), "reason": waiting.reason, "hint": waiting.hint or None}


def _untouchable(workload: Workload) -> Document:
    return {
        **workload_document(workload.name),
        "reason": workload.untouchable,
        "location": workload.location or None,
    }


def _plan_summary(plan: Plan) -> Document:
    actions = Counter(change.action for change in plan.applied_changes)
    return {
        **{str(action): actions[action] for action in Action},
        "restart": sum(owed.restarts for owed in plan.restarts),
        **_rest(plan),
    }


def _report_summary(report: Report) -> Document:
    done = Counter(write.change.action for write in report.writes if write.result is Result.DONE)
    return {
        **{str(action): done[action] for action in Action},
        "restart": sum(note.result is Result.DONE for note in report.restarts),
        "failed": len(report.failures),
        **_rest(report.plan),
    }


def _rest(plan: Plan) -> Document:
    guarded = sum(refusal.kind is RefusalKind.GUARD for refusal in plan.refusals)
    return {
        "refused": len(plan.refusals),
        "refusedByGuard": guarded,
        "unknown": len(plan.unknowns),
        "waiting": len(plan.waiting),
        "paused": pauses(plan),
        "settled": len({one.name for one in plan.settled}),
        "orphaned": len(plan.orphans),
    }
