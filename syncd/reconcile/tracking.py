"""Which Secrets are looked after, and how much of each: what notes on workloads tell of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from syncd.model import OWNER, Desired, ObjectName, RestartMode, SecretObject, Unknown
from syncd.reconcile.changes import Authors, belongs_to
from syncd.reconcile.decide import Rules
from syncd.reconcile.owed import Data, Tracked
from syncd.reconcile.owners import strongest_mode


def strongest(group: Iterable[Desired | Unknown]) -> RestartMode:
    return strongest_mode(one.policy.restart for one in group)


def tracked(
    name: ObjectName,
    group: Sequence[Desired | Unknown],
    before: SecretObject | None,
    after: SecretObject | None,
    rules: Rules,
) -> Tracked | None:
    """A Secret is looked after when, in the end, one of the declarations in this pass owns it or has a share in it.

    How much of it, and who may restart, goes by all declarations that share it: passes over one and passes over
    another must tell the same of its users.
    """
    if any(isinstance(one, Desired) and one.paused for one in group):
        after = before
    stands = after or before
    if stands is None or not any(belongs_to(stands, one.owner) for one in group):
        return None
    owners = {one.owner for one in group} | {owner for owner in _authors(stands) if rules.claims(owner, name)}
    whole = stands.annotations.get(OWNER) in owners
    shares = frozenset(key for owner in owners for s in (before, after) if s for key in Authors.of(s).get(owner).keys)

    def part(secret: SecretObject | None) -> Data | None:
        if secret is None:
            return None
        return secret.data if whole else {key: value for key, value in secret.data.items() if key in shares}

    mode = rules.shared.get(name) or strongest(group)
    return Tracked(name, part(before), part(after), mode, before.written if before else None)


def beside(secret: SecretObject, rules: Rules) -> Tracked | None:
    """A Secret of which this pass says nothing, as it stands; None when no declaration asks for it any more.

    As much of it counts as in a pass over its declarations.
    """
    owners = {owner for owner in _authors(secret) if rules.claims(owner, secret.name)}
    if not owners:
        return None
    shares = frozenset(key for owner in owners for key in Authors.of(secret).get(owner).keys)
    data = secret.data
    if secret.annotations.get(OWNER) not in owners:
        data = {key: value for key, value in data.items() if key in shares}
    return Tracked(secret.name, data, data)


def _authors(secret: SecretObject) -> set[str]:
    return {secret.annotations.get(OWNER, ""), *Authors.of(secret).by_owner}
