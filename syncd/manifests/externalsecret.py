"""The kind `ExternalSecret`: a Secret, and what it is made from."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, StrictBool

from syncd.manifests.data import Data, DataFrom
from syncd.manifests.extensions import ALLOW_PLAIN, RESTART
from syncd.manifests.fields import (
    HOUR,
    Interval,
    Model,
    Name,
    StoreKey,
    StoreKind,
    StoreRef,
    default_if_empty,
    not_empty,
    shaped,
)
from syncd.manifests.metadata import ObjectMeta
from syncd.manifests.template import Template
from syncd.model import CreationPolicy, DeletionPolicy, ObjectName, RestartMode, Source, SourceKind, TargetKind


class RefreshPolicy(StrEnum):
    PERIODIC = "Periodic"
    ON_CHANGE = "OnChange"
    CREATED_ONCE = "CreatedOnce"


class WindowKind(StrEnum):
    ALLOW = "allow"
    DENY = "deny"


class Manifest(Model):
    """A target that is not a Secret."""

    api_version: str
    kind: str


class Target(Model):
    name: Name | None = None
    creation_policy: CreationPolicy = CreationPolicy.OWNER
    deletion_policy: Annotated[DeletionPolicy, default_if_empty(DeletionPolicy.RETAIN)] = DeletionPolicy.RETAIN
    immutable: StrictBool = False
    template: Template | None = None
    manifest: Manifest | None = None


WindowSchedule = Annotated[
    str,
    shaped(
        r"@(annually|yearly|monthly|weekly|daily|midnight|hourly)|@every \S+.*|\S+( \S+){4}",
        "not a schedule: five fields as cron has them, `@daily` and the like, or `@every 1h`",
    ),
]


class SyncWindow(Model):
    schedule: WindowSchedule
    duration: Interval


class SyncWindows(Model):
    kind: WindowKind
    windows: Annotated[tuple[SyncWindow, ...], not_empty()]


def _named(value: Any) -> Any:
    """A reference without a name is none; whoever needs one is told so by the rules."""
    unnamed = isinstance(value, dict) and not value.keys() - {"kind"} and value.get("kind") in (None, *StoreKind)
    return None if unnamed else value


# Shared by all that have nothing of their own: pydantic copies a default deeply each time.
_PLAIN = Target()
_NOWHERE = Source(SourceKind.FILES, "")


class ExternalSecretSpec(Model):
    secret_store_ref: Annotated[StoreRef | None, BeforeValidator(_named)] = None
    target: Target = Field(default_factory=lambda: _PLAIN)
    refresh_policy: RefreshPolicy = RefreshPolicy.PERIODIC
    refresh_interval: Interval = HOUR
    sync_windows: SyncWindows | None = None
    data: tuple[Data, ...] = ()
    data_from: tuple[DataFrom, ...] = ()


class ExternalSecret(Model):
    api_version: Literal["external-secrets.io/v1", "external-secrets.io/v1beta1"]
    kind: Literal["ExternalSecret"]
    metadata: ObjectMeta
    spec: ExternalSecretSpec
    status: Any = Field(default=None, repr=False)
    _source: Source = PrivateAttr(default_factory=lambda: _NOWHERE)

    def located(self, source: Source) -> Self:
        """Says where the declaration comes from; for whoever loads it."""
        self._source = source
        return self

    @property
    def source(self) -> Source:
        return self._source

    @cached_property
    def object_name(self) -> ObjectName:
        return ObjectName(self.metadata.namespace, self.metadata.name)

    @cached_property
    def target_name(self) -> ObjectName:
        """The Secret that is meant, or the ConfigMap."""
        kind = TargetKind.CONFIG_MAP if self.spec.target.manifest else TargetKind.SECRET
        return ObjectName(self.metadata.namespace, self.spec.target.name or self.metadata.name, kind)

    @cached_property
    def store_key(self) -> StoreKey | None:
        """The store that its entries come from, unless they name their own."""
        reference = self.spec.secret_store_ref
        return reference.key(self.metadata.namespace) if reference else None

    @property
    def allows_plain(self) -> bool:
        """Whether a ConfigMap may hold what looks like a secret."""
        return self.metadata.annotations.get(ALLOW_PLAIN) == "true"

    @property
    def restart(self) -> RestartMode:
        return RestartMode(self.metadata.annotations.get(RESTART, RestartMode.AUTO))
