"""What a pass came to for each declaration that it was about. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from syncd.errors import Failure
from syncd.model import ObjectName
from syncd.reconcile.apply import Result, Write
from syncd.reconcile.changes import RefusalKind
from syncd.reconcile.report import Report


class State(StrEnum):
    SYNCED = "synced"
    """In step with its stores, or lawfully without anything to write."""
    PAUSED = "paused"
    """A change is planned and not written."""
    UNCONFIRMED = "unconfirmed"
    """Its stores have nothing for it; it is removed when a second fetch says the same."""
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`passing` failures may go away by themselves; `retry_after` is in seconds, when a store said so."""

    state: State
    reason: str = ""
    hint: str = ""
    failure: Failure | None = None
    passing: bool = False
    retry_after: float = 0.0
    stores: tuple[str, ...] = ()

    @property
    def fine(self) -> bool:
        return self.state not in (State.FAILED, State.REFUSED)


SYNCED = Outcome(State.SYNCED)


def outcomes(report: Report, secrets: Mapping[ObjectName, ObjectName]) -> dict[ObjectName, Outcome]:
    """By declaration; `secrets` is the Secret that each declaration of the pass is for. The worst word counts.

    Of a pass that syncd's own end interrupted, only what went well is told: the rest did not fail.
    """
    found = dict.fromkeys(secrets, SYNCED)
    of_secret: dict[ObjectName, list[ObjectName]] = {}
    for declaration, secret in secrets.items():
        of_secret.setdefault(secret, []).append(declaration)
    for names, outcome in _words(report):
        for name in names:
            for declaration in [name] if name in found else of_secret.get(name, []):
                if found[declaration].fine:
                    found[declaration] = outcome
    return {name: one for name, one in found.items() if one.fine} if report.interrupted else found


def _words(report: Report) -> Iterator[tuple[Iterable[ObjectName], Outcome]]:
    """Bad words first; each about declarations, or about Secrets."""
    plan = report.plan
    for unknown in plan.unknowns:
        yield (
            [unknown.declaration],
            Outcome(
                State.FAILED,
                unknown.reason,
                unknown.hint,
                unknown.failure,
                unknown.failure.retryable,
                unknown.retry_after or 0.0,
                unknown.stores,
            ),
        )
    for refusal in plan.refusals:
        failure = None if refusal.kind is RefusalKind.GUARD else Failure.MISCONFIGURED
        about = refusal.declaration or refusal.name
        yield [about], Outcome(State.REFUSED, refusal.reason, refusal.hint, failure)
    for waiting in plan.waiting:
        yield waiting.change.declarations, _target_failed(waiting.reason, waiting.hint)
    for failed in report.failures:
        names = failed.change.declarations if isinstance(failed, Write) else failed.owed.secrets
        message = failed.message
        if failed.result is Result.CONFLICT:
            message = f"somebody else kept changing it: {message}"
        yield names, _target_failed(message, failed.hint)
    for change in plan.changes:
        if change.paused:
            yield change.declarations, Outcome(State.PAUSED, change.paused)
    for change in plan.unconfirmed:
        reason = "the stores have nothing for it: it is removed when they say so once more"
        yield change.declarations, Outcome(State.UNCONFIRMED, reason)


def _target_failed(reason: str, hint: str) -> Outcome:
    return Outcome(State.FAILED, reason, hint, Failure.UNAVAILABLE, passing=True)


def silent_store(found: Mapping[ObjectName, Outcome], stores: tuple[str, ...]) -> str:
    """The store that answered nobody, when it is the only one of the group; empty when some did, or it is not known."""
    if len(stores) != 1 or not found:
        return ""
    silent = all(one.passing and one.stores == stores for one in found.values())
    return stores[0] if silent else ""
