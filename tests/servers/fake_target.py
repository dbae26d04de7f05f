"""An in-process target: deterministic, counts calls, denies what it is told to, fails or dies at a given write."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from syncd.cluster.api import Note, OwnedSecrets, SecretList, SecretPatch, SecretSeen, WorkloadPatch
from syncd.cluster.rules import check_secret, is_name, patched
from syncd.errors import Conflict, Denied, Rejected, Unreachable
from syncd.model import (
    MANAGED,
    RESTARTED,
    RUNNING,
    FingerprintKey,
    Missing,
    NamespaceWorkloads,
    ObjectName,
    Observed,
    Present,
    SecretObject,
    SecretValue,
    TargetKind,
    Unreadable,
    Workload,
    WorkloadKind,
    WorkloadName,
)

BULK = 4
RESOURCES = {
    WorkloadKind.DEPLOYMENT: "deployments",
    WorkloadKind.STATEFUL_SET: "statefulsets",
    WorkloadKind.DAEMON_SET: "daemonsets",
}


def _plural(kind: TargetKind) -> str:
    return f"{kind.lower()}s"


class Killed(BaseException):
    """The process dies here: nothing catches it."""


@dataclass(frozen=True, slots=True)
class _Fault:
    number: int
    error: BaseException
    after: bool


class FakeTarget:
    """Implements `Target` in memory, with the rules of a cluster.

    `calls` counts by verb and resource (`"list secrets"`), `writes` lists what was written, in order, and `rollouts`
    the triggers of each workload.
    """

    def __init__(self, *, system_namespace: str = "syncd") -> None:
        self.description = "fake"
        self.calls: Counter[str] = Counter()
        self.writes: list[str] = []
        self.rollouts: dict[WorkloadName, list[str]] = defaultdict(list)
        self.secrets: dict[ObjectName, SecretObject] = {}
        self.configmaps: dict[ObjectName, Mapping[str, str]] = {}
        self.workloads: dict[WorkloadName, Workload] = {}
        self.service_accounts: dict[ObjectName, tuple[tuple[str, ...], Mapping[str, str]]] = {}
        self.warnings: list[str] = []
        self.notes: list[Note] = []
        self.cut_watches = False
        self._key = ObjectName(system_namespace, "syncd-key")
        self._removals = ObjectName(system_namespace, "syncd-removals")
        self._denied: set[tuple[str, str, str]] = set()
        self._faults: list[_Fault] = []
        self._version = 0
        self._lock = threading.RLock()

    # What a test arranges

    def deny(self, verb: str, resource: str, namespace: str = "*") -> None:
        """As if RBAC granted all but this; for one namespace, it also takes the verb on all namespaces."""
        self._denied.add((verb, resource, namespace))

    def allow(self, verb: str, resource: str, namespace: str = "*") -> None:
        self._denied.discard((verb, resource, namespace))

    def fail_at(self, number: int, error: BaseException, *, after: bool = False) -> None:
        """Raises at the n-th write from now on (1 is the next), before it is done or after."""
        self._faults.append(_Fault(len(self.writes) + number, error, after))

    def die_at(self, number: int, *, after: bool = False) -> None:
        """As if the process were killed at the n-th write from now on."""
        self.fail_at(number, Killed(f"write {number}"), after=after)

    def put_secret(self, secret: SecretObject) -> SecretObject:
        """Somebody else makes a Secret, or makes it anew."""
        with self._lock:
            return self._store(replace(secret, uid=f"uid-{self._next()}"))

    def add_workload(
        self, kind: WorkloadKind, name: ObjectName, pod_spec: Mapping[str, Any] | None = None, **more: Any
    ) -> Workload:
        """`more` is any field of Workload."""
        with self._lock:
            workload = Workload(WorkloadName(kind, name), f"uid-{self._next()}", pod_spec=pod_spec or {}, **more)
            self.workloads[workload.name] = workload
            return workload

    def annotate(self, name: WorkloadName, annotations: Mapping[str, str]) -> None:
        """Somebody else writes annotations of a workload."""
        with self._lock:
            old = self.workloads[name]
            self.workloads[name] = replace(old, annotations={**old.annotations, **annotations})

    # Target

    def read_secrets(self, names: Collection[ObjectName]) -> Mapping[ObjectName, Observed]:
        groups: dict[tuple[str, TargetKind], list[ObjectName]] = defaultdict(list)
        for name in names:
            groups[name.namespace, name.kind].append(name)
        with self._lock:
            return {name: one for group in sorted(groups) for name, one in self._read_group(groups[group]).items()}

    def _read_group(self, names: list[ObjectName]) -> dict[ObjectName, Observed]:
        namespace, plural = names[0].namespace, _plural(names[0].kind)
        if len(names) >= BULK:
            try:
                self._call("list", plural, namespace)
                return {name: self._observed(name) for name in names}
            except Denied as denied:
                self.warnings.append(denied.hint)
        found: dict[ObjectName, Observed] = {}
        for name in names:
            try:
                self._call("get", plural, namespace)
                found[name] = self._observed(name)
            except Denied as denied:
                found[name] = Unreadable(denied.message, denied.hint)
        return found

    def _observed(self, name: ObjectName) -> Observed:
        return Present(self.secrets[name]) if name in self.secrets else Missing()

    def owned_secrets(self, namespaces: Collection[str], kind: TargetKind = TargetKind.SECRET) -> OwnedSecrets:
        owned = [one for _, one in sorted(self.secrets.items()) if MANAGED in one.labels and one.name.kind is kind]
        try:
            self._call("list", _plural(kind), "")
            return OwnedSecrets(tuple(owned))
        except Denied as denied:
            hint = denied.hint
        seen: set[str] = set()
        for namespace in sorted(namespaces):
            try:
                self._call("list", _plural(kind), namespace)
                seen.add(namespace)
            except Denied as denied:
                hint = denied.hint
        found = tuple(secret for secret in owned if secret.name.namespace in seen)
        return OwnedSecrets(found, complete=seen == set(namespaces), hint=hint)

    def watch_secrets(
        self, namespace: str, stop: threading.Event, kind: TargetKind = TargetKind.SECRET
    ) -> Iterator[SecretList | SecretSeen]:
        with self._lock:
            self._call("watch", _plural(kind), namespace)
            before = self._versions(namespace, kind)
        yield SecretList(before)
        while not stop.wait(0.01):
            if self.cut_watches:
                raise Unreachable("the watch was cut")
            with self._lock:
                after = self._versions(namespace, kind)
            for name in sorted(before.keys() | after.keys()):
                if before.get(name) != after.get(name):
                    yield SecretSeen(name, after.get(name, ""))
            before = after

    def _versions(self, namespace: str, kind: TargetKind) -> dict[ObjectName, str]:
        owned = (one for one in self.secrets.values() if MANAGED in one.labels and one.name.kind is kind)
        return {one.name: one.resource_version for one in owned if namespace in ("", one.name.namespace)}

    def note(self, note: Note) -> None:
        self._call("create", "events", note.secret.namespace)
        with self._lock:
            self.notes.append(note)

    def create_secret(self, secret: SecretObject) -> SecretObject:
        with self._write("create", _plural(secret.name.kind), secret.name):
            check_secret(secret)
            if secret.name in self.secrets:
                raise Conflict(f"{secret.name.kind} `{secret.name}` exists already")
            return self._store(replace(secret, uid=f"uid-{self._next()}", controller=None))

    def patch_secret(self, patch: SecretPatch) -> SecretObject:
        with self._write("patch", _plural(patch.name.kind), patch.name):
            if patch.name not in self.secrets:
                raise Conflict(f"{patch.name.kind} `{patch.name}` is gone")
            current = self.secrets[patch.name]
            changed = patched(current, patch)
            return current if changed == current else self._store(changed)

    def delete_secret(self, name: ObjectName, uid: str, resource_version: str) -> None:
        with self._write("delete", _plural(name.kind), name):
            current = self.secrets.get(name)
            if current is None:
                return
            if (current.uid, current.resource_version) != (uid, resource_version):
                raise Conflict(f"{name.kind} `{name}` was changed by somebody else")
            del self.secrets[name]

    def read_configmap(self, name: ObjectName) -> Mapping[str, str] | Missing | Unreadable:
        try:
            self._call("get", "configmaps", name.namespace)
        except Denied as denied:
            return Unreadable(denied.message, denied.hint)
        written = self.secrets.get(replace(name, kind=TargetKind.CONFIG_MAP))
        if written:
            return {key: value.reveal().decode() for key, value in written.data.items()}
        return self.configmaps.get(name, Missing())

    def read_workloads(self, namespace: str) -> NamespaceWorkloads | Unreadable:
        with self._lock:
            try:
                for resource in RESOURCES.values():
                    self._call("list", resource, namespace)
            except Denied as denied:
                return Unreadable(denied.message, denied.hint)
            found = tuple(one for _, one in sorted(self.workloads.items()) if one.name.name.namespace == namespace)
            return NamespaceWorkloads(found, self._pull_secrets(namespace))

    def _pull_secrets(self, namespace: str) -> Mapping[str, tuple[str, ...]] | Unreadable:
        try:
            self._call("list", "serviceaccounts", namespace)
        except Denied as denied:
            return Unreadable(denied.message, denied.hint)
        accounts = self.service_accounts.items()
        return {name.name: pulls for name, (pulls, _) in accounts if name.namespace == namespace}

    def patch_workload(self, patch: WorkloadPatch) -> None:
        with self._write("patch", RESOURCES[patch.name.kind], patch.name.name):
            workload = self.workloads.get(patch.name)
            if workload is None or workload.uid != patch.uid:
                raise Conflict(f"`{patch.name}` is gone, or was made anew")
            if workload.annotations.get(RUNNING) != patch.previous:
                raise Conflict(f"the note of `{patch.name}` was changed by somebody else")
            if workload.untouchable:
                raise Rejected(f"`{patch.name}` is not edited: {workload.untouchable}")
            self.workloads[patch.name] = self._patched(workload, patch)

    def _patched(self, workload: Workload, patch: WorkloadPatch) -> Workload:
        annotations = {key: value for key, value in workload.annotations.items() if key != RUNNING}
        if patch.note is not None:
            annotations[RUNNING] = patch.note
        pod_annotations = dict(workload.pod_annotations)
        if patch.trigger is not None:
            if pod_annotations.get(RESTARTED) != patch.trigger:
                self.rollouts[patch.name].append(patch.trigger)
            pod_annotations[RESTARTED] = patch.trigger
        return replace(workload, annotations=annotations, pod_annotations=pod_annotations)

    def service_account_token(self, name: ObjectName, audiences: Sequence[str], expiration: int) -> SecretValue:
        self._call("create", "serviceaccounts/token", name.namespace)
        self._account(name)
        return SecretValue(f"token of {name} for {','.join(audiences)}, {expiration} s")

    def service_account_annotations(self, name: ObjectName) -> Mapping[str, str]:
        self._call("get", "serviceaccounts", name.namespace)
        return self._account(name)[1]

    def _account(self, name: ObjectName) -> tuple[tuple[str, ...], Mapping[str, str]]:
        if name not in self.service_accounts:
            raise Rejected(f"ServiceAccount `{name}` does not exist")
        return self.service_accounts[name]

    def fingerprint_keys(self) -> tuple[FingerprintKey, ...] | Missing | Unreadable:
        try:
            self._call("get", "secrets", self._key.namespace)
        except Denied as denied:
            return Unreadable(denied.message, denied.hint)
        return self._keys() if self._key in self.secrets else Missing()

    def create_fingerprint_key(self) -> tuple[FingerprintKey, ...]:
        with self._write("create", "secrets", self._key):
            if self._key not in self.secrets:
                number = self._next()
                data = {f"0001-{number:08x}": SecretValue(number.to_bytes(32, "big"))}
                self._store(SecretObject(self._key, data=data, uid=f"uid-{number}"))
            return self._keys()

    def _keys(self) -> tuple[FingerprintKey, ...]:
        entries = sorted(self.secrets[self._key].data.items(), reverse=True)
        return tuple(FingerprintKey(id_, value) for id_, value in entries)

    def read_removals(self) -> str:
        self._call("get", "configmaps", self._removals.namespace)
        return self.configmaps.get(self._removals, {}).get("record", "")

    def write_removals(self, record: str) -> None:
        with self._write("patch", "configmaps", self._removals):
            self.configmaps[self._removals] = {"record": record}

    def close(self) -> None:
        """Nothing is open."""

    # The inside

    def _next(self) -> int:
        self._version += 1
        return self._version

    def _store(self, secret: SecretObject) -> SecretObject:
        stored = replace(secret, resource_version=str(self._next()))
        self.secrets[secret.name] = stored
        return stored

    def _call(self, verb: str, resource: str, namespace: str) -> None:
        with self._lock:
            self.calls[f"{verb} {resource}"] += 1
            for denied_verb, denied_resource, where in self._denied:
                if (denied_verb, denied_resource) == (verb, resource) and ("*" in where or namespace in ("", where)):
                    self._refuse(verb, resource, namespace)

    def _refuse(self, verb: str, resource: str, namespace: str) -> NoReturn:
        right = f"`{verb}` on `{resource}` in namespace `{namespace}`"
        raise Denied(f"{right} is denied", hint=f"grant {right}")

    @contextmanager
    def _write(self, verb: str, resource: str, name: ObjectName) -> Iterator[None]:
        """One write at a time; the body runs between the faults `before` and `after`."""
        with self._lock:
            if not is_name(name):
                raise Rejected(f"`{name}` is not a name")
            self._call(verb, resource, name.namespace)
            self.writes.append(f"{verb} {resource} {name}")
            self._fault(after=False)
            yield
            self._fault(after=True)

    def _fault(self, *, after: bool) -> None:
        for fault in self._faults:
            if fault.number == len(self.writes) and fault.after is after:
                raise fault.error
