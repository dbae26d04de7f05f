"""The plan of a pass: what will be written and restarted, and what will not be, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from syncd.model import (
    OWNER,
    CreationPolicy,
    Desired,
    ObjectName,
    Observed,
    Present,
    RestartMode,
    SecretObject,
    Unknown,
    Unreadable,
    Workload,
)
from syncd.reconcile.changes import (
    Action,
    Change,
    KeyChanges,
    Orphan,
    Refusal,
    Settled,
    Waiting,
)
from syncd.reconcile.decide import Rules, Sealed, decide
from syncd.reconcile.due import kept
from syncd.reconcile.owed import Keyring, Owed, Tracked, all_owed, noted, untouchable, using
from syncd.reconcile.pause import EPOCH
from syncd.reconcile.tracking import strongest, tracked
from syncd.reconcile.users import Users

PULL_TYPES = frozenset({"kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"})


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a pass has decided; nothing has been written yet."""

    changes: tuple[Change, ...] = ()
    workloads: tuple[Owed, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    settled: tuple[Settled, ...] = ()
    orphans: tuple[Orphan, ...] = ()
    unconfirmed: tuple[Change, ...] = ()
    """Removals that wait for a later pass to see the same absence."""
    untouchable: tuple[Workload, ...] = ()
    hints: tuple[str, ...] = ()
    """What could not be looked at, and what would help."""
    approved: Mapping[ObjectName, str] = field(default_factory=dict)
    """By Secret, the id of the yes that its removal uses up."""
    blind: Unreadable | None = None
    """Why no restart can be decided: the fingerprint key cannot be read."""
    tracked: Mapping[ObjectName, Tracked] = field(default_factory=dict, repr=False)
    users: Mapping[str, Users] = field(default_factory=dict, repr=False)
    keyring: Keyring | Unreadable | None = field(default=None, repr=False)
    still: frozenset[str] = frozenset()
    """Namespaces in which nothing is written, no note either."""
    now: datetime = EPOCH

    @property
    def baselines(self) -> tuple[Owed, ...]:
        return tuple(one for one in self.workloads if one.needs_baseline and one.namespace not in self.still)

    @property
    def restarts(self) -> tuple[Owed, ...]:
        return tuple(one for one in self.workloads if one.because)

    @property
    def applied_changes(self) -> tuple[Change, ...]:
        """The changes that `apply` makes: all but the paused ones."""
        return tuple(change for change in self.changes if not change.paused)


def make_plan(
    desired: Sequence[Desired | Unknown],
    observed: Mapping[ObjectName, Observed],
    users: Mapping[str, Users],
    *,
    keyring: Keyring | Unreadable,
    rules: Rules,
) -> Plan:
    """Decides what to do, from what should be, what is, and who uses it. Pure; every combination has a row.

    ==== ============ ============================ ============== ==========================================
    row  desired      observed                     users          decision
    ==== ============ ============================ ============== ==========================================
    1    Unknown      any                          any            unknown; nothing is written
    2    any          Unreadable                   any            unknown; nothing is written
    3    policy None  any                          any            settled
    4    data         Missing (Merge)              any            settled: waits for the Secret to exist
    5    data         Missing (other policies)     any            create
    6    data         ours, equal                  any            settled
    7    data         ours, differs                known          update, restarts
    8    data         ours, data differs           unreadable     waiting, counts as failed (restarts off: 7)
    9    data         ours, not the type asked for any            refused: a type cannot be changed
    10   data         ours, immutable, differs     any            settled (policy immutable) or refused
    11   data         not ours, equal              any            adopt: only our marks are written
    12   data         not ours, differs (Owner)    any            refused; with `--adopt` as 7
    13   data         not ours, differs (Orphan)   known          update, as the policy says
    14   data         another controller's         any            refused (Merge: 17)
    15   data         another declaration's        any            refused (Merge: 17)
    16   data (Merge) has our keys, equal          any            settled
    17   data (Merge) our keys missing or differ   known          update of those keys; unreadable: as 8
    18   data (Merge) a key that another merges    any            refused
    19   nothing      any (Retain)                 any            settled: kept
    20   nothing      Missing (Delete)             any            settled
    21   nothing      ours (Delete)                known          delete; unreadable: as 8
    22   nothing      not ours, Orphan (Delete)    any            refused
    23   any, Unknown written by it, not due       any            settled: refreshPolicy, generated values
    24   unfit        any                          any            refused: a secret's place is no ConfigMap
    25   data         its type needs other keys    any            refused: a type cannot be changed
    26   immutable    there, ours to write         any            sealed as it is, whatever the stores hold
    ==== ============ ============================ ============== ==========================================

    `nothing` is a certain absence of everything at the stores; a doubt is row 1. With deletionPolicy Merge it is
    `data` without keys. `immutable` is `data` whose policy says so: row 26 stands in for the rows 6 to 9, 11 to 13, 16,
    17 and 25, save for the refusal of row 12 without `--adopt`, and nobody restarts; what is sealed is row 10. Several
    declarations of one Secret are decided one upon the other, owners first, and make one change. Workloads: a missing
    note becomes a baseline of what was observed, a note that differs from what the Secret will hold becomes a restart;
    a Secret that comes into being restarts nobody. When the fingerprint keys cannot be read, a change whose users have
    no note yet waits as in row 8.
    """
    by_name: dict[ObjectName, list[Desired | Unknown]] = defaultdict(list)
    for one in desired:
        by_name[one.name].append(one)
    parts = _Parts()
    for name in sorted(by_name):
        group = sorted(by_name[name], key=_order)
        _decide_secret(name, group, observed.get(name, Unreadable("it was not looked at")), rules, parts)
    plan = Plan(
        changes=tuple(parts.changes),
        refusals=tuple(parts.refusals),
        unknowns=tuple(parts.unknowns),
        settled=tuple(parts.settled),
        tracked=parts.tracked,
        users=users,
        keyring=keyring,
        now=rules.now,
    )
    waiting = [found for change in plan.changes if (found := _must_wait(plan, change))]
    return withdraw(replace(plan, waiting=tuple(waiting)), [one.change for one in waiting])


@dataclass(slots=True)
class _Parts:
    changes: list[Change] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    unknowns: list[Unknown] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    tracked: dict[ObjectName, Tracked] = field(default_factory=dict)


def _order(one: Desired | Unknown) -> tuple[bool, ObjectName, str]:
    merges = one.policy.creation in (CreationPolicy.MERGE, CreationPolicy.CREATE_OR_MERGE)
    return merges, one.declaration, one.owner


def _decide_secret(
    name: ObjectName, group: Sequence[Desired | Unknown], observed: Observed, rules: Rules, parts: _Parts
) -> None:
    if isinstance(observed, Unreadable):
        parts.unknowns.extend(_unreadable(one, observed) for one in group)
        return
    before = observed.secret if isinstance(observed, Present) else None
    state, writers, settled, sealed = before, list[Desired](), list[Settled](), list[str]()
    for one in group:
        if isinstance(one, Unknown):
            why = kept(one.policy.refresh, one.owner, state, rules.now) if state else ""
            if why:
                settled.append(Settled(name, one.declaration, why))
            else:
                parts.unknowns.append(one)
            continue
        verdict = decide(one, state, rules)
        match verdict:
            case Refusal():
                parts.refusals.append(verdict)
            case Settled():
                settled.append(verdict)
            case Sealed():
                writers.append(one)
                sealed.append(verdict.reason)
                state = verdict.secret
            case _:
                if verdict == state:
                    settled.append(Settled(name, one.declaration))
                else:
                    writers.append(one)
                state = verdict
    if state == before:  # what an owner would undo of a merge, the merge does again
        settled += [Settled(name, one.declaration) for one in writers]
    elif writers:
        parts.changes.append(_change(name, before, state, writers, sealed))
    parts.settled.extend(settled)
    if one_tracked := tracked(name, group, before, state, rules):
        parts.tracked[name] = one_tracked


def _unreadable(one: Desired | Unknown, observed: Unreadable) -> Unknown:
    if isinstance(one, Unknown):
        return one
    return Unknown(
        one.declaration, one.name, observed.reason, observed.failure, one.source, hint=observed.hint, stores=one.stores
    )


def _change(
    name: ObjectName,
    before: SecretObject | None,
    after: SecretObject | None,
    writers: Sequence[Desired],
    sealed: Sequence[str],
) -> Change:
    keys = KeyChanges.between(before, after)
    if before is None:
        action, reason = Action.CREATE, "it does not exist"
    elif after is None:
        action, reason = Action.DELETE, "the store has nothing for it: deletionPolicy Delete"
    elif keys:
        action, reason = Action.UPDATE, "content differs"
    elif OWNER in after.annotations and OWNER not in before.annotations:
        action, reason = Action.ADOPT, "content is equal already"
    else:
        action, reason = Action.UPDATE, "metadata differs"
    if after is not None and any(sealed):
        reason = "; ".join(dict.fromkeys([*([reason] if keys else ()), *filter(None, sealed)]))
    elif after is not None and action is not Action.ADOPT:
        reason = "; ".join(dict.fromkeys([reason, *(one.anew for one in writers if one.anew)]))
    return Change(
        name=name,
        action=action,
        reason=reason,
        before=before,
        after=after,
        keys=keys,
        declarations=tuple(one.declaration for one in writers),
        stores=tuple(sorted({store for one in writers for store in one.stores})),
        restart=strongest(writers),
        source=writers[0].source,
        paused=next((one.paused for one in writers if one.paused), ""),
    )


def _must_wait(plan: Plan, change: Change) -> Waiting | None:
    if change.before is None or not change.keys or change.restart is RestartMode.OFF:
        return None
    users = plan.users.get(change.name.namespace, Unreadable("its users were not looked at"))
    if isinstance(users, Unreadable):
        return Waiting(change, f"who uses it is unknown: {users.reason}", users.hint)
    if isinstance(users.pull_secrets, Unreadable) and change.before.type in PULL_TYPES:
        return Waiting(
            change, f"who pulls images with it is unknown: {users.pull_secrets.reason}", users.pull_secrets.hint
        )
    if isinstance(plan.keyring, Unreadable):
        mine = {change.name: plan.tracked[change.name]} if change.name in plan.tracked else {}
        for workload, found in using(users, change.name.namespace, mine):
            if found and change.name.local not in noted(workload).secrets:
                reason = f"{workload.name} has no note yet and none can be written: {plan.keyring.reason}"
                return Waiting(change, reason, plan.keyring.hint)
    return None


def withdraw(plan: Plan, changes: Iterable[Change]) -> Plan:
    """The plan without these changes: their Secrets stay as they are, and so do restarts that only they cause."""
    gone = {change.name for change in changes}
    tracked = {name: replace(one, after=one.before) if name in gone else one for name, one in plan.tracked.items()}
    kept = tuple(change for change in plan.changes if change.name not in gone)
    return _with_workloads(replace(plan, changes=kept, tracked=tracked))


def _with_workloads(plan: Plan) -> Plan:
    """The plan with what its workloads are owed, by what its Secrets will hold; who was paused stays so."""
    left = tuple(untouchable(plan.users, plan.tracked))
    if isinstance(plan.keyring, Keyring):
        paused = {one.workload.name: one.paused for one in plan.workloads}
        owed = all_owed(plan.users, plan.tracked, plan.keyring, plan.now)
        owed = tuple(replace(one, paused=one.paused or paused.get(one.workload.name, "")) for one in owed)
        return replace(plan, workloads=owed, untouchable=left)
    in_scope = any(using(users, namespace, plan.tracked) for namespace, users in plan.users.items())
    return replace(plan, untouchable=left, blind=plan.keyring if in_scope else None)
