"""What the rest of syncd may ask of Kubernetes, or of a folder that stands for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from syncd.model import (
    FingerprintKey,
    Missing,
    NamespaceWorkloads,
    ObjectName,
    Observed,
    SecretObject,
    SecretValue,
    TargetKind,
    Unreadable,
    WorkloadName,
)


@dataclass(frozen=True, slots=True)
class SecretPatch:
    """A change of a Secret or ConfigMap: what is set and what is taken away; everything else stays as it is.

    It applies only to the object with this uid and resourceVersion.
    """

    name: ObjectName
    uid: str
    resource_version: str
    set_data: Mapping[str, SecretValue] = field(default_factory=dict)
    remove_data: frozenset[str] = frozenset()
    set_labels: Mapping[str, str] = field(default_factory=dict)
    remove_labels: frozenset[str] = frozenset()
    set_annotations: Mapping[str, str] = field(default_factory=dict, repr=False)
    remove_annotations: frozenset[str] = frozenset()
    set_finalizers: tuple[str, ...] | None = None
    immutable: bool | None = None


@dataclass(frozen=True, slots=True)
class WorkloadPatch:
    """A change of a workload's note, and of its pod template's trigger when `trigger` is given.

    It applies only when the uid is this one and the note is still `previous` (None: there is none).
    """

    name: WorkloadName
    uid: str
    previous: str | None
    note: str | None
    """The new note; None takes it away."""
    trigger: str | None = None


@dataclass(frozen=True, slots=True)
class OwnedSecrets:
    """All Secrets with our label; `complete` is False when some namespaces could not be listed."""

    secrets: tuple[SecretObject, ...]
    complete: bool = True
    hint: str = ""


@dataclass(frozen=True, slots=True)
class SecretList:
    """All Secrets with our label, each with its version: how a watch begins, and begins anew."""

    versions: Mapping[ObjectName, str]


@dataclass(frozen=True, slots=True)
class SecretSeen:
    """A Secret with our label has come to be, changed, or (without a version) gone or lost the label."""

    name: ObjectName
    version: str


@dataclass(frozen=True, slots=True)
class Note:
    """What a Kubernetes Event on a Secret says; one Event for each Secret and reason, which is counted."""

    secret: ObjectName
    reason: str
    """One word in camel case."""
    message: str
    """Holds no value."""
    warning: bool = False


class Target(Protocol):
    """Where Secrets are written and workloads are restarted. Every method may be called from several threads.

    What is said of Secrets holds for ConfigMaps too: the kind in the name decides.

    Methods raise Denied, Conflict, Rejected or Unreachable; reads that can be answered in part
    say `Unreadable` for the rest instead.
    """

    description: str
    """For people: `cluster https://…` or `folder out`."""

    def read_secrets(self, names: Collection[ObjectName]) -> Mapping[ObjectName, Observed]:
        """One answer for each name: in bulk where that is cheaper and allowed, else one by one."""
        ...

    def owned_secrets(self, namespaces: Collection[str], kind: TargetKind = TargetKind.SECRET) -> OwnedSecrets:
        """Secrets with the label `syncd.dev/managed` in all namespaces, or in these where only that is allowed."""
        ...

    def watch_secrets(
        self, namespace: str, stop: Event, kind: TargetKind = TargetKind.SECRET
    ) -> Iterator[SecretList | SecretSeen]:
        """Secrets with our label in a namespace, or in all when it is empty: first a list, then each change.

        Another list follows when changes may have been missed. It ends only after `stop` was set, some time later;
        it raises when the target cannot be asked, and may then be called again. Every wait has a bound.
        """
        ...

    def note(self, note: Note) -> None:
        """Writes a Kubernetes Event; a target that has none does nothing."""
        ...

    def create_secret(self, secret: SecretObject) -> SecretObject:
        """Raises Conflict when it exists."""
        ...

    def patch_secret(self, patch: SecretPatch) -> SecretObject:
        """Raises Conflict when uid or resourceVersion are others, or the object is gone."""
        ...

    def delete_secret(self, name: ObjectName, uid: str, resource_version: str) -> None:
        """Raises Conflict when uid or resourceVersion are others; one that is gone already is fine."""
        ...

    def read_configmap(self, name: ObjectName) -> Mapping[str, str] | Missing | Unreadable: ...

    def read_workloads(self, namespace: str) -> NamespaceWorkloads | Unreadable: ...

    def patch_workload(self, patch: WorkloadPatch) -> None:
        """Raises Conflict when the uid or the note are others, or the workload is gone."""
        ...

    def service_account_token(self, name: ObjectName, audiences: Sequence[str], expiration: int) -> SecretValue:
        """A token of a service account; `expiration` in seconds."""
        ...

    def service_account_annotations(self, name: ObjectName) -> Mapping[str, str]: ...

    def fingerprint_keys(self) -> tuple[FingerprintKey, ...] | Missing | Unreadable:
        """The keys of fingerprints, newest first; never creates one."""
        ...

    def create_fingerprint_key(self) -> tuple[FingerprintKey, ...]:
        """Creates the first key; who loses the race reads the winner's."""
        ...

    def read_removals(self) -> str:
        """The guard's record of the last hour's removals, as it was written; empty when there is none."""
        ...

    def write_removals(self, record: str) -> None: ...

    def close(self) -> None: ...
