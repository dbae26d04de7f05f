"""Short ways to say what tests of the plan are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from syncd.errors import Failure
from syncd.model import (
    MANAGED,
    OWNER,
    CreationPolicy,
    DeletionPolicy,
    Desired,
    FingerprintKey,
    Metadata,
    Missing,
    NamespaceWorkloads,
    ObjectName,
    Observed,
    OwnerReference,
    Policy,
    Present,
    RestartMode,
    SecretObject,
    SecretValue,
    Source,
    SourceKind,
    Unknown,
    Workload,
    WorkloadKind,
    WorkloadName,
)
from syncd.reconcile.changes import Change
from syncd.reconcile.decide import Rules
from syncd.reconcile.owed import Keyring, with_note
from syncd.reconcile.plan import Plan, make_plan
from syncd.reconcile.users import Users

NAME = ObjectName("shop", "stripe")
SOURCE = Source(SourceKind.FILES, "shop.yaml:1")
OURS = "default/files/shop/stripe"
KEYRING = Keyring((FingerprintKey("k1", SecretValue(b"key")),))
OWNER_POLICY = Policy()
NOT_THERE = Missing()
RULES = Rules(declared={OURS: NAME, "default/files/shop/other": NAME})


def values(data: Mapping[str, str]) -> dict[str, SecretValue]:
    return {key: SecretValue(value) for key, value in data.items()}


def policy(
    creation: CreationPolicy = CreationPolicy.OWNER,
    deletion: DeletionPolicy = DeletionPolicy.RETAIN,
    restart: RestartMode = RestartMode.AUTO,
    *,
    immutable: bool = False,
) -> Policy:
    return Policy(creation, deletion, restart, immutable)


def wanted(
    data: Mapping[str, str] | None, how: Policy = OWNER_POLICY, name: ObjectName = NAME, **other: Any
) -> Desired:
    """A declaration of the same name as its Secret."""
    merges = how.creation in (CreationPolicy.MERGE, CreationPolicy.CREATE_OR_MERGE)
    fields: dict[str, Any] = {
        "declaration": name,
        "name": name,
        "type": "" if merges else "Opaque",
        "data": None if data is None else values(data),
        "metadata": Metadata(),
        "policy": how,
        "source": SOURCE,
        "stores": ("SecretStore/shop/vault",),
        "owner": f"default/files/{name}",
    }
    return Desired(**(fields | other))


def unknown(name: ObjectName = NAME, how: Policy = OWNER_POLICY) -> Unknown:
    return Unknown(name, name, "timed out", Failure.TIMEOUT, SOURCE, owner=f"default/files/{name}", policy=how)


def there(data: Mapping[str, str], owner: str = "", name: ObjectName = NAME, **other: Any) -> Present:
    """A Secret in the target; `owner` makes it somebody's."""
    fields: dict[str, Any] = {
        "name": name,
        "data": values(data),
        "uid": "u1",
        "resource_version": "1",
        "annotations": {OWNER: owner} if owner else {},
        "labels": {MANAGED: "true"} if owner else {},
    }
    return Present(SecretObject(**(fields | other)))


def controlled(data: Mapping[str, str]) -> Present:
    return there(data, controller=OwnerReference("SealedSecret", "app"))


def workload(
    name: str = "web", of: str = "stripe", key: str = "", note: str | None = None, **annotations: str
) -> Workload:
    """A Deployment that takes one key from a Secret, or all of it when no key is named."""
    source = (
        {"env": [{"name": "X", "valueFrom": {"secretKeyRef": {"name": of, "key": key}}}]}
        if key
        else {"envFrom": [{"secretRef": {"name": of}}]}
    )
    made = Workload(
        WorkloadName(WorkloadKind.DEPLOYMENT, ObjectName(NAME.namespace, name)),
        uid=f"uid-{name}",
        annotations={key.replace("_", "/"): value for key, value in annotations.items()},
        pod_spec={"containers": [{"name": "app", **source}]},
    )
    return with_note(made, note) if note is not None else made


def used_by(*workloads: Workload) -> dict[str, Users]:
    return {NAME.namespace: NamespaceWorkloads(workloads)}


def planned(
    desired: Desired | Unknown | Sequence[Desired | Unknown],
    observed: Observed | Mapping[ObjectName, Observed] = NOT_THERE,
    users: Mapping[str, Users] | None = None,
    *,
    rules: Rules = RULES,
    keyring: Any = KEYRING,
) -> Plan:
    several = list(desired) if isinstance(desired, Sequence) else [desired]
    seen = observed if isinstance(observed, Mapping) else {NAME: observed}
    return make_plan(several, seen, used_by() if users is None else users, keyring=keyring, rules=rules)


def after(plan: Plan, observed: Mapping[ObjectName, Observed]) -> dict[ObjectName, Observed]:
    """The target as it is when all changes of a plan were made."""
    return {**observed, **{change.name: _made(change) for change in plan.applied_changes}}


def _made(change: Change) -> Observed:
    if change.after is None:
        return Missing()
    return Present(replace(change.after, uid=change.after.uid or "new", resource_version="2"))


def users_after(plan: Plan) -> dict[str, Users]:
    """The workloads as they are when a plan's notes were written and its restarts made."""
    notes = {one.workload.name: one.final for one in plan.workloads}
    return {
        namespace: replace(
            users, workloads=tuple(with_note(w, notes[w.name]) if w.name in notes else w for w in users.workloads)
        )
        if isinstance(users, NamespaceWorkloads)
        else users
        for namespace, users in plan.users.items()
    }
