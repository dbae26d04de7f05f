"""Parts of a plan that are held back: what the process is told to pause, what only one fetch has seen go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from syncd.model import ObjectName
from syncd.reconcile.changes import Action, Change
from syncd.reconcile.owed import Owed
from syncd.reconcile.plan import Plan, withdraw

WRITES = "paused by `--pause-writes`"
RESTARTS = "paused by `--pause-restarts`"


def pause(plan: Plan, *, writes: bool, restarts: bool, namespaces: Mapping[str, str]) -> Plan:
    """The plan with everything shown and, as far as it is paused, marked as not to be carried out.

    `namespaces` are those that are paused, with why.
    """
    if not (writes or restarts or namespaces):
        return plan
    everywhere = WRITES if writes else RESTARTS if restarts else ""

    def held(workload: Owed) -> Owed:
        why = workload.paused or namespaces.get(workload.namespace, "") or everywhere
        return replace(workload, paused=why)

    def kept(change: Change) -> Change:
        why = change.paused or namespaces.get(change.name.namespace, "") or (WRITES if writes else "")
        return replace(change, paused=why)

    changes, workloads = tuple(map(kept, plan.changes)), tuple(map(held, plan.workloads))
    return replace(plan, changes=changes, workloads=workloads, still=frozenset(namespaces))


@dataclass(frozen=True, slots=True)
class Absences:
    """The Secrets that a pass would have removed because the stores have nothing for them, by the pass that saw it."""

    seen: Mapping[ObjectName, int] = field(default_factory=dict)

    def hold(self, plan: Plan, looked_at: Collection[ObjectName], number: int) -> tuple[Plan, Absences]:
        """The plan without removals that no earlier pass has seen too, and what is remembered for later passes.

        Pure. An absence that a pass does not see again is forgotten; one pass counts once, however often it decides.
        """
        absent = {change.name: change for change in plan.changes if _is_absence(change)}
        others = {name: seen for name, seen in self.seen.items() if name not in looked_at}
        remembered = Absences({**others, **{name: self.seen.get(name, number) for name in absent}})
        held = [change for name, change in absent.items() if remembered.seen[name] == number]
        if not held:
            return plan, remembered
        return replace(withdraw(plan, held), unconfirmed=(*plan.unconfirmed, *held)), remembered


def _is_absence(change: Change) -> bool:
    return change.removes_everything and change.action is not Action.PRUNE and not change.paused
