"""Secrets and ConfigMaps among the manifests, for stores and templates that refer to them.

What is wrong with one is said without its keys and values; it is left out, and only what needs it fails.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from syncd.manifests.content import at
from syncd.manifests.faults import Fault, Path, Severity
from syncd.model import ObjectName, SecretObject, SecretValue

LEFT_OUT = "so the object is not used"


class Unusable(Exception):
    """An object that cannot be referred to, and why."""

    def __init__(self, path: Path, message: str, *, unnamed: bool = False) -> None:
        super().__init__(message)
        self.fault = Fault(path, f"{message}, {LEFT_OUT}", severity=Severity.WARNING, unnamed=unnamed)


def secret(content: Mapping[str, Any], name: ObjectName) -> SecretObject:
    """Raises Unusable."""
    data = {key: _decoded(key, value) for key, value in _texts(content, "data").items()}
    data |= {key: SecretValue(value) for key, value in _texts(content, "stringData").items()}
    kind = content.get("type") or "Opaque"
    if not isinstance(kind, str):
        raise Unusable(("type",), "must be text")
    return SecretObject(
        name=name,
        type=kind,
        data=data,
        labels=_texts(content, "metadata", "labels"),
        annotations=_texts(content, "metadata", "annotations"),
        immutable=content.get("immutable") is True,
    )


def config_map(content: Mapping[str, Any]) -> Mapping[str, str]:
    """Raises Unusable."""
    return _texts(content, "data")


def labels(content: Mapping[str, Any]) -> Mapping[str, str]:
    """Raises Unusable."""
    return _texts(content, "metadata", "labels")


def _texts(content: Mapping[str, Any], *path: str) -> dict[str, str]:
    """A mapping of texts; for the API server a null in it is an empty text."""
    values = at(content, path)
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise Unusable(path, "must be a mapping")
    texts = {key: "" if value is None else value for key, value in values.items()}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise Unusable((*path, key), "the values must be text", unnamed=True)
    return texts


def _decoded(key: str, value: str) -> SecretValue:
    try:
        return SecretValue(base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True))
    except (binascii.Error, ValueError):
        raise Unusable(("data", key), "the value is not base64", unnamed=True) from None
