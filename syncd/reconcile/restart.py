"""Restarts the workloads that run with keys that have changed."""

from __future__ import annotations

import secrets
from collections import ChainMap
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from syncd.cluster.api import Target
from syncd.model import NamespaceWorkloads, ObjectName, Workload
from syncd.reconcile.apply import Applied, NoteWrite, Result, Write, write_note
from syncd.reconcile.owed import Keyring, Owed, Tracked, all_owed, noted, with_note
from syncd.reconcile.plan import Plan
from syncd.reconcile.pool import WritePool
from syncd.reconcile.users import Users

Look = Callable[[Collection[ObjectName]], Mapping[ObjectName, Tracked]]
"""Reads Secrets as they stand; leaves out what cannot be read, is not there, or is not ours."""


@dataclass(frozen=True, slots=True)
class Restarted:
    """What became of the restarts, and of notes that were only brought up to date."""

    restarts: tuple[NoteWrite, ...] = ()
    notes: tuple[NoteWrite, ...] = ()


def restart(plan: Plan, applied: Applied, target: Target, pool: WritePool, look: Look) -> Restarted:
    """Decides again by what `apply` confirmed, then writes note and trigger of a workload in one patch.

    A workload whose baseline could not be written is left alone: its Secrets were not written either. The pods of a
    new rollout start with all Secrets as they are, also with those of other passes: the note tells of them too.
    """
    if not isinstance(plan.keyring, Keyring):
        return Restarted()
    notes = {note.owed.workload.name: note for note in applied.baselines}
    confirmed = _confirmed(plan, applied)
    owed = [
        one
        for one in all_owed(_users_now(plan, applied), confirmed, plan.keyring, plan.now)
        if one.namespace not in plan.still
        and ((note := notes.get(one.workload.name)) is None or note.result is Result.DONE)
    ]

    def skipped(one: Owed) -> NoteWrite:
        return NoteWrite(one, Result.SKIPPED, "interrupted: the next sync restarts it")

    paused = {one.workload.name for one in plan.workloads if one.paused}
    rolling = [one for one in owed if one.restarts and one.workload.name not in paused]
    unsure = {write.change.name for write in applied.writes if write.result is not Result.DONE}
    rolling = _with_others(rolling, plan, confirmed, unsure, look)
    resting = [one for one in owed if not one.because and one.final != one.previous]
    trigger = _trigger(plan.now)
    restarts = pool.each(
        lambda one: write_note(target, one, one.previous, one.final, trigger=trigger), rolling, skipped=skipped
    )
    updated = pool.each(lambda one: write_note(target, one, one.previous, one.final), resting, skipped=skipped)
    return Restarted(tuple(restarts), tuple(updated))


def _with_others(
    rolling: Sequence[Owed],
    plan: Plan,
    confirmed: dict[ObjectName, Tracked],
    unsure: Collection[ObjectName],
    look: Look,
) -> list[Owed]:
    """What is owed when those Secrets of a note count, too, that this pass has not confirmed."""
    sure = confirmed.keys() - unsure
    wanted = {one.workload.name: _in_note(one.workload) - sure for one in rolling}
    seen = look(frozenset().union(*wanted.values()))
    found: list[Owed] = []
    for one in rolling:
        others = {name: seen[name] for name in wanted[one.workload.name] if name in seen}
        here = plan.users[one.workload.name.name.namespace]
        if others and isinstance(here, NamespaceWorkloads) and isinstance(plan.keyring, Keyring):
            users = {one.workload.name.name.namespace: replace(here, workloads=(one.workload,))}
            found += all_owed(users, ChainMap(others, confirmed), plan.keyring, plan.now)
        else:
            found.append(one)
    return found


def _in_note(workload: Workload) -> frozenset[ObjectName]:
    namespace = workload.name.name.namespace
    return frozenset(ObjectName.within(namespace, name) for name in noted(workload).secrets)


def _trigger(now: datetime) -> str:
    """Never the same twice: a content's fingerprint would start no rollout when a key goes back to an old value."""
    return f"{now:%Y-%m-%dT%H:%M:%SZ}/{secrets.token_hex(4)}"


def _users_now(plan: Plan, applied: Applied) -> Mapping[str, Users]:
    """The workloads with the baselines that were written."""
    written = {note.owed.workload.name: note.owed.baseline for note in applied.baselines if note.result is Result.DONE}
    now: dict[str, Users] = {}
    for namespace, users in plan.users.items():
        if isinstance(users, NamespaceWorkloads):
            workloads = tuple(with_note(w, written[w.name]) if w.name in written else w for w in users.workloads)
            now[namespace] = replace(users, workloads=workloads)
        else:
            now[namespace] = users
    return now


def _confirmed(plan: Plan, applied: Applied) -> dict[ObjectName, Tracked]:
    """The Secrets as they stand now: what the target answered, or what was there before."""
    done = applied.done
    return {
        name: _after(one, done[name]) if name in done else replace(one, after=one.before)
        for name, one in plan.tracked.items()
    }


def _after(tracked: Tracked, write: Write) -> Tracked:
    if write.secret is None or tracked.after is None:
        return replace(tracked, after=None)
    whole = write.change.after is not None and tracked.after == write.change.after.data
    data = write.secret.data
    return replace(tracked, after=data if whole else {key: data[key] for key in tracked.after if key in data})
