"""Workloads among the manifests of a folder: what may be restarted by an edit of its file, and the edit."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from syncd.cluster.api import WorkloadPatch
from syncd.cluster.codec import Malformed, mapping, pull_secrets_from_json, strings, workload_from_json
from syncd.cluster.files import Stripes, os_errors, replace_file
from syncd.cluster.manifest_folder import WORKLOADS, Found, Manifest, ManifestFolder, read_manifests, read_text
from syncd.cluster.splice import Change, Uneditable, apply_changes
from syncd.cluster.yamldoc import BadYaml, split
from syncd.errors import ClusterError, Conflict, Rejected
from syncd.model import (
    RESTARTED,
    RUNNING,
    Missing,
    NamespaceWorkloads,
    ObjectName,
    Unreadable,
    Workload,
    WorkloadKind,
    WorkloadName,
)

NOTE = ("metadata", "annotations", RUNNING)
TRIGGER = ("spec", "template", "metadata", "annotations", RESTARTED)


class FolderWorkloads:
    def __init__(self, root: Path, namespace: str) -> None:
        self._root = root
        self._namespace = namespace
        self._folder = ManifestFolder(root)
        self._stripes = Stripes()
        self._paths: dict[str, Path] = {}
        self.warnings: list[str] = []

    def read(self, namespace: str) -> NamespaceWorkloads | Unreadable:
        try:
            found = self._scan()
            if unknown := self._unknown(found, namespace, *WORKLOADS):
                return unknown
            workloads = tuple(one for one in self._all(found) if one.name.name.namespace == namespace)
        except ClusterError as error:
            return Unreadable.of(error)
        accounts = self._unknown(found, namespace, "ServiceAccount") or self._pull_secrets(found, namespace)
        return NamespaceWorkloads(workloads, accounts)

    def configmap(self, name: ObjectName) -> Mapping[str, str] | Missing | Unreadable:
        try:
            found = self._scan()
            item = self._find(found, "ConfigMap", name)
            if item is not None:
                return strings(item.data.get("data"), "data")
        except ClusterError as error:
            return Unreadable.of(error)
        return self._unknown(found, name.namespace, "ConfigMap") or Missing()

    def service_account_annotations(self, name: ObjectName) -> Mapping[str, str]:
        item = self._find(self._scan(), "ServiceAccount", name)
        if item is None:
            raise Rejected(f"ServiceAccount `{name}` does not exist in the folder `{self._root}`")
        return _annotations(item)

    def patch(self, patch: WorkloadPatch) -> None:
        """Raises Conflict as a cluster does, Rejected for a file that is not edited."""
        path = self._paths.get(patch.uid) or self._path_of(patch)
        with os_errors(path), self._stripes.of(path):
            self._edit(path, patch)

    def _scan(self) -> Found:
        with os_errors(self._root):
            found = self._folder.scan()
        self.warnings = [f"`{name}`: a Helm template in which no workload can be found" for name in found.unread]
        return found

    def _unknown(self, found: Found, namespace: str, *kinds: str) -> Unreadable | None:
        where = [blind.location for blind in found.blind if blind.hides(namespace, self._namespace, kinds)]
        if not where:
            return None
        places = ", ".join(f"`{one}`" for one in where)
        return Unreadable(f"not valid YAML: {places}", "repair it, or move it out of the folder")

    def _find(self, found: Found, kind: str, name: ObjectName) -> Manifest | None:
        return next((one for one in found.manifests if one.kind == kind and self._name(one) == name), None)

    def _name(self, manifest: Manifest) -> ObjectName:
        return ObjectName(manifest.namespace(self._namespace), manifest.name)

    def _pull_secrets(self, found: Found, namespace: str) -> Mapping[str, tuple[str, ...]]:
        accounts = (one for one in found.manifests if one.kind == "ServiceAccount")
        return {
            one.name: pull_secrets_from_json(one.data) for one in accounts if self._name(one).namespace == namespace
        }

    def _all(self, found: Found) -> Iterator[Workload]:
        """Raises Malformed for an object that is whole and makes no sense."""
        first: dict[WorkloadName, str] = {}
        for manifest in found.manifests:
            workload = self._workload(manifest, found.patches) if manifest.kind in WORKLOADS else None
            if workload is None:
                continue
            if not workload.untouchable and workload.name in first:
                workload = replace(workload, untouchable=f"it is defined in `{first[workload.name]}` too")
            if not workload.untouchable:
                first[workload.name] = manifest.location
                self._paths[workload.uid] = manifest.path
            yield workload

    def _workload(self, manifest: Manifest, patches: frozenset[Path]) -> Workload | None:
        why = self._untouchable(manifest, patches)
        metadata = {**_metadata(manifest), "namespace": self._name(manifest).namespace}
        where = {"uid": self._uid(manifest), "location": manifest.location, "untouchable": why}
        try:
            return workload_from_json(WorkloadKind(manifest.kind), {**manifest.data, "metadata": metadata}, **where)
        except Malformed as error:
            if why:
                return None  # a part or a template of an object need not make sense by itself
            raise Malformed(f"`{manifest.location}`: {error.message}") from None

    def _untouchable(self, manifest: Manifest, patches: frozenset[Path]) -> str:
        if manifest.templated:
            return f"`{manifest.relative}` has Helm braces"
        real = manifest.path.resolve()
        if real in patches:
            return f"`{manifest.relative}` is a patch of a kustomization"
        if not _is_whole(manifest.data):
            return f"`{manifest.location}` is not a whole {manifest.kind}"
        if not real.is_relative_to(self._root.resolve()):
            return f"`{manifest.relative}` is a link that leaves the folder"
        return ""

    def _uid(self, manifest: Manifest) -> str:
        """Stable as long as the object stays in its file."""
        name = self._name(manifest)
        identity = "\0".join((manifest.relative, manifest.kind, name.namespace, name.name))
        return hashlib.sha256(identity.encode()).hexdigest()[:16]

    def _path_of(self, patch: WorkloadPatch) -> Path:
        list(self._all(self._scan()))
        if patch.uid not in self._paths:
            raise Conflict(f"`{patch.name}` is gone, or was made anew")
        return self._paths[patch.uid]

    def _edit(self, path: Path, patch: WorkloadPatch) -> None:
        relative = path.relative_to(self._root).as_posix()
        try:
            found = read_manifests(path, relative)
            mark, text = read_text(path)
        except (FileNotFoundError, UnicodeDecodeError):
            raise Conflict(f"`{patch.name}` is gone") from None
        manifest = self._still(found, patch)
        changes = [Change(NOTE, patch.note)]
        if patch.trigger is not None:
            changes.append(Change(TRIGGER, patch.trigger))
        chunks = [chunk.text for chunk in split(text)]
        place = manifest.place
        try:
            chunks[place.chunk] = apply_changes(chunks[place.chunk], place.document, place.item, changes)
        except (Uneditable, BadYaml):
            message = f"`{manifest.location}`: anchors stand where syncd must write an annotation"
            raise Rejected(message, hint="write the annotations out there") from None
        content = (mark + "".join(chunks)).encode()
        real = path.resolve()
        replace_file(real, content, mode=stat.S_IMODE(real.stat().st_mode))

    def _still(self, found: Found, patch: WorkloadPatch) -> Manifest:
        """The manifest as it stands in its file now. Raises Conflict when it is not what was decided on."""
        for manifest in found.manifests:
            if manifest.kind == patch.name.kind and self._uid(manifest) == patch.uid:
                if _annotations(manifest).get(RUNNING) != patch.previous:
                    raise Conflict(f"the note `{RUNNING}` of `{patch.name}` was changed by somebody else")
                if why := self._untouchable(manifest, frozenset()):
                    raise Rejected(f"`{patch.name}` is not edited: {why}")
                return manifest
        raise Conflict(f"`{patch.name}` is gone, or was made anew")


def _metadata(manifest: Manifest) -> Mapping[str, Any]:
    return mapping(manifest.data.get("metadata"), "metadata")


def _is_whole(data: Mapping[str, Any]) -> bool:
    """Whether it is an object by itself, and no part of one that is merged elsewhere."""
    try:
        spec = mapping(data.get("spec"), "spec")
        pod = mapping(mapping(spec.get("template"), "spec.template").get("spec"), "spec.template.spec")
    except Malformed:
        return False
    return bool(spec.get("selector") and pod.get("containers"))


def _annotations(manifest: Manifest) -> Mapping[str, str]:
    return strings(_metadata(manifest).get("annotations"), "metadata.annotations")
