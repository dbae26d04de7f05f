"""Which Secrets are looked after, and how much of each: what notes on workloads tell of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

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
    owners = {one.owner for one in group} | _claimants(stands, rules)
    share = _share(stands, owners, [one for one in (before, after) if one])
    mode = rules.shared.get(name) or strongest(group)
    return Tracked(
        name,
        before=share(before) if before else None,
        after=share(after) if after else None,
        mode=mode,
        written=before.written if before else None,
    )


def beside(secret: SecretObject, rules: Rules) -> Tracked | None:
    """A Secret of which this pass says nothing, as it stands; None when no declaration asks for it any more.

    As much of it counts as in a pass over its declarations.
    """
    owners = _claimants(secret, rules)
    if not owners:
        return None
    data = _share(secret, owners, [secret])(secret)
    return Tracked(secret.name, data, data)


def _claimants(secret: SecretObject, rules: Rules) -> set[str]:
    """The owners of the declarations that made it, or a part of it, and ask for it still."""
    authors = {secret.annotations.get(OWNER, ""), *Authors.of(secret).by_owner}
    return {owner for owner in authors if rules.claims(owner, secret.name)}


def _share(
    stands: SecretObject, owners: Collection[str], versions: Iterable[SecretObject]
) -> Callable[[SecretObject], Data]:
    """What of any version of a Secret is theirs: all of it, or the keys that they have in one of the versions."""
    if stands.annotations.get(OWNER) in owners:
        return lambda secret: secret.data
    keys = frozenset(key for owner in owners for one in versions for key in Authors.of(one).get(owner).keys)
    return lambda secret: {key: value for key, value in secret.data.items() if key in keys}
