"""What a pass may be told by its user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from syncd.model import ObjectName, RestartMode, StoreAuth, TargetKind
from syncd.reconcile.guard import Limits


@dataclass(frozen=True, slots=True)
class Options:
    installation: str = "default"
    """Tells apart several syncds that write to one cluster; part of `syncd.dev/owner`."""
    adopt: bool = False
    configmaps: bool = False
    """Whether ConfigMaps may be written."""
    prune: bool = False
    restarts: RestartMode = RestartMode.AUTO
    """For declarations that do not say."""
    limits: Limits = field(default_factory=Limits)
    allowed: frozenset[str] = frozenset()
    """Ids of guard refusals that the command line said yes to."""
    controller_class: str = "default"
    """Stores with another `spec.controller` are left to that controller."""
    namespaces: tuple[str, ...] = ()
    """The only ones in which anything is written or listed; empty: all."""
    store_auth: StoreAuth = StoreAuth.MANIFEST
    """Whose credentials stores are read with; those of the machine serve only stores from files."""
    provider_timeout: float = 10.0
    """Seconds for one call to a store, in total."""
    readers: int = 32
    """Threads for reads."""
    writers: int = 8
    """Threads for writes."""
    pause_writes: bool = False
    """Everything is planned and shown; nothing is written."""
    pause_restarts: bool = False
    """Restarts are planned and shown; they stay owed."""
    confirm_absence: bool = False
    """A Secret is removed for want of a source only when a second pass sees the same."""

    @property
    def kinds(self) -> tuple[TargetKind, ...]:
        """What is written."""
        return tuple(TargetKind) if self.configmaps else (TargetKind.SECRET,)

    def serves(self, namespace: str) -> bool:
        """Whether declarations may have their Secrets there."""
        return not self.namespaces or namespace in self.namespaces

    def writes(self, name: ObjectName) -> bool:
        """Whether this object may be written."""
        return name.kind in self.kinds and self.serves(name.namespace)


@dataclass(frozen=True, slots=True)
class Selection:
    """Names (`namespace/name`, or a name alone) and a label selector; neither means everything."""

    names: tuple[str, ...] = ()
    selector: str = ""

    def __bool__(self) -> bool:
        return bool(self.names or self.selector)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a pass is, for a progress display: `done` of `total` in the stage called `name`."""

    name: str
    done: int
    total: int
    detail: str = ""


Progress = Callable[[Stage], None]


def silent(_: Stage) -> None:
    """Shows nothing."""


def now() -> datetime:
    return datetime.now(UTC)
