"""Secrets of ours that no declaration asks for any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from syncd.model import OWNER, ObjectName, RestartMode, SecretObject, SourceKind
from syncd.reconcile.changes import Action, Change, KeyChanges, Orphan
from syncd.reconcile.plan import Plan


def find_orphans(
    owned: Collection[SecretObject],
    *,
    declared: Mapping[ObjectName, str],
    installation: str,
    source: SourceKind,
) -> list[SecretObject]:
    """Secrets that this installation made from this kind of source, and whose declaration is gone.

    `declared` are all declarations' Secrets and owners. One that another declaration claims now is no orphan.
    """
    prefix, owners = f"{installation}/{source}/", set(declared.values())
    return sorted(
        (
            secret
            for secret in owned
            if (owner := secret.annotations.get(OWNER, "")).startswith(prefix)
            and owner not in owners
            and secret.name not in declared
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
