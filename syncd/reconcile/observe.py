"""Looks at the target: the Secrets that declarations name, the workloads that use them, and what is left over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from syncd.cluster.api import Target
from syncd.errors import ClusterError
from syncd.model import (
    OWNER,
    Desired,
    FingerprintKey,
    Missing,
    NamespaceWorkloads,
    ObjectName,
    Observed,
    Present,
    RestartMode,
    SecretObject,
    SecretValue,
    SourceKind,
    Unknown,
    Unreadable,
)
from syncd.reconcile.changes import belongs_to
from syncd.reconcile.options import Options
from syncd.reconcile.orphans import find_orphans
from syncd.reconcile.owed import Keyring
from syncd.reconcile.users import Users, uses

REHEARSAL = Keyring((FingerprintKey("rehearsal", SecretValue(b"rehearsal")),))
"""Stands for the key that a sync would create; its marks are never written."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The target as it was when a plan was made."""

    secrets: Mapping[ObjectName, Observed]
    users: Mapping[str, Users]
    keyring: Keyring | Unreadable
    orphans: Sequence[SecretObject] = ()
    serving: frozenset[ObjectName] = frozenset()
    """The orphans whose declarations have other targets now, of which it is not certain that they stand."""
    hints: tuple[str, ...] = ()


class Observer:
    """Sees a target for one pass. A fingerprint key that is missing is made only when `creates_key` is set."""

    def __init__(
        self, target: Target, declared: Mapping[str, ObjectName], options: Options, *, creates_key: bool
    ) -> None:
        """`declared` are the Secrets of all declarations there are, by owner."""
        self._target = target
        self._declared = declared
        self._options = options
        self._creates_key = creates_key
        self._keyring: Keyring | Unreadable | None = None

    def observe(self, desired: Sequence[Desired | Unknown], *, everything: bool) -> Seen:
        """One answer for each Secret that is named. With `everything` the orphans are looked for too."""
        served = [one for one in desired if self._options.writes(one.name)]
        names = {one.name for one in served}
        found: dict[ObjectName, Observed] = {}
        orphans: Sequence[SecretObject] = ()
        hints: tuple[str, ...] = ()
        if everything:
            namespaces = self._options.namespaces or {name.namespace for name in self._declared.values()}
            listed = [self._target.owned_secrets(namespaces, kind) for kind in self._options.kinds]
            owned = [secret for one in listed for secret in one.secrets]
            found = {secret.name: Present(secret) for secret in owned if secret.name in names}
            orphans = find_orphans(
                [secret for secret in owned if self._options.serves(secret.name.namespace)],
                targets=self._declared,
                prefix=f"{self._options.installation}/{SourceKind.FILES}/",
            )
            hints = tuple(one.hint for one in listed if not one.complete)
        found |= self._target.read_secrets(names - found.keys())
        users = self._users({one.name.namespace for one in served if one.policy.restart is not RestartMode.OFF})
        return Seen(found, users, self._keys(names, users), orphans, self._serving(orphans), hints)

    def _serving(self, orphans: Sequence[SecretObject]) -> frozenset[ObjectName]:
        owners = {one.name: one.annotations.get(OWNER, "") for one in orphans}
        heirs = {name: self._declared[owner] for name, owner in owners.items() if owner in self._declared}
        found = self._target.read_secrets({*heirs.values()})
        return frozenset(name for name, heir in heirs.items() if not _stands(found[heir], owners[name]))

    def _users(self, namespaces: set[str]) -> dict[str, Users]:
        ordered = sorted(namespaces)
        with ThreadPoolExecutor(max(1, min(self._options.writers, len(ordered))), "observe") as executor:
            return dict(zip(ordered, executor.map(self._target.read_workloads, ordered), strict=True))

    def _keys(self, names: set[ObjectName], users: Mapping[str, Users]) -> Keyring | Unreadable:
        """The fingerprint keys, asked for only when a workload uses one of the Secrets."""
        if not any(_uses_any(users[namespace], namespace, names) for namespace in users):
            return REHEARSAL
        if self._keyring is None:
            self._keyring = self._read_keys()
        return self._keyring

    def _read_keys(self) -> Keyring | Unreadable:
        keys = self._target.fingerprint_keys()
        if isinstance(keys, Unreadable):
            return keys
        if not isinstance(keys, Missing):
            return Keyring(keys)
        if not self._creates_key:
            return REHEARSAL
        try:
            return Keyring(self._target.create_fingerprint_key())
        except ClusterError as error:
            return Unreadable.of(error)


def _stands(observed: Observed, owner: str) -> bool:
    return isinstance(observed, Present) and belongs_to(observed.secret, owner)


def _uses_any(users: Users, namespace: str, names: set[ObjectName]) -> bool:
    if not isinstance(users, NamespaceWorkloads):
        return False
    used = (name for workload in users.workloads for name in uses(workload, users.pull_secrets))
    return any(ObjectName.within(namespace, name) in names for name in used)
