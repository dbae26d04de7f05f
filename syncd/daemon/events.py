"""What happens in the daemon, for whoever wants to hear of it: status, log, metrics, Kubernetes Events.

Listeners are called in the thread in which it happened, pass threads among them: they must be quick, take their own
locks, and never block.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from syncd.daemon.queue import Lane
from syncd.errors import Problem
from syncd.manifests.declarations import Declarations
from syncd.model import ObjectName, TargetKind
from syncd.providers.jobs import Statistics
from syncd.providers.schedule import Load
from syncd.reconcile.report import Report

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The manifests were read, at the start or because they changed."""

    declarations: Declarations
    """What counts from now on: of files that do not load, their last good version."""
    problems: tuple[Problem, ...] = ()
    """Why files, or parts of them, do not load."""
    changed: frozenset[ObjectName] = frozenset()
    """ExternalSecrets that are new, or that something about has changed."""
    removed: frozenset[ObjectName] = frozenset()


@dataclass(frozen=True, slots=True)
class PassBegun:
    names: tuple[ObjectName, ...]
    lane: Lane
    at: datetime


@dataclass(frozen=True, slots=True)
class PassFinished:
    """A pass came to its end; what went wrong with single declarations is in its report."""

    names: tuple[ObjectName, ...]
    """Of the ExternalSecrets that it was about."""
    stores: tuple[str, ...]
    """That its group reads, as `Kind/namespace/name`."""
    lane: Lane
    report: Report
    at: datetime
    """When it ended."""
    duration: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class PassFailed:
    """A pass came to nothing, mostly because the target could not be looked at; all its names are tried again."""

    names: tuple[ObjectName, ...]
    lane: Lane
    message: str
    hint: str
    at: datetime
    duration: float


class Pruning(StrEnum):
    """What becomes of Secrets that nobody declares any more."""

    OFF = "off"
    WAITS = "waits"
    """Until the manifests have stood for long enough."""
    HELD = "held"
    """Files do not load, and nobody knows what they would declare."""
    ON = "on"


@dataclass(frozen=True, slots=True)
class Swept:
    """The target was looked through for Secrets that nobody declares any more."""

    report: Report
    at: datetime
    pruning: Pruning = Pruning.OFF
    rest: float = 0.0
    """Seconds that it waits."""


@dataclass(frozen=True, slots=True)
class StoresAsked:
    """What each store was asked since the start, and how busy the lanes are; before each scrape."""

    statistics: Mapping[str, Statistics]
    """By `Kind/namespace/name`."""
    lanes: Mapping[str, Load]


@dataclass(frozen=True, slots=True)
class QueueChanged:
    waiting: Mapping[Lane, int]
    """Names that wait."""
    under_way: int
    """Names in passes."""


@dataclass(frozen=True, slots=True)
class Retrying:
    """Declarations failed and will be tried again by themselves."""

    due: Mapping[ObjectName, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drifted:
    """Somebody else changed or deleted a Secret, or ConfigMap, of ours."""

    secret: ObjectName


@dataclass(frozen=True, slots=True)
class WatchLost:
    """The Secrets, or ConfigMaps, of a namespace (empty: of all) are not watched for now."""

    namespace: str
    message: str
    hint: str = ""
    kind: TargetKind = TargetKind.SECRET


@dataclass(frozen=True, slots=True)
class WatchHolds:
    namespace: str
    kind: TargetKind = TargetKind.SECRET


@dataclass(frozen=True, slots=True)
class WatchEnded:
    """A watch that was lost is not wanted any more."""

    namespace: str
    kind: TargetKind = TargetKind.SECRET


@dataclass(frozen=True, slots=True)
class Paused:
    """What the process is told to pause, at the start and whenever that changes."""

    writes: bool
    restarts: bool


@dataclass(frozen=True, slots=True)
class ClockStepped:
    seconds: float
    """Forward; negative: back."""


Event = (
    Loaded
    | PassBegun
    | PassFinished
    | PassFailed
    | Swept
    | StoresAsked
    | QueueChanged
    | Retrying
    | Drifted
    | WatchLost
    | WatchHolds
    | WatchEnded
    | Paused
    | ClockStepped
)


class Listener(Protocol):
    def hear(self, event: Event) -> None: ...


class Listeners:
    """Tells all listeners; one that fails stops neither the others nor a pass."""

    def __init__(self, listeners: Iterable[Listener]) -> None:
        self._listeners = tuple(listeners)

    def tell(self, event: Event) -> None:
        for listener in self._listeners:
            try:
                listener.hear(event)
            except Exception:  # see above
                log.exception("a listener failed")
