"""Kubernetes' JSON objects to and from the values of `model`."""

from __future__ import annotations

import binascii
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from syncd.cluster.api import SecretPatch
from syncd.errors import Unreachable
from syncd.model import (
    ObjectName,
    OwnerReference,
    SecretObject,
    SecretValue,
    TargetKind,
    Workload,
    WorkloadKind,
    WorkloadName,
)

_FIELDS = {TargetKind.SECRET: ("data",), TargetKind.CONFIG_MAP: ("data", "binaryData")}


class Malformed(Unreachable):
    """An object is not what its kind says; the text holds none of its content."""


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    """`value` as a mapping; null counts as an empty one. Raises Malformed."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"`{what}` is not a mapping")
    return value


def strings(value: Any, what: str) -> dict[str, str]:
    entries = mapping(value, what)
    if not all(isinstance(text, str) for text in entries.values()):
        raise Malformed(f"`{what}` holds something else than strings")
    return dict(entries)


def secret_from_json(item: Mapping[str, Any], kind: TargetKind = TargetKind.SECRET) -> SecretObject:
    """A Secret, or a ConfigMap when that is the kind; objects in lists do not say. Raises Malformed."""
    metadata = mapping(item.get("metadata"), "metadata")
    plain = kind is TargetKind.CONFIG_MAP
    return SecretObject(
        name=replace(object_name(metadata), kind=kind),
        type="" if plain else str(item.get("type") or "Opaque"),
        data=_plain_data(item) if plain else _binary(item.get("data"), "data"),
        labels=strings(metadata.get("labels"), "metadata.labels"),
        annotations=strings(metadata.get("annotations"), "metadata.annotations"),
        finalizers=tuple(metadata.get("finalizers") or ()),
        immutable=item.get("immutable") is True,
        uid=str(metadata.get("uid") or ""),
        resource_version=str(metadata.get("resourceVersion") or ""),
        controller=_controller(metadata.get("ownerReferences")),
        written=_data_written(metadata.get("managedFields")),
    )


def object_name(metadata: Mapping[str, Any]) -> ObjectName:
    name = metadata.get("name")
    if not isinstance(name, str) or not name:
        raise Malformed("`metadata.name` is missing")
    return ObjectName(str(metadata.get("namespace") or ""), name)


def _binary(data: Any, what: str) -> dict[str, SecretValue]:
    try:
        return {key: SecretValue(binascii.a2b_base64(text)) for key, text in strings(data, what).items()}
    except ValueError:
        raise Malformed(f"`{what}` holds something else than base64") from None


def _plain_data(item: Mapping[str, Any]) -> dict[str, SecretValue]:
    texts = {key: SecretValue(text) for key, text in strings(item.get("data"), "data").items()}
    return texts | _binary(item.get("binaryData"), "binaryData")


def _controller(references: Any) -> OwnerReference | None:
    for reference in references if isinstance(references, list) else []:
        if isinstance(reference, dict) and reference.get("controller") is True:
            return OwnerReference(str(reference.get("kind")), str(reference.get("name")))
    return None


def _data_written(fields: Any) -> datetime | None:
    """The latest write of anybody whose fields include some of `data`."""
    entries = [entry for entry in fields if isinstance(entry, dict)] if isinstance(fields, list) else []
    times = [str(entry.get("time")) for entry in entries if "f:data" in (entry.get("fieldsV1") or {})]
    try:
        return datetime.fromisoformat(max(times)) if times else None
    except ValueError:
        return None


def secret_to_json(secret: SecretObject) -> dict[str, Any]:
    """The object as it is created: without uid, resourceVersion and owner."""
    metadata: dict[str, Any] = {"name": secret.name.name, "namespace": secret.name.namespace}
    if secret.labels:
        metadata["labels"] = dict(secret.labels)
    if secret.annotations:
        metadata["annotations"] = dict(secret.annotations)
    if secret.finalizers:
        metadata["finalizers"] = list(secret.finalizers)
    item: dict[str, Any] = {"apiVersion": "v1", "kind": str(secret.name.kind), "metadata": metadata}
    item |= {"type": secret.type} if secret.type else {}
    if secret.immutable:
        item["immutable"] = True
    item["data"] = {}
    for key, value in secret.data.items():
        field, text = _written(value, secret.name.kind)
        item.setdefault(field, {})[key] = text
    return item


def _written(value: SecretValue, kind: TargetKind) -> tuple[str, str]:
    """The field that holds a value, and its form there: in a ConfigMap text stays text."""
    if kind is TargetKind.CONFIG_MAP:
        try:
            return "data", value.reveal().decode()
        except UnicodeDecodeError:
            return "binaryData", value.base64()
    return "data", value.base64()


def patch_to_json(patch: SecretPatch) -> dict[str, Any]:
    """A JSON merge patch; uid and resourceVersion in it are preconditions."""
    metadata: dict[str, Any] = {"uid": patch.uid, "resourceVersion": patch.resource_version}
    if labels := _merge(patch.set_labels, patch.remove_labels):
        metadata["labels"] = labels
    if annotations := _merge(patch.set_annotations, patch.remove_annotations):
        metadata["annotations"] = annotations
    if patch.set_finalizers is not None:
        metadata["finalizers"] = list(patch.set_finalizers)
    body: dict[str, Any] = {"metadata": metadata}
    body |= _data_patch(patch)
    if patch.immutable is not None:
        body["immutable"] = patch.immutable
    return body


def _data_patch(patch: SecretPatch) -> dict[str, dict[str, str | None]]:
    """By field: in a ConfigMap, a key may leave one for the other."""
    touched = sorted(patch.set_data.keys() | patch.remove_data)
    fields: dict[str, dict[str, str | None]] = {field: dict.fromkeys(touched) for field in _FIELDS[patch.name.kind]}
    for key, value in patch.set_data.items():
        field, text = _written(value, patch.name.kind)
        fields[field][key] = text
    return fields if touched else {}


def _merge(setting: Mapping[str, str], removing: frozenset[str]) -> dict[str, str | None]:
    return {**dict.fromkeys(removing), **setting}


def workload_from_json(kind: WorkloadKind, item: Mapping[str, Any], **where: str) -> Workload:
    """`where` may give `uid`, `location` and `untouchable`. Raises Malformed."""
    metadata = mapping(item.get("metadata"), "metadata")
    template = mapping(mapping(item.get("spec"), "spec").get("template"), "spec.template")
    pod_metadata = mapping(template.get("metadata"), "spec.template.metadata")
    where.setdefault("uid", str(metadata.get("uid") or ""))
    return Workload(
        name=WorkloadName(kind, object_name(metadata)),
        annotations=strings(metadata.get("annotations"), "metadata.annotations"),
        pod_annotations=strings(pod_metadata.get("annotations"), "spec.template.metadata.annotations"),
        pod_spec=mapping(template.get("spec"), "spec.template.spec"),
        **where,
    )


def pull_secrets_from_json(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the image pull secrets of a ServiceAccount."""
    references: Sequence[Any] = item.get("imagePullSecrets") or ()
    return tuple(
        str(reference["name"]) for reference in references if isinstance(reference, dict) and "name" in reference
    )
