"""Which declarations are refreshed together: those of the same stores and the same rhythm. Pure."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syncd.manifests.declarations import Declarations
from syncd.manifests.extensions import SCHEDULE
from syncd.manifests.externalsecret import ExternalSecret, RefreshPolicy
from syncd.manifests.schedules import Schedule
from syncd.model import ObjectName
from syncd.reconcile.answers import stores_of


@dataclass(frozen=True, slots=True)
class Every:
    """Seconds between two refreshes."""

    seconds: float

    def __str__(self) -> str:
        return f"every {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class Cron:
    schedule: Schedule

    def __str__(self) -> str:
        return f"at {self.schedule.expression} ({self.schedule.zone})"


@dataclass(frozen=True, slots=True)
class Once:
    """Read at the start, when it changes, after a failure, and never by schedule."""

    def __str__(self) -> str:
        return "once"


Rhythm = Every | Cron | Once


@dataclass(frozen=True, slots=True)
class Group:
    """What one job of the clock puts on the queue."""

    stores: tuple[str, ...]
    rhythm: Rhythm
    names: tuple[ObjectName, ...]

    @property
    def id(self) -> str:
        return _id(self.stores, self.rhythm)


def rhythm(declaration: ExternalSecret) -> Rhythm:
    """`syncd.dev/schedule`, else `refreshInterval`, of which zero means once; refreshPolicy rules out both.

    Semantics: external-secrets, `shouldRefresh`: OnChange and CreatedOnce are not refreshed by time.
    """
    if declaration.spec.refresh_policy is not RefreshPolicy.PERIODIC:
        return Once()
    if text := declaration.metadata.annotations.get(SCHEDULE):
        return Cron(Schedule.parse(text))
    interval = declaration.spec.refresh_interval
    return Every(max(1.0, interval.seconds)) if interval.refreshes else Once()


def groups(declarations: Declarations) -> dict[str, Group]:
    """By id; each declaration is in one."""
    found: dict[tuple[tuple[str, ...], Rhythm], list[ObjectName]] = defaultdict(list)
    for one in declarations.external_secrets:
        found[stores_of(one), rhythm(one)].append(one.object_name)
    made = (Group(stores, how, tuple(dict.fromkeys(names))) for (stores, how), names in found.items())
    return {group.id: group for group in made}


def phase(group_id: str, seconds: float) -> float:
    """Where in its interval a group is refreshed, between 0 and `seconds`: each elsewhere, and the same for ever.

    So groups that begin together do not stay together, and neither a restart nor a stepped clock brings them together.
    """
    digest = hashlib.sha256(group_id.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 * seconds


def next_in_phase(group_id: str, seconds: float, now: float) -> float:
    """The first moment after `now` (both in seconds since the epoch) at which the group is due."""
    offset = phase(group_id, seconds)
    return (math.floor((now - offset) / seconds) + 1) * seconds + offset


def changed(before: Declarations, after: Declarations) -> frozenset[ObjectName]:
    """The declarations that must be looked at because they, their stores, or what those refer to are others now."""
    old = {one.object_name: one for one in before.external_secrets}
    if before.references != after.references:
        return frozenset(one.object_name for one in after.external_secrets)
    stores = _other_stores(before, after)
    return frozenset(
        one.object_name
        for one in after.external_secrets
        if not _same(old.get(one.object_name), one) or not stores.isdisjoint(stores_of(one))
    )


def names_of(declarations: Declarations) -> frozenset[ObjectName]:
    return frozenset(one.object_name for one in declarations.external_secrets)


def targets_of(declarations: Declarations) -> frozenset[ObjectName]:
    return frozenset(one.target_name for one in declarations.external_secrets)


def _other_stores(before: Declarations, after: Declarations) -> frozenset[str]:
    keys = before.stores.keys() | after.stores.keys()
    return frozenset(str(key) for key in keys if not _same(before.stores.get(key), after.stores.get(key)))


def _same(one: object, other: object) -> bool:
    """Whether two manifests say the same; where they stand in their files does not matter."""
    parts = ("metadata", "spec")
    return one is not None and other is not None and all(getattr(one, p) == getattr(other, p) for p in parts)


def _id(stores: Iterable[str], how: Rhythm) -> str:
    return f"{'+'.join(stores) or 'no store'} {how}"


def by_name(found: Mapping[str, Group]) -> dict[ObjectName, Group]:
    return {name: group for group in found.values() for name in group.names}
