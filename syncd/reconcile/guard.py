"""Refuses to delete or empty too many Secrets at once."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syncd.model import ObjectName
from syncd.reconcile.changes import Action, Change, Refusal, RefusalKind
from syncd.reconcile.plan import Plan, withdraw

ORPHANS = "orphans"
"""The group of Secrets that are pruned: they have no store any more."""
WINDOW = timedelta(hours=1)
"""How long a removal counts."""


@dataclass(frozen=True, slots=True)
class Limits:
    """More than `count` and more than `share` of a group, or all of two or more, is too much."""

    count: int = 3
    share: float = 0.2


@dataclass(frozen=True, slots=True)
class Removal:
    """A Secret that was deleted or emptied; `approved` by a yes, it counts no more."""

    at: datetime
    name: ObjectName
    groups: tuple[str, ...]
    approved: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """What the guard remembers from pass to pass: removals of the last hour, and every yes that was used."""

    removals: tuple[Removal, ...] = ()
    spent: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str, now: datetime) -> History:
        """Raises ValueError when the record is not one of ours; older removals are left out."""
        body = json.loads(text) if text else {}
        try:
            removals = [
                Removal(
                    datetime.fromisoformat(one["at"]),
                    ObjectName.within(one["namespace"], one["name"]),
                    tuple(one["groups"]),
                    approved=bool(one["approved"]),
                )
                for one in body.get("removals", ())
            ]
            spent = frozenset(str(one) for one in body.get("spent", ()))
            return cls(tuple(one for one in removals if one.at > now - WINDOW), spent)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("the record of removals is damaged") from error

    def __str__(self) -> str:
        removals = [
            {
                "at": one.at.isoformat(),
                "namespace": one.name.namespace,
                "name": one.name.local,
                "groups": list(one.groups),
                "approved": one.approved,
            }
            for one in self.removals
        ]
        return json.dumps({"removals": removals, "spent": sorted(self.spent)}, indent=1)


@dataclass(frozen=True, slots=True)
class Census:
    """Who is there to be counted: by group (a store, its endpoint, or the orphans) the Secrets of its declarations."""

    members: Mapping[str, frozenset[ObjectName]] = field(default_factory=dict)
    endpoints: Mapping[str, str] = field(default_factory=dict)
    """By store, its endpoint."""
    history: History = field(default_factory=History)
    allowed: frozenset[str] = frozenset()
    """Ids of refusals that somebody said yes to."""
    absent: frozenset[ObjectName] = frozenset()
    """Secrets that other passes would remove as well: what is refused at once must not go one by one."""

    def absent_of(self, group: str) -> frozenset[ObjectName]:
        """Those of a group, but for what a yes has let go already."""
        gone = {one.name for one in self.history.removals if one.approved}
        return (self.absent & self.members.get(group, frozenset())) - gone

    def groups_of(self, change: Change) -> tuple[str, ...]:
        if change.action is Action.PRUNE:
            return (ORPHANS,)
        endpoints = {self.endpoints[store] for store in change.stores if store in self.endpoints}
        return (*change.stores, *sorted(endpoints))


def guard(plan: Plan, census: Census, limits: Limits) -> Plan:
    """The plan without the removals that are too many; each of their groups becomes a refusal with an id.

    Counted is what the plan deletes or empties, with what other passes would, and with the unapproved removals of the
    last hour, against all declarations of the group. Pure: the time is in the census' history.
    """
    refused: dict[ObjectName, Refusal] = {}
    approved: dict[ObjectName, str] = {}
    for group, changes in _by_group(plan, census).items():
        names = {change.name for change in changes}
        counted = names | census.absent_of(group)
        identity = refusal_id(counted, census.history.spent)
        if identity in census.allowed:
            approved |= dict.fromkeys(names, identity)
        elif _too_many(group, counted, census, limits):
            refused = {change.name: _refusal(change, group, census, identity) for change in changes} | refused
    gone = [change for change in plan.changes if change.name in refused]
    plan = replace(plan, refusals=(*plan.refusals, *refused.values()), approved=approved)
    return withdraw(plan, gone) if gone else plan


def _by_group(plan: Plan, census: Census) -> dict[str, list[Change]]:
    groups: dict[str, list[Change]] = defaultdict(list)
    for change in plan.applied_changes:
        if change.removes_everything:
            for group in census.groups_of(change):
                groups[group].append(change)
    return groups


def _too_many(group: str, names: Collection[ObjectName], census: Census, limits: Limits) -> bool:
    recent = {one.name for one in census.history.removals if group in one.groups and not one.approved}
    counted = recent | set(names)
    total = len(census.members.get(group, frozenset()) | counted)
    many = len(counted) > limits.count and len(counted) > limits.share * total
    return many or (len(counted) == total and total >= 2)


def refusal_id(names: Iterable[ObjectName], spent: Collection[str] = ()) -> str:
    """Names one mass change, so that a yes to it is a yes to nothing else.

    The same Secrets have another id after each yes: a write may have failed, or they went, came back, and go again.
    """
    text = "\n".join(sorted(str(name) for name in names))
    identity = _digest(text)
    while identity in spent:
        identity = _digest(f"{identity}\n{text}")
    return identity


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _refusal(change: Change, group: str, census: Census, identity: str) -> Refusal:
    yes = f"`--allow-mass-change {identity}`"
    if group == ORPHANS:
        reason = "too many orphaned Secrets would be deleted within an hour"
    else:
        total = len(census.members.get(group, ()))
        reason = f"too many Secrets of {group} ({total}) would be deleted or emptied within an hour"
        yes += f", or the annotation `syncd.dev/allow-mass-change: {identity}` on the store"
    return Refusal(
        name=change.name,
        reason=reason,
        hint=f"if that is meant, say so once: {yes}",
        kind=RefusalKind.GUARD,
        declaration=change.declarations[0] if change.declarations else None,
        source=change.source,
        id=identity,
    )


def remember(plan: Plan, census: Census, removed: Iterable[Change], now: datetime) -> History:
    """The history after these changes of the plan were made; every yes that covered one of them is spent."""
    changes = list(removed)
    new = [
        Removal(now, change.name, census.groups_of(change), approved=change.name in plan.approved) for change in changes
    ]
    spent = {plan.approved[change.name] for change in changes if change.name in plan.approved}
    return History((*census.history.removals, *new), census.history.spent | spent)
