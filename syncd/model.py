"""The values that the rooms hand to each other."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NoReturn

from syncd.errors import ClusterError, Failure

OWNER = "syncd.dev/owner"
"""Annotation on Secrets: `<installation>/<source>/<namespace>/<name>` of the declaration that they belong to."""
MANAGED = "syncd.dev/managed"
"""Label on Secrets that syncd owns, to list them by; ownership itself is the annotation."""
WROTE = "syncd.dev/wrote"
"""Annotation on Secrets: which labels, annotations and (Merge) keys each declaration wrote, as JSON."""
RUNNING = "syncd.dev/running"
"""Annotation on workloads: fingerprints of the keys that they were last started with, as JSON."""
RESTARTED = "syncd.dev/restarted"
"""Annotation on pod templates whose change starts a rollout; never read."""


class TargetKind(StrEnum):
    """What syncd writes."""

    SECRET = "Secret"  # noqa: S105 -- the name of a kind
    CONFIG_MAP = "ConfigMap"


@dataclass(frozen=True, slots=True, order=True)
class ObjectName:
    """Namespace and name of an object; the namespace of cluster-scoped objects is empty.

    `kind` tells a ConfigMap that is written from a Secret of the same name; names of all else leave it alone.
    """

    namespace: str
    name: str
    kind: TargetKind = TargetKind.SECRET

    @classmethod
    def within(cls, namespace: str, local: str) -> ObjectName:
        """The object that is called `local` in this namespace."""
        _, slash, name = local.rpartition("/")
        return cls(namespace, name, TargetKind.CONFIG_MAP if slash else TargetKind.SECRET)

    @property
    def local(self) -> str:
        """What it is called within its namespace: `name`, or `configmap/name`; no name holds a slash."""
        return self.name if self.kind is TargetKind.SECRET else f"{self.kind.lower()}/{self.name}"

    def __str__(self) -> str:
        return f"{self.namespace}/{self.local}" if self.namespace else self.local


class SecretValue:
    """Bytes that must not be seen: masked wherever Python prints things, never pickled.

    `reveal()` is for rendering, for writing Secrets and for handing credentials to an SDK.
    """

    __slots__ = ("_bytes",)

    def __init__(self, value: bytes | str) -> None:
        self._bytes = value.encode() if isinstance(value, str) else bytes(value)

    def reveal(self) -> bytes:
        return self._bytes

    def base64(self) -> str:
        """The form that stands in a Secret's `data`."""
        return base64.b64encode(self._bytes).decode("ascii")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretValue) and hmac.compare_digest(self._bytes, other._bytes)

    __hash__ = None  # type: ignore[assignment]  # a set of values would be a way to look at them

    def __len__(self) -> int:
        return len(self._bytes)

    def __bool__(self) -> bool:
        return bool(self._bytes)

    def __repr__(self) -> str:
        return "SecretValue(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a SecretValue cannot be pickled or copied")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Keyed hash of one key's value: `v1:<key id>:<mac>`; equal values of other Secrets or keys differ."""

    key_id: str
    mac: str

    def __str__(self) -> str:
        return f"v1:{self.key_id}:{self.mac}"

    @classmethod
    def parse(cls, text: str) -> Fingerprint:
        """Raises ValueError when `text` is not of the form `v1:<key id>:<mac>`."""
        version, key_id, mac = text.split(":")
        if version != "v1":
            raise ValueError(f"fingerprint of an unknown version `{version}`")
        return cls(key_id, mac)


@dataclass(frozen=True, slots=True)
class FingerprintKey:
    """The secret key of fingerprints; its id is public."""

    id: str
    secret: SecretValue

    def fingerprint(self, secret: ObjectName, key: str, value: SecretValue) -> Fingerprint:
        mac = hmac.new(self.secret.reveal(), digestmod=hashlib.sha256)
        for part in (secret.namespace, secret.local, key):
            mac.update(part.encode() + b"\0")
        mac.update(value.reveal())
        return Fingerprint(self.id, mac.hexdigest()[:32])


class SourceKind(StrEnum):
    FILES = "files"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a declaration comes from; `location` is `file:line` or the object's name."""

    kind: SourceKind
    location: str


class CreationPolicy(StrEnum):
    OWNER = "Owner"
    ORPHAN = "Orphan"
    MERGE = "Merge"
    CREATE_OR_MERGE = "CreateOrMerge"
    NONE = "None"


class DeletionPolicy(StrEnum):
    RETAIN = "Retain"
    DELETE = "Delete"
    MERGE = "Merge"


class RestartMode(StrEnum):
    """`syncd.dev/restart` of a declaration."""

    AUTO = "auto"
    ANNOTATED = "annotated"
    OFF = "off"


class StoreAuth(StrEnum):
    """Whose credentials stores are read with."""

    MANIFEST = "manifest"
    """Those that the `auth` of a store names."""
    AMBIENT = "ambient"
    """Those that the machine has, where a provider knows how to find them."""


class RefreshMode(StrEnum):
    """When a Secret that a declaration has written is made anew."""

    ALWAYS = "always"
    """In every pass: Periodic. How often there are passes is for whoever makes them."""
    DUE = "due"
    """When the declaration has changed, or its interval has passed: what a generator makes differs every time."""
    ON_CHANGE = "on change"
    """When the declaration has changed."""
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class Refresh:
    """Whether a Secret is made anew although it is there."""

    mode: RefreshMode = RefreshMode.ALWAYS
    declared: str = ""
    """A digest of what the declaration says, by which a change of it is known; empty where that does not matter."""
    every: float = 0.0
    """Seconds between two refreshes when the mode is DUE; 0: never again."""
    reason: str = ""
    """The field that says so."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How a declaration treats its Secret."""

    creation: CreationPolicy = CreationPolicy.OWNER
    deletion: DeletionPolicy = DeletionPolicy.RETAIN
    restart: RestartMode = RestartMode.AUTO
    immutable: bool = False
    refresh: Refresh = field(default_factory=Refresh)


@dataclass(frozen=True, slots=True)
class OwnerReference:
    """The controller of an object, as its `ownerReferences` name it."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class SecretObject:
    """A Secret as it stands in a target, or as it should; or a ConfigMap, which has no type."""

    name: ObjectName
    type: str = "Opaque"
    data: Mapping[str, SecretValue] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict, repr=False)
    finalizers: tuple[str, ...] = ()
    immutable: bool = False
    uid: str = ""
    resource_version: str = ""
    controller: OwnerReference | None = None
    written: datetime | None = field(default=None, compare=False)
    """When somebody last wrote its data, as the API server remembers; None where nobody does."""


@dataclass(frozen=True, slots=True)
class Present:
    secret: SecretObject


@dataclass(frozen=True, slots=True)
class Missing:
    """It is certain that the object does not exist."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Nobody can say whether it exists; never the same as missing."""

    reason: str
    hint: str = ""
    failure: Failure = Failure.UNAVAILABLE

    @classmethod
    def of(cls, error: ClusterError) -> Unreadable:
        return cls(error.message, error.hint, error.failure)


Observed = Present | Missing | Unreadable


@dataclass(frozen=True, slots=True)
class Metadata:
    """Labels, annotations and finalizers that a declaration wants on its Secret."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict, repr=False)
    finalizers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desired:
    """The Secret that a declaration asks for.

    `data` is None when the stores certainly hold nothing for it: then `policy.deletion` decides.
    """

    declaration: ObjectName
    name: ObjectName
    type: str
    data: Mapping[str, SecretValue] | None
    metadata: Metadata
    policy: Policy
    source: Source
    stores: tuple[str, ...] = ()
    """The stores that it was read from, as `Kind/namespace/name`; the guard counts by them."""
    owner: str = ""
    """The value of `syncd.dev/owner`."""
    paused: str = ""
    """Why nothing is written although it is planned; empty when it is not paused."""
    unfit: str = ""
    """Why this data must not be written to such a target; empty when it may be."""
    anew: str = ""
    """What makes some of it another in each pass: a generator, or a function of its template; empty for nothing."""


@dataclass(frozen=True, slots=True)
class TemplatePlace:
    """Where an error of a template stands: `path` leads to the field, `line` and `column` in its text count from 1."""

    path: tuple[str | int, ...]
    name: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """What a declaration asks for cannot be said now; nothing is done."""

    declaration: ObjectName
    name: ObjectName
    reason: str
    failure: Failure
    source: Source
    hint: str = ""
    retry_after: float | None = None
    """Seconds, when the store said so."""
    stores: tuple[str, ...] = ()
    owner: str = ""
    policy: Policy = field(default_factory=Policy)
    place: TemplatePlace | None = None
    """Where in one of its templates the reason stands, if it stands in one."""


class WorkloadKind(StrEnum):
    DEPLOYMENT = "Deployment"
    STATEFUL_SET = "StatefulSet"
    DAEMON_SET = "DaemonSet"


@dataclass(frozen=True, slots=True, order=True)
class WorkloadName:
    kind: WorkloadKind
    name: ObjectName

    def __str__(self) -> str:
        return f"{self.name.namespace}/{self.kind.lower()}/{self.name.name}"


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment, StatefulSet or DaemonSet; `pod_spec` is its pod template's spec as the API writes it."""

    name: WorkloadName
    uid: str
    annotations: Mapping[str, str] = field(default_factory=dict, repr=False)
    pod_annotations: Mapping[str, str] = field(default_factory=dict, repr=False)
    pod_spec: Mapping[str, Any] = field(default_factory=dict, repr=False)
    location: str = ""
    """`file:line` in a folder; empty in a cluster."""
    untouchable: str = ""
    """Why it must not be written (a file with Helm braces, say); empty when it may be."""


@dataclass(frozen=True, slots=True)
class NamespaceWorkloads:
    """All workloads of a namespace, and the image pull secrets of its service accounts by their names."""

    workloads: tuple[Workload, ...]
    pull_secrets: Mapping[str, tuple[str, ...]] | Unreadable = field(default_factory=dict)
