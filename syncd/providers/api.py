"""The contract between syncd and a provider plugin: the only module that a plugin needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Protocol, runtime_checkable

from syncd.errors import Failure, StoreError
from syncd.model import ObjectName, SecretValue, StoreAuth

__all__ = [
    "Absent",
    "Credentials",
    "Dialect",
    "Failed",
    "Failure",
    "FindQuery",
    "Found",
    "Matched",
    "Outcome",
    "Plugin",
    "Provider",
    "RemoteKey",
    "SecretValue",
    "StoreAuth",
    "StoreConfig",
    "StoreError",
    "StoreHealth",
]


@dataclass(frozen=True, slots=True, order=True)
class RemoteKey:
    """One secret of a store: its key, a version (`""`: the current one), and whether its metadata is asked for."""

    key: str
    version: str = ""
    metadata: bool = False

    def __str__(self) -> str:
        return f"{self.key}@{self.version}" if self.version else self.key


@dataclass(frozen=True, slots=True)
class Found:
    value: SecretValue
    version: str = ""
    """The version that was read, as the store names it."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The store says for certain that there is no such secret. A missing right is Failed, never this."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The store could not be asked. `message` holds no value and no SDK text that is not known to be harmless."""

    failure: Failure
    message: str
    hint: str = ""
    retry_after: float | None = None
    """Seconds, when the store said so."""


Outcome = Found | Absent | Failed


@dataclass(frozen=True, slots=True)
class FindQuery:
    """`dataFrom[].find`. `name` is an RE2 expression, searched for anywhere in the secret's name."""

    path: str = ""
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.path, self.name, tuple(sorted(self.tags.items()))))


@dataclass(frozen=True, slots=True)
class Matched:
    """All secrets that match, by their names; complete."""

    values: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """What a login and one cheap read say. `identity` is who the store takes us for."""

    identity: str
    latency: float
    """Seconds."""
    missing_permission: str = ""


class Dialect(StrEnum):
    """How `remoteRef.property` and `extract` read a secret's text; the values are those of the conformance vectors."""

    AWS_SM = "aws-sm"
    AWS_PS = "aws-ps"
    GCP_SM = "gcp-sm"
    GCP_METADATA = "gcp-metadata"
    """Of what `metadataPolicy: Fetch` gives in a store whose dialect is GCP_SM."""
    VAULT = "vault"
    FAKE = "fake"
    KUBERNETES = "kubernetes"
    FILE = "file"


class Credentials(Protocol):
    """All that a plugin may know of the cluster, already bound to the rights of one store.

    Every method raises StoreError (DENIED, MISCONFIGURED or UNAVAILABLE) when it cannot answer.
    `namespace` is what the manifest says; None means the store's own, or the declaration's for a cluster store.
    """

    def secret_key(self, name: str, key: str, namespace: str | None = None) -> SecretValue: ...

    def configmap_key(self, name: str, key: str, namespace: str | None = None) -> str: ...

    def service_account_token(
        self, name: str, audiences: Sequence[str], namespace: str | None = None, expiration: int = 600
    ) -> SecretValue:
        """A token of a service account; `expiration` in seconds."""
        ...

    def service_account_annotations(self, name: str, namespace: str | None = None) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """A store as its manifest describes it.

    `config` is what stands under `spec.provider.<name>`, as loaded.
    """

    kind: str
    """`SecretStore` or `ClusterSecretStore`."""
    name: ObjectName
    provider: str
    config: Mapping[str, Any] = field(repr=False)
    namespace: str = ""
    """The namespace of the declarations that it is opened for, when a cluster store refers to their Secrets."""
    base: str = ""
    """Folder of the manifest's file, for relative paths; empty when it comes from a cluster."""
    timeout: float = 10.0
    """Seconds a single call may take in total; the caller enforces it too."""
    auth: StoreAuth = StoreAuth.MANIFEST
    """AMBIENT only for plugins that have `ambient`."""

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@runtime_checkable
class Provider(Protocol):
    """An open store. Methods are called from several threads at once and block.

    Nothing here retries: the caller does, in one layer, and it bounds every call with a total deadline.
    Expected failures are outcomes; an exception counts as Failed(BUG) for the keys that it touched.
    """

    dialect: Dialect
    """How properties are looked up in this store's documents."""
    batch: int
    """How many keys one call of `fetch` should be given; 1 when every key is a call of its own."""
    lane: str
    """Endpoint and identity: calls of one lane are limited together. No secret in it."""
    width: int
    """How many calls of one lane may be under way at once."""

    def fetch(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Outcome]:
        """Exactly one outcome for each key."""
        ...

    def find(self, query: FindQuery) -> Matched | Failed:
        """All that matches, or Failed: never a part."""
        ...

    def check(self) -> StoreHealth:
        """Logs in and reads something cheap. Raises StoreError."""
        ...

    def close(self) -> None:
        """Ends what was begun here: revokes a login of ours, closes connections. Never raises."""
        ...


class Plugin(Protocol):
    """What an entry point of the group `syncd.providers` names: a class with these.

    One that can log in with what the machine has, instead of what the manifest names, also has a text `ambient`: what
    that is. It is told to do so by `StoreConfig.auth`.
    """

    name: ClassVar[str]
    """The key under `spec.provider`."""

    @classmethod
    def open(cls, store: StoreConfig, credentials: Credentials) -> Provider:
        """Makes the provider without asking the store anything that can hang.

        Raises StoreError (MISCONFIGURED, DENIED), or MissingExtra when its library is not installed.
        """
        ...
