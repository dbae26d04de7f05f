"""Feeds the guard: who is there to be counted, and what was removed within the last hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from syncd.cluster.api import Target
from syncd.errors import ClusterError
from syncd.manifests.declarations import Declarations
from syncd.manifests.extensions import ALLOW_MASS_CHANGE
from syncd.model import ObjectName
from syncd.reconcile.answers import stores_of
from syncd.reconcile.changes import Change, Refusal, RefusalKind
from syncd.reconcile.guard import Census, History, guard, remember
from syncd.reconcile.options import Options
from syncd.reconcile.plan import Plan, withdraw


class Counting:
    """The guard of one pass. Its record is read and written only when something would be removed."""

    def __init__(self, target: Target, declarations: Declarations, options: Options, now: datetime) -> None:
        self._target = target
        self._declarations = declarations
        self._options = options
        self._now = now

    def guarded(self, plan: Plan, endpoints: Mapping[str, str], absent: Iterable[ObjectName] = ()) -> Plan:
        """The plan without what is too much; without any removal when the record cannot be read.

        `absent` are Secrets that other passes would remove as well.
        """

        def decided() -> Plan:
            census = replace(self._census(endpoints), absent=frozenset(absent))
            return guard(plan, census, self._options.limits)

        return self._if_removing(plan, decided)

    def record(self, plan: Plan, endpoints: Mapping[str, str]) -> Plan:
        """Writes down what the plan removes, before it is removed; what cannot be written down is not removed."""

        def written() -> Plan:
            census = self._census(endpoints)
            self._target.write_removals(str(remember(plan, census, _removals(plan), self._now)))
            return plan

        return self._if_removing(plan, written)

    def _if_removing(self, plan: Plan, decide: Callable[[], Plan]) -> Plan:
        removals = _removals(plan)
        if not removals:
            return plan
        try:
            return decide()
        except (ClusterError, ValueError) as error:
            hint = error.hint if isinstance(error, ClusterError) else "look at it, and delete it if it can go"
            refusals = [_unrecorded(change, str(error), hint) for change in removals]
            return withdraw(replace(plan, refusals=(*plan.refusals, *refusals)), removals)

    def _census(self, endpoints: Mapping[str, str]) -> Census:
        members: dict[str, set[ObjectName]] = defaultdict(set)
        for declaration in self._declarations.external_secrets:
            for store in stores_of(declaration):
                members[store].add(declaration.target_name)
                if store in endpoints:
                    members[endpoints[store]].add(declaration.target_name)
        given = (store.metadata.annotations.get(ALLOW_MASS_CHANGE, "") for store in self._declarations.stores.values())
        return Census(
            members={group: frozenset(names) for group, names in members.items()},
            endpoints=endpoints,
            history=History.parse(self._target.read_removals(), self._now),
            allowed=self._options.allowed | frozenset(filter(None, given)),
        )


def _removals(plan: Plan) -> list[Change]:
    return [change for change in plan.applied_changes if change.removes_everything]


def _unrecorded(change: Change, reason: str, hint: str) -> Refusal:
    return Refusal(
        name=change.name,
        reason=f"it would be deleted or emptied, and how many were within the last hour is not known: {reason}",
        hint=hint,
        kind=RefusalKind.GUARD,
        declaration=change.declarations[0] if change.declarations else None,
        source=change.source,
    )
