"""Secrets of ours that no declaration asks for any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from syncd.model import OWNER, ObjectName, RestartMode, SecretObject
from syncd.reconcile.changes import Action, Change, KeyChanges, Orphan
from syncd.reconcile.plan import Plan


def find_orphans(
    owned: Collection[SecretObject],
    *,
    targets: Mapping[str, ObjectName],
    prefix: str,
) -> list[SecretObject]:
    """Secrets whose owner begins with `prefix` (this installation, this kind of source) and asks for them no more.

    `targets` are the Secrets of all declarations, by owner: one may be declared no more, or with another target. A
    Secret that another declaration claims now is no orphan.
    """
    claimed = frozenset(targets.values())
    return sorted(
        (
            secret
            for secret in owned
            if secret.annotations.get(OWNER, "").startswith(prefix) and secret.name not in claimed
        ),
        key=lambda secret: secret.name,
    )


def with_orphans(
    plan: Plan, orphans: Collection[SecretObject], *, prune: bool, serving: Collection[ObjectName] = ()
) -> Plan:
    """Shows orphans in the plan; with `prune` their deletion is planned, for the guard to look at.

    Those `serving` stay: their declarations have other targets now, which do not stand yet.
    """
    gone = [one for one in orphans if prune and one.name not in serving and not _still_needed(one, plan)]
    kept = tuple(Orphan(secret.name, secret.annotations.get(OWNER, "")) for secret in orphans if secret not in gone)
    return replace(plan, changes=(*plan.changes, *map(_pruning, gone)), orphans=kept)


def _still_needed(secret: SecretObject, plan: Plan) -> bool:
    """Whether the declaration has another target now that this pass cannot write: until then the old one serves."""
    declarations = {one.declaration for one in plan.unknowns}
    declarations |= {one.declaration for one in plan.refusals if one.declaration}
    declarations |= {name for one in plan.waiting for name in one.change.declarations}
    return any(secret.annotations.get(OWNER, "").endswith(f"/{name}") for name in declarations)


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
