"""The target that is a folder: Secrets and ConfigMaps as files, workloads among the manifests."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event

from syncd.cluster import secret_file
from syncd.cluster.api import Note, OwnedSecrets, SecretList, SecretPatch, SecretSeen, WorkloadPatch
from syncd.cluster.codec import Malformed
from syncd.cluster.files import FolderLock, Stripes, make_folder, os_errors, replace_file
from syncd.cluster.folder_records import FolderRecords
from syncd.cluster.folder_workloads import FolderWorkloads
from syncd.cluster.parallel import fan_out
from syncd.cluster.rules import check_secret, is_name, patched
from syncd.errors import ClusterError, Conflict, Rejected, Unreachable
from syncd.model import (
    MANAGED,
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
)

LOCK_WAIT = 10.0
FOLDERS = {TargetKind.SECRET: "secrets", TargetKind.CONFIG_MAP: "configmaps"}
POLL = 1.0
"""Seconds between two looks of a watch."""


class FolderTarget:
    """A folder that stands for a cluster; implements `Target`. Nothing is made in it before the first write.

    `namespace` is that of manifests that name none; `lock_wait` is how long, in seconds, another run is waited for.
    """

    def __init__(self, root: Path, *, namespace: str = "default", lock_wait: float = LOCK_WAIT) -> None:
        self.description = f"folder {root}"
        self._root = root
        self._lock = FolderLock(root, wait=lock_wait)
        self._stripes = Stripes()
        self._workloads = FolderWorkloads(root, namespace)
        self._records = FolderRecords(root)

    @property
    def warnings(self) -> list[str]:
        """Files in which workloads may stand that cannot be seen."""
        return self._workloads.warnings

    def read_secrets(self, names: Collection[ObjectName]) -> Mapping[ObjectName, Observed]:
        wanted = list(names)
        return dict(zip(wanted, fan_out(self._observe, wanted), strict=True))

    def owned_secrets(
        self,
        namespaces: Collection[str],  # noqa: ARG002  # all can be seen here
        kind: TargetKind = TargetKind.SECRET,
    ) -> OwnedSecrets:
        try:
            with os_errors(self._root):
                paths = list(self._root.glob(f"{FOLDERS[kind]}/*/*.yaml"))
        except ClusterError as error:
            return OwnedSecrets((), complete=False, hint=error.message)
        names = [ObjectName(path.parent.name, path.stem, kind) for path in paths]
        seen = self.read_secrets(sorted(name for name in names if is_name(name)))
        secrets = (one.secret for one in seen.values() if isinstance(one, Present))
        unread = [one.reason for one in seen.values() if isinstance(one, Unreadable)]
        owned = tuple(secret for secret in secrets if MANAGED in secret.labels)
        return OwnedSecrets(owned, complete=not unread, hint="; ".join(unread))

    def watch_secrets(
        self, namespace: str, stop: Event, kind: TargetKind = TargetKind.SECRET
    ) -> Iterator[SecretList | SecretSeen]:
        """Looks every second."""
        before = self._versions(namespace, kind)
        yield SecretList(before)
        while not stop.wait(POLL):
            after = self._versions(namespace, kind)
            for name in sorted(before.keys() | after.keys()):
                if before.get(name) != after.get(name):
                    yield SecretSeen(name, after.get(name, ""))
            before = after

    def _versions(self, namespace: str, kind: TargetKind) -> dict[ObjectName, str]:
        owned = self.owned_secrets([namespace], kind)
        if not owned.complete:
            raise Unreachable(owned.hint)
        return {one.name: one.resource_version for one in owned.secrets if namespace in ("", one.name.namespace)}

    def note(self, note: Note) -> None:
        """A folder has no Events."""

    def create_secret(self, secret: SecretObject) -> SecretObject:
        check_secret(secret)
        with self._writing(secret.name) as path:
            if path.exists():
                raise Conflict(f"{secret.name.kind} `{secret.name}` exists already: `{path}`")
            return self._write(path, replace(secret, uid=secret_file.new_uid(), controller=None))

    def patch_secret(self, patch: SecretPatch) -> SecretObject:
        with self._writing(patch.name) as path:
            current = self._read(patch.name)
            if current is None:
                raise Conflict(f"{patch.name.kind} `{patch.name}` is gone")
            changed = patched(current, patch)
            return current if changed == current else self._write(path, changed)

    def delete_secret(self, name: ObjectName, uid: str, resource_version: str) -> None:
        with self._writing(name) as path:
            current = self._read(name)
            if current is None:
                return
            if (current.uid, current.resource_version) != (uid, resource_version):
                raise Conflict(f"{name.kind} `{name}` was changed by somebody else")
            path.unlink()

    def read_configmap(self, name: ObjectName) -> Mapping[str, str] | Missing | Unreadable:
        return self._workloads.configmap(name)

    def read_workloads(self, namespace: str) -> NamespaceWorkloads | Unreadable:
        return self._workloads.read(namespace)

    def patch_workload(self, patch: WorkloadPatch) -> None:
        with os_errors(self._root):
            self._lock.take()
        self._workloads.patch(patch)

    def service_account_token(
        self,
        name: ObjectName,
        audiences: Sequence[str],  # noqa: ARG002  # the protocol's
        expiration: int,  # noqa: ARG002  # the protocol's
    ) -> SecretValue:
        message = f"a folder gives no tokens of ServiceAccount `{name}`"
        raise Rejected(message, hint="use another kind of `auth` in the store, or a cluster")

    def service_account_annotations(self, name: ObjectName) -> Mapping[str, str]:
        return self._workloads.service_account_annotations(name)

    def fingerprint_keys(self) -> tuple[FingerprintKey, ...] | Missing | Unreadable:
        return self._records.keys()

    def create_fingerprint_key(self) -> tuple[FingerprintKey, ...]:
        with os_errors(self._root):
            self._lock.take()
        return self._records.create_key()

    def read_removals(self) -> str:
        return self._records.removals()

    def write_removals(self, record: str) -> None:
        with os_errors(self._root):
            self._lock.take()
        self._records.write_removals(record)

    def close(self) -> None:
        self._lock.release()

    def _path(self, name: ObjectName) -> Path:
        return self._root / FOLDERS[name.kind] / name.namespace / f"{name.name}.yaml"

    @contextmanager
    def _writing(self, name: ObjectName) -> Iterator[Path]:
        """The path of a Secret that nobody else writes meanwhile."""
        if not is_name(name):
            raise Rejected(f"`{name}` is not a name of a {name.kind}")
        path = self._path(name)
        with os_errors(path):
            self._lock.take()
            with self._stripes.of(name):
                yield path

    def _write(self, path: Path, secret: SecretObject) -> SecretObject:
        content = secret_file.encode(secret)
        make_folder(path.parent)
        replace_file(path, content)
        return replace(secret, resource_version=secret_file.version(content))

    def _read(self, name: ObjectName) -> SecretObject | None:
        """Raises Malformed and what `os_errors` raises."""
        path = self._path(name)
        with os_errors(path):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                return None
        try:
            return secret_file.decode(content, name)
        except Malformed as error:
            raise Malformed(f"`{path}`: {error.message}") from None

    def _observe(self, name: ObjectName) -> Observed:
        if not is_name(name):
            return Missing()
        try:
            secret = self._read(name)
        except ClusterError as error:
            return Unreadable.of(error)
        return Missing() if secret is None else Present(secret)
