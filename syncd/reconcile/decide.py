"""What one declaration makes of its Secret: the rules of ownership, as pure functions of what was observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from syncd.errors import RenderError
from syncd.manifests.extensions import ALLOW_PLAIN
from syncd.model import (
    MANAGED,
    OWNER,
    WROTE,
    CreationPolicy,
    DeletionPolicy,
    Desired,
    ObjectName,
    RestartMode,
    SecretObject,
    SecretValue,
    TargetKind,
)
from syncd.reconcile.admissible import check_keys
from syncd.reconcile.changes import Authors, Refusal, RefusalKind, Settled, Wrote
from syncd.reconcile.due import kept, wrote_now
from syncd.reconcile.pause import EPOCH


@dataclass(frozen=True, slots=True)
class Rules:
    """What the user allows, and who else is there."""

    adopt: bool = False
    """Take over Secrets that exist and are not ours, as the reference does."""
    declared: Mapping[str, ObjectName] = field(default_factory=dict)
    """The Secrets of all declarations there are, by owner (`syncd.dev/owner`)."""
    shared: Mapping[ObjectName, RestartMode] = field(default_factory=dict)
    """The restart modes of Secrets that several declarations share."""
    installation: str = "default"
    now: datetime = EPOCH
    """The moment of the pass, for pauses that end."""

    def claims(self, owner: str, name: ObjectName) -> bool:
        """Whether that declaration is there, and asks for this Secret still."""
        return self.declared.get(owner) == name


@dataclass(frozen=True, slots=True)
class Sealed:
    """The Secret as `immutable` leaves it, its data untouched."""

    secret: SecretObject
    reason: str
    """What a plan says of it; empty where only the marks of one that is immutable already change."""


Verdict = SecretObject | Sealed | Refusal | Settled | None
"""The Secret as it should stand; a reason for leaving it alone; or None: it should not be there."""


def decide(desired: Desired, secret: SecretObject | None, rules: Rules) -> Verdict:
    """What should become of the Secret (None: there is none) by this declaration alone."""
    policy = desired.policy
    if policy.creation is CreationPolicy.NONE:
        return _settled(desired, "creationPolicy None writes nothing")
    if secret is not None and (why := kept(policy.refresh, desired.owner, secret, rules.now)):
        return _settled(desired, why)
    if desired.data is None:
        return _nothing_at_source(desired, secret)
    if desired.unfit:
        hint = f'`{ALLOW_PLAIN}: "true"` on the ExternalSecret says that it is none; else leave `manifest` out'
        return replace(_refusal(desired, desired.unfit, hint), kind=RefusalKind.PLAIN)
    if policy.creation is CreationPolicy.MERGE and secret is None:
        return _settled(desired, "creationPolicy Merge waits for the Secret to exist")
    if policy.creation in (CreationPolicy.MERGE, CreationPolicy.CREATE_OR_MERGE):
        return _merged(desired, secret, desired.data, rules)
    return _owned(desired, secret, desired.data, rules)


def _nothing_at_source(desired: Desired, secret: SecretObject | None) -> Verdict:
    if desired.policy.deletion is not DeletionPolicy.DELETE:
        return _settled(desired, "the store has nothing for it: kept by deletionPolicy Retain")
    if secret is None:
        return _settled(desired, "the store has nothing for it")
    if secret.annotations.get(OWNER) != desired.owner or desired.policy.creation is CreationPolicy.ORPHAN:
        return _refusal(desired, "the store has nothing for it, and the Secret is not ours to delete")
    return None


def _owned(
    desired: Desired, secret: SecretObject | None, data: Mapping[str, SecretValue], rules: Rules
) -> SecretObject | Sealed | Refusal | Settled:
    mine = wrote_now(desired.policy.refresh, rules.now)
    if secret is None:
        return _with_metadata(_created(desired, data), desired, mine)
    refusal = _not_ours(desired, secret, data, rules)
    if refusal:
        return refusal
    merged = Authors.of(secret).keys_of_others(desired.owner)
    others = {key: secret.data[key] for key in merged if key in secret.data}
    return _changed(desired, secret, {**others, **data}, mine)


def _not_ours(desired: Desired, secret: SecretObject, data: Mapping[str, SecretValue], rules: Rules) -> Refusal | None:
    if secret.controller:
        controller = f"{secret.controller.kind} {secret.controller.name}"
        hint = "docs/migration.md says how to take it over" if secret.controller.kind == "ExternalSecret" else ""
        return _refusal(desired, f"exists and is written by another controller: {controller}", hint)
    owner = secret.annotations.get(OWNER, "")
    if owner == desired.owner:
        return None
    if owner and (rules.claims(owner, secret.name) or not owner.startswith(f"{rules.installation}/")):
        return _refusal(desired, f"belongs to `{owner}`")
    if secret.data == data and desired.type in ("", secret.type):
        return None
    if rules.adopt or desired.policy.creation is CreationPolicy.ORPHAN:
        return None
    reason = (
        f"belongs to `{owner}`, which does not ask for it any more" if owner else "exists and is not managed by syncd"
    )
    outcome = "makes it immutable as it is" if desired.policy.immutable else "replaces its data"
    return _refusal(desired, reason, hint=f"`--adopt` takes it over and {outcome}")


def _merged(
    desired: Desired, secret: SecretObject | None, data: Mapping[str, SecretValue], rules: Rules
) -> SecretObject | Sealed | Refusal | Settled:
    mine = wrote_now(desired.policy.refresh, rules.now, frozenset(data))
    if secret is None:
        return _with_metadata(_created(desired, data), desired, mine)
    authors = Authors.of(secret)
    live = {owner: wrote for owner, wrote in authors.by_owner.items() if rules.claims(owner, secret.name)}
    for owner, wrote in sorted(live.items()):
        shared = sorted(wrote.keys & mine.keys)
        if owner != desired.owner and shared:
            return _refusal(desired, f"key `{shared[0]}` is written by `{owner}` too")
    gone = authors.get(desired.owner).keys - mine.keys
    others = {key: value for key, value in secret.data.items() if key not in gone}
    return _changed(desired, secret, {**others, **data}, mine)


def _changed(
    desired: Desired, secret: SecretObject, data: Mapping[str, SecretValue], mine: Wrote
) -> SecretObject | Sealed | Refusal | Settled:
    if desired.policy.immutable:
        return _sealed(desired, secret, data, mine)
    if desired.type and secret.type != desired.type:
        reason = f"its type is `{secret.type}` and cannot be changed to `{desired.type}`"
        return _refusal(desired, reason, hint="delete the Secret, and it is created anew with the other type")
    try:
        check_keys(secret.type, data)
    except RenderError as error:
        return _refusal(desired, f"{error.message}, and its type cannot be changed", error.hint)
    if secret.immutable and secret.data != data:
        hint = f"delete the {secret.name.kind} to have it made anew"
        return _refusal(desired, "is immutable and its content differs", hint)
    return _with_metadata(replace(secret, data=dict(data)), desired, mine)


def _sealed(desired: Desired, secret: SecretObject, data: Mapping[str, SecretValue], mine: Wrote) -> Sealed | Settled:
    """As in the reference, `immutable` makes nothing anew: what is there stays, and becomes immutable and ours.

    That goes for a merge too: it writes none of its keys.
    """
    labels, annotations, authors = dict(secret.labels), dict(secret.annotations), Authors.of(secret)
    before = authors.get(desired.owner)
    _mark(labels, annotations, desired)
    if not (secret.immutable and before):  # else only the time in the note would change, at each refresh
        wrote = replace(mine, keys=before.keys, labels=before.labels, annotations=before.annotations)
        _note(annotations, authors.replacing(desired.owner, wrote))
    sealed = replace(secret, labels=labels, annotations=annotations, immutable=True)
    unlike = _unlike(desired, secret, data)
    if not secret.immutable:
        return Sealed(sealed, f"{unlike}; it becomes immutable as it is" if unlike else "it becomes immutable as it is")
    remark = f"immutable: {unlike}" if unlike else ""
    return _settled(desired, remark) if sealed == secret else Sealed(sealed, remark)


def _unlike(desired: Desired, secret: SecretObject, data: Mapping[str, SecretValue]) -> str:
    """What of a Secret that stays as it is is not as declared; empty when all is."""
    parts = [f"its type is `{secret.type}`, not `{desired.type}`"] * (desired.type not in ("", secret.type))
    parts += ["its content differs from the store's"] * (secret.data != data)
    return ", and ".join(parts)


def _created(desired: Desired, data: Mapping[str, SecretValue]) -> SecretObject:
    return SecretObject(
        name=desired.name,
        type=desired.type or ("Opaque" if desired.name.kind is TargetKind.SECRET else ""),
        data=dict(data),
        immutable=desired.policy.immutable,
    )


def _with_metadata(secret: SecretObject, desired: Desired, mine: Wrote) -> SecretObject:
    """The Secret with the declaration's labels and annotations; what it wrote before and wants no more goes."""
    wanted, authors = desired.metadata, Authors.of(secret)
    before = authors.get(desired.owner)
    wrote = replace(mine, labels=frozenset(wanted.labels), annotations=frozenset(wanted.annotations))
    labels = {k: v for k, v in secret.labels.items() if k not in before.labels} | dict(wanted.labels)
    annotations = {k: v for k, v in secret.annotations.items() if k not in before.annotations}
    annotations |= dict(wanted.annotations)
    _mark(labels, annotations, desired)
    _note(annotations, authors.replacing(desired.owner, wrote))
    finalizers = tuple(dict.fromkeys((*secret.finalizers, *wanted.finalizers)))
    return replace(secret, labels=labels, annotations=annotations, finalizers=finalizers)


def _note(annotations: dict[str, str], authors: Authors) -> None:
    annotations.pop(WROTE, None)
    if who := str(authors):
        annotations[WROTE] = who


def _mark(labels: dict[str, str], annotations: dict[str, str], desired: Desired) -> None:
    """Owner carries our label and annotation; Orphan the annotation only, so that nothing prunes it; Merge neither."""
    creation = desired.policy.creation
    if creation in (CreationPolicy.OWNER, CreationPolicy.ORPHAN):
        annotations[OWNER] = desired.owner
    elif annotations.get(OWNER) == desired.owner:
        del annotations[OWNER]
    if creation is CreationPolicy.OWNER:
        labels[MANAGED] = "true"
    elif OWNER not in annotations or annotations[OWNER] == desired.owner:
        labels.pop(MANAGED, None)


def _settled(desired: Desired, remark: str) -> Settled:
    return Settled(desired.name, desired.declaration, remark)


def _refusal(desired: Desired, reason: str, hint: str = "") -> Refusal:
    return Refusal(desired.name, reason, hint, declaration=desired.declaration, source=desired.source)
