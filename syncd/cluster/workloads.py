"""Workloads of an API server: reading those of a namespace, and restarting one without overwriting anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from syncd.cluster import resources
from syncd.cluster.api import WorkloadPatch
from syncd.cluster.calls import SERVICE_ACCOUNTS, WORKLOADS, Resource
from syncd.cluster.codec import mapping, object_name, pull_secrets_from_json, workload_from_json
from syncd.cluster.connection import Connection
from syncd.cluster.faults import NotFound
from syncd.cluster.parallel import fan_out
from syncd.errors import ClusterError, Conflict
from syncd.model import RESTARTED, RUNNING, NamespaceWorkloads, Unreadable, Workload, WorkloadKind, WorkloadName

ROOM = 2000
"""Namespaces whose workloads are remembered."""
NOTES = "/metadata/annotations"
TRIGGERS = "/spec/template/metadata/annotations"


@dataclass(frozen=True, slots=True)
class _Shape:
    """Which annotation maps exist: a JSON patch must add the ones that do not."""

    notes: bool = True
    triggers: bool = True


class _Shapes:
    """Those of the namespaces that were read last: what is gone from one, or not read any more, is forgotten."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._namespaces: dict[str, dict[WorkloadName, _Shape]] = {}

    def of(self, name: WorkloadName) -> _Shape:
        with self._lock:
            return self._namespaces.get(name.name.namespace, {}).get(name, _Shape())

    def set(self, name: WorkloadName, shape: _Shape) -> None:
        with self._lock:
            if known := self._namespaces.get(name.name.namespace):
                known[name] = shape

    def replace(self, namespace: str, shapes: dict[WorkloadName, _Shape]) -> None:
        with self._lock:
            self._namespaces.pop(namespace, None)
            if shapes:
                self._namespaces[namespace] = shapes
            while len(self._namespaces) > ROOM:
                del self._namespaces[next(iter(self._namespaces))]


class Workloads:
    """Remembers the shape of what it read, so that a patch is one call; the patch's tests hold either way."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._shapes = _Shapes()

    def read(self, namespace: str) -> NamespaceWorkloads | Unreadable:
        kinds: list[WorkloadKind | None] = [*WORKLOADS, None]
        answers = fan_out(lambda kind: self._list(WORKLOADS[kind] if kind else SERVICE_ACCOUNTS, namespace), kinds)
        found: list[Workload] = []
        shapes: dict[WorkloadName, _Shape] = {}
        for kind, answer in zip(WORKLOADS, answers, strict=False):
            if isinstance(answer, Unreadable):
                return answer
            try:
                for item in answer:
                    found.append(workload_from_json(kind, item))
                    shapes[found[-1].name] = _shape(item)
            except ClusterError as error:
                return Unreadable.of(error)
        self._shapes.replace(namespace, shapes)
        accounts = answers[-1]
        if isinstance(accounts, Unreadable):
            return NamespaceWorkloads(tuple(found), accounts)
        return NamespaceWorkloads(
            tuple(found), {object_name(item["metadata"]).name: pull_secrets_from_json(item) for item in accounts}
        )

    def _list(self, resource: Resource, namespace: str) -> list[resources.Json] | Unreadable:
        try:
            return resources.list_all(self._connection, resource, namespace)
        except ClusterError as error:
            return Unreadable.of(error)

    def patch(self, patch: WorkloadPatch) -> None:
        """Raises Conflict when the uid or the note are others, or the workload is gone."""
        resource = WORKLOADS[patch.name.kind]
        shape = self._shapes.of(patch.name)
        try:
            try:
                resources.patch(self._connection, resource, patch.name.name, _operations(patch, shape))
            except Conflict:
                # A test failed: our note or uid, or only the shape that we took for granted.
                shape = self._reread(patch)
                resources.patch(self._connection, resource, patch.name.name, _operations(patch, shape))
        except NotFound:
            raise Conflict(f"`{patch.name}` is gone") from None
        self._shapes.set(patch.name, _Shape(triggers=shape.triggers or patch.trigger is not None))

    def _reread(self, patch: WorkloadPatch) -> _Shape:
        item = resources.get(self._connection, WORKLOADS[patch.name.kind], patch.name.name)
        workload = workload_from_json(patch.name.kind, item)
        if workload.uid != patch.uid:
            raise Conflict(f"`{patch.name}` was made anew by somebody else")
        if workload.annotations.get(RUNNING) != patch.previous:
            raise Conflict(f"the note `{RUNNING}` of `{patch.name}` was changed by somebody else")
        return _shape(item)


def _shape(item: resources.Json) -> _Shape:
    template = mapping(mapping(item.get("spec"), "spec").get("template"), "spec.template")
    pod_metadata = mapping(template.get("metadata"), "spec.template.metadata")
    return _Shape(bool(item["metadata"].get("annotations")), bool(pod_metadata.get("annotations")))


def _operations(patch: WorkloadPatch, shape: _Shape) -> list[dict[str, Any]]:
    """A JSON patch that fails unless uid, note and the missing of maps are as given.

    `test` with null passes for a member that does not exist, and fails for one of a map that does not exist
    (kube-apiserver 1.37).
    """
    note = f"{NOTES}/{_pointer(RUNNING)}"
    operations: list[dict[str, Any]] = [_test("/metadata/uid", patch.uid)]
    if not shape.notes:
        operations += _new_map(NOTES)
    operations.append(_test(note, patch.previous))
    if patch.note is not None:
        operations.append(_add(note, patch.note))
    elif patch.previous is not None:
        operations.append({"op": "remove", "path": note})
    if patch.trigger is not None:
        operations += [] if shape.triggers else _new_map(TRIGGERS)
        operations.append(_add(f"{TRIGGERS}/{_pointer(RESTARTED)}", patch.trigger))
    return operations


def _new_map(path: str) -> list[dict[str, Any]]:
    return [_test(path, None), _add(path, {})]


def _test(path: str, value: str | None) -> dict[str, Any]:
    return {"op": "test", "path": path, "value": value}


def _add(path: str, value: str | Mapping[str, str]) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def _pointer(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
