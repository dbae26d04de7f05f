"""Which restarts are owed: notes on workloads held against the data of the Secrets that they use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from syncd.model import (
    RUNNING,
    FingerprintKey,
    ObjectName,
    RestartMode,
    SecretValue,
    Unreadable,
    Workload,
    WorkloadName,
)
from syncd.reconcile.notes import LIMIT, Note, changed_keys, condensed, is_condensed, marks_of, with_new_keys
from syncd.reconcile.pause import paused
from syncd.reconcile.users import PullSecrets, Use, Users, uses, wants_restart

Data = Mapping[str, SecretValue]


@dataclass(frozen=True, slots=True)
class Keyring:
    """The fingerprint keys, newest first: new marks are made with the first, old ones checked with any."""

    keys: tuple[FingerprintKey, ...]

    @property
    def newest(self) -> FingerprintKey:
        return self.keys[0]

    @property
    def by_id(self) -> dict[str, FingerprintKey]:
        return {key.id: key for key in self.keys}


@dataclass(frozen=True, slots=True)
class Tracked:
    """A Secret whose users are looked after: its data before this pass and after it; None where it is not there."""

    name: ObjectName
    before: Data | None = field(repr=False)
    after: Data | None = field(repr=False)
    mode: RestartMode = RestartMode.AUTO
    written: datetime | None = None
    """When the data of before was last written, where that is known."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What one workload is owed: its note before, its note as a baseline, its note at the end, and why it restarts."""

    workload: Workload
    secrets: frozenset[ObjectName]
    previous: str | None
    baseline: str | None
    final: str | None
    because: Mapping[ObjectName, frozenset[str]] = field(default_factory=dict)
    """Empty: no restart. Else, by Secret, the keys that changed; `*` when the note cannot say which."""
    paused: str = ""

    @property
    def namespace(self) -> str:
        return self.workload.name.name.namespace

    @property
    def needs_baseline(self) -> bool:
        return self.baseline != self.previous

    @property
    def restarts(self) -> bool:
        return bool(self.because) and not self.paused


def using(users: Users, namespace: str, tracked: Mapping[ObjectName, Tracked]) -> list[tuple[Workload, dict[str, Use]]]:
    """The workloads of a namespace in scope, each with its uses of tracked Secrets.

    A workload that carries a note is in scope even when it uses nothing any more: the note goes.
    """
    if isinstance(users, Unreadable):
        return []
    found = []
    for workload in users.workloads:
        mine = {
            name: use
            for name, use in uses(workload, users.pull_secrets).items()
            if (secret := tracked.get(ObjectName.within(namespace, name)))
            and wants_restart(workload, name, secret.mode)
        }
        if mine or RUNNING in workload.annotations:
            found.append((workload, mine))
    return found


def noted(workload: Workload, keyring: Keyring | None = None) -> Note:
    """The workload's note; an unreadable one, or marks of a key that is lost, count as not written."""
    try:
        note = Note.parse(workload.annotations.get(RUNNING, "{}"))
    except ValueError:
        return Note()
    if keyring is None or note.key_ids <= keyring.by_id.keys():
        return note
    known = keyring.by_id.keys()
    return Note({name: marks for name, marks in note.secrets.items() if Note({name: marks}).key_ids <= known})


def owed(
    workload: Workload,
    mine: Mapping[str, Use],
    left: frozenset[str],
    tracked: Mapping[ObjectName, Tracked],
    keyring: Keyring,
) -> Owed:
    """Compares a workload's note with its Secrets.

    `mine` are its uses of Secrets in scope, `left` the local names of those whose marks stay as they are, whatever
    key they were made with. Marks of all other Secrets go: they are used no more.
    """
    namespace = workload.name.name.namespace
    secrets = {name: tracked[ObjectName.within(namespace, name)] for name in mine}
    checkable = noted(workload, keyring).secrets
    kept = {
        name: marks
        for name, marks in noted(workload).secrets.items()
        if (name in checkable if name in mine else name in left)
    }
    base = kept | {
        name: with_new_keys(kept.get(name, {}), mine[name], marks_of(s.name, s.before, mine[name], keyring.newest))
        for name, s in secrets.items()
        if s.before is not None
    }
    because = _changes(base, mine, secrets, keyring)
    final = base | {
        name: marks_of(s.name, s.after, mine[name], keyring.newest)
        for name, s in secrets.items()
        if s.after is not None and (because or name not in base)
    }
    return Owed(
        workload=workload,
        secrets=frozenset(s.name for s in secrets.values()),
        previous=workload.annotations.get(RUNNING),
        baseline=_text(base, {s.name: s.before for s in secrets.values() if s.name not in because}, namespace, keyring),
        final=_text(final, {s.name: s.after for s in secrets.values()}, namespace, keyring),
        because=because,
    )


def _changes(
    base: Mapping[str, Mapping[str, str]], mine: Mapping[str, Use], secrets: Mapping[str, Tracked], keyring: Keyring
) -> dict[ObjectName, frozenset[str]]:
    found = {}
    for name, secret in secrets.items():
        if secret.after is not None and name in base:
            found[secret.name] = changed_keys(base[name], mine[name], secret.name, secret.after, keyring.by_id)
    return {name: keys for name, keys in found.items() if keys}


def _text(
    marks: Mapping[str, Mapping[str, str]], settled: Mapping[ObjectName, Data | None], namespace: str, keyring: Keyring
) -> str | None:
    """The note as text, within its limit; marks that still tell of a change (not `settled`) are never condensed."""
    if not marks:
        return None
    text = str(Note(marks))
    if len(text) <= LIMIT:
        return text
    short = {
        name: condensed(ObjectName.within(namespace, name), data, keyring.newest)
        for name, old in marks.items()
        if (data := settled.get(ObjectName.within(namespace, name))) is not None and not is_condensed(old)
    }
    return str(Note({**marks, **short}))


def with_note(workload: Workload, note: str | None) -> Workload:
    """The workload as it is after its note was written."""
    annotations = {name: value for name, value in workload.annotations.items() if name != RUNNING}
    return replace(workload, annotations=annotations | ({RUNNING: note} if note is not None else {}))


def all_owed(
    users: Mapping[str, Users], tracked: Mapping[ObjectName, Tracked], keyring: Keyring, now: datetime
) -> tuple[Owed, ...]:
    """What all workloads that may be written are owed, by their names."""
    found: dict[WorkloadName, Owed] = {}
    for namespace, here in users.items():
        for workload, mine in using(here, namespace, tracked):
            if workload.untouchable or isinstance(here, Unreadable):
                continue
            one = owed(workload, mine, _left(workload, here.pull_secrets, tracked), tracked, keyring)
            found[workload.name] = replace(one, paused=paused(workload.annotations, now))
    return tuple(found[name] for name in sorted(found))


def _left(workload: Workload, pull_secrets: PullSecrets, tracked: Mapping[ObjectName, Tracked]) -> frozenset[str]:
    """The Secrets that a workload uses and this pass does not look at; all in its note when that cannot be said."""
    if isinstance(pull_secrets, Unreadable):
        return frozenset(noted(workload).secrets)
    namespace = workload.name.name.namespace
    return frozenset(name for name in uses(workload, pull_secrets) if ObjectName.within(namespace, name) not in tracked)


def untouchable(users: Mapping[str, Users], tracked: Mapping[ObjectName, Tracked]) -> Sequence[Workload]:
    """Workloads that use tracked Secrets and must not be written."""
    return [
        workload
        for namespace, here in sorted(users.items())
        for workload, mine in using(here, namespace, tracked)
        if workload.untouchable and mine
    ]
