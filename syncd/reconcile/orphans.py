"""Secrets of ours that no declaration asks for any more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from syncd.model import OWNER, ObjectName, RestartMode, SecretObject
from syncd.reconcile.changes import Action, Change, KeyChanges, Orphan
from syncd.reconcile.plan import Plan


def find_orphans(
    owned: Collection[SecretObject],
    *,
    owners: Collection[str],
    targets: Collection[ObjectName],
    prefix: str,
) -> list[SecretObject]:
    """Secrets whose owner begins with `prefix` (this installation, this kind of source) and is declared no more.

    `owners` and `targets` are those of all declarations. A Secret that another declaration claims now is no orphan.
    """
    return sorted(
        (
            secret
            for secret in owned
            if (owner := secret.annotations.get(OWNER, "")).startswith(prefix)
            and owner not in owners
            and secret.name not in targets
        ),
        key=lambda secret: secret.name,
    )


def with_orphans(plan: Plan, orphans: Collection[SecretObject], *, prune: bool) -> Plan:
    """Shows orphans in the plan; with `prune` their deletion is planned, for the guard to look at."""
    if prune:
        return replace(plan, changes=(*plan.changes, *(_pruning(secret) for secret in orphans)))
    return replace(plan, orphans=tuple(Orphan(secret.name, secret.annotations.get(OWNER, "")) for secret in orphans))


def _pruning(secret: SecretObject) -> Change:
    return Change(
        name=secret.name,
        action=Action.PRUNE,
        reason="no declaration asks for it any more",
        before=secret,
        after=None,
        keys=KeyChanges.between(secret, None),
        restart=RestartMode.OFF,
    )
