"""What Kubernetes demands of a Secret or ConfigMap: for targets that have no API server to say it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from syncd.cluster.api import SecretPatch
from syncd.errors import Conflict, Rejected
from syncd.model import ObjectName, SecretObject

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?")
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?")
_QUALIFIED = re.compile(r"(?:[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?")
MAX_DATA = 1 << 20
MAX_ANNOTATIONS = 1 << 18
_REQUIRED = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}

Value = TypeVar("Value")


def is_name(name: ObjectName) -> bool:
    """Whether an object of a namespace can bear this name; one that cannot certainly does not exist."""
    return bool(_LABEL.fullmatch(name.namespace) and is_subdomain(name.name))


def is_subdomain(text: str) -> bool:
    return bool(_SUBDOMAIN.fullmatch(text)) and not any(part in text for part in ("..", ".-", "-."))


def check_secret(secret: SecretObject) -> None:
    """Raises Rejected, as the API server would."""
    if problems := list(_problems(secret)):
        raise Rejected(f"{secret.name.kind} `{secret.name}` is not valid: {'; '.join(problems)}")


def _problems(secret: SecretObject) -> Iterable[str]:
    if not is_name(secret.name):
        yield "`metadata.name` is not valid"
    yield from (f"`data[{key}]` is not valid" for key in secret.data if not _KEY.fullmatch(key) or key in (".", ".."))
    required = _REQUIRED.get(secret.type, ())
    yield from (f"`data[{key}]` is required" for key in required if key not in secret.data)
    if sum(len(value) for value in secret.data.values()) > MAX_DATA:
        yield f"`data`: may not be more than {MAX_DATA} bytes"
    labels = secret.labels.items()
    if not all(_QUALIFIED.fullmatch(key) and _LABEL_VALUE.fullmatch(value) for key, value in labels):
        yield "`metadata.labels` is not valid"
    if not all(_QUALIFIED.fullmatch(key.lower()) for key in secret.annotations):
        yield "`metadata.annotations` is not valid"
    if sum(len(key) + len(value.encode()) for key, value in secret.annotations.items()) > MAX_ANNOTATIONS:
        yield f"`metadata.annotations`: may not be more than {MAX_ANNOTATIONS} bytes"


def patched(secret: SecretObject, patch: SecretPatch) -> SecretObject:
    """The Secret after the patch. Raises Conflict for another uid or resourceVersion, Rejected as the API server."""
    if (secret.uid, secret.resource_version) != (patch.uid, patch.resource_version):
        raise Conflict(f"{secret.name.kind} `{secret.name}` was changed by somebody else")
    result = replace(
        secret,
        data=_merged(secret.data, patch.set_data, patch.remove_data),
        labels=_merged(secret.labels, patch.set_labels, patch.remove_labels),
        annotations=_merged(secret.annotations, patch.set_annotations, patch.remove_annotations),
        finalizers=secret.finalizers if patch.set_finalizers is None else patch.set_finalizers,
        immutable=secret.immutable if patch.immutable is None else patch.immutable,
    )
    if secret.immutable and (result.data != secret.data or not result.immutable):
        raise Rejected(f"{secret.name.kind} `{secret.name}` is not valid: field is immutable when `immutable` is set")
    check_secret(result)
    return result


def _merged(old: Mapping[str, Value], setting: Mapping[str, Value], removing: frozenset[str]) -> dict[str, Value]:
    return {**{key: value for key, value in old.items() if key not in removing}, **setting}
