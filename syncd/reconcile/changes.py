"""What a plan is made of: changes of Secrets, and the reasons for not changing them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from syncd.cluster.api import SecretPatch
from syncd.model import OWNER, WROTE, ObjectName, RestartMode, SecretObject, Source


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    ADOPT = "adopt"
    DELETE = "delete"
    PRUNE = "prune"


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """Names of keys that come, change and go; sorted."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    @classmethod
    def between(cls, before: SecretObject | None, after: SecretObject | None) -> KeyChanges:
        old = before.data if before else {}
        new = after.data if after else {}
        return cls(
            added=tuple(sorted(new.keys() - old.keys())),
            changed=tuple(sorted(key for key in old.keys() & new.keys() if old[key] != new[key])),
            removed=tuple(sorted(old.keys() - new.keys())),
        )


@dataclass(frozen=True, slots=True)
class Change:
    """One write of one Secret; `before` is None for a create, `after` for a delete."""

    name: ObjectName
    action: Action
    reason: str
    before: SecretObject | None
    after: SecretObject | None
    keys: KeyChanges
    declarations: tuple[ObjectName, ...] = ()
    stores: tuple[str, ...] = ()
    restart: RestartMode = RestartMode.AUTO
    source: Source | None = None
    paused: str = ""
    """Why it is planned and not applied; empty when it is applied."""

    @property
    def removes_everything(self) -> bool:
        """Whether all data of a Secret that has some goes."""
        return bool(self.before and self.before.data) and not (self.after and self.after.data)

    def patch(self) -> SecretPatch:
        """The update as a patch of what was observed."""
        before, after = self.before, self.after
        if before is None or after is None:
            raise ValueError(f"{self.name}: only an update has a patch")
        return SecretPatch(
            name=self.name,
            uid=before.uid,
            resource_version=before.resource_version,
            set_data={key: value for key, value in after.data.items() if before.data.get(key) != value},
            remove_data=frozenset(self.keys.removed),
            set_labels=_set(before.labels, after.labels),
            remove_labels=frozenset(before.labels.keys() - after.labels.keys()),
            set_annotations=_set(before.annotations, after.annotations),
            remove_annotations=frozenset(before.annotations.keys() - after.annotations.keys()),
            set_finalizers=after.finalizers if after.finalizers != before.finalizers else None,
            immutable=after.immutable if after.immutable != before.immutable else None,
        )


def _set(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in after.items() if before.get(key) != value}


class RefusalKind(StrEnum):
    OWNERSHIP = "ownership"
    """Somebody else's Secret, or one that cannot be changed: counts as a failure."""
    PLAIN = "plain"
    """What looks like a secret must not stand in a ConfigMap: counts as a failure."""
    GUARD = "guard"
    """Too much at once: needs a yes."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change that is not made, although it was asked for."""

    name: ObjectName
    reason: str
    hint: str = ""
    kind: RefusalKind = RefusalKind.OWNERSHIP
    declaration: ObjectName | None = None
    source: Source | None = None
    id: str = ""
    """Of a guard's refusal: what a yes has to name."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A declaration that needs no write; `remark` says why where that is not plain."""

    name: ObjectName
    declaration: ObjectName
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change that must not be made yet, since its users could not be restarted; counts as failed."""

    change: Change
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Orphan:
    """A Secret of ours that no declaration asks for any more."""

    name: ObjectName
    owner: str


@dataclass(frozen=True, slots=True)
class Wrote:
    """What one declaration wrote into a Secret: names of labels and annotations, and of keys when it merges."""

    keys: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    annotations: frozenset[str] = frozenset()
    declared: str = ""
    """`Refresh.declared` as it was then."""
    at: str = ""
    """When it was, in RFC 3339; of what a generator made only."""

    def __bool__(self) -> bool:
        return bool(self.keys or self.labels or self.annotations or self.declared)


@dataclass(frozen=True, slots=True)
class Authors:
    """Who wrote what into a Secret: the annotation `syncd.dev/wrote`, by the value of `syncd.dev/owner`."""

    by_owner: Mapping[str, Wrote] = field(default_factory=dict)

    @classmethod
    def of(cls, secret: SecretObject) -> Authors:
        """Reads the annotation; one that somebody broke counts as empty, so that nothing is taken away by it."""
        try:
            body = json.loads(secret.annotations.get(WROTE, "{}"))
            return cls({str(owner): _wrote(names) for owner, names in body.items()})
        except (ValueError, TypeError, AttributeError):
            return cls()

    def get(self, owner: str) -> Wrote:
        return self.by_owner.get(owner, Wrote())

    def keys_of_others(self, owner: str) -> frozenset[str]:
        return frozenset(key for other, wrote in self.by_owner.items() if other != owner for key in wrote.keys)

    def replacing(self, owner: str, wrote: Wrote) -> Authors:
        others = {other: names for other, names in self.by_owner.items() if other != owner}
        return Authors({**others, owner: wrote} if wrote else others)

    def __str__(self) -> str:
        body = {owner: _body(wrote) for owner, wrote in self.by_owner.items()}
        return json.dumps(body, sort_keys=True, separators=(",", ":")) if body else ""


def _body(wrote: Wrote) -> dict[str, str | list[str]]:
    names = {"keys": wrote.keys, "labels": wrote.labels, "annotations": wrote.annotations}
    texts = {"declared": wrote.declared, "at": wrote.at}
    return {part: sorted(found) for part, found in names.items() if found} | {k: v for k, v in texts.items() if v}


def _wrote(body: Mapping[str, Any]) -> Wrote:
    keys, labels, annotations = (frozenset(body.get(part, ())) for part in ("keys", "labels", "annotations"))
    return Wrote(keys, labels, annotations, declared=str(body.get("declared", "")), at=str(body.get("at", "")))


def belongs_to(secret: SecretObject, owner: str) -> bool:
    """Whether a declaration owns the Secret or has merged something into it."""
    return secret.annotations.get(OWNER) == owner or bool(Authors.of(secret).get(owner))
