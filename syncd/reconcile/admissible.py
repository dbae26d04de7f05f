"""What the API server demands of a Secret beyond the form of its keys, said before anything is written.

Semantics: Kubernetes 1.37, `ValidateSecret` and `ValidateObjectMeta`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from syncd.errors import RenderError
from syncd.providers import gojson

_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
"""Those that need no domain."""
_ACCOUNT = "kubernetes.io/service-account.name"
_LONGEST_PREFIX = 253
_ANNOTATIONS = 256 * 1024

Data = Mapping[str, bytes]


def check_type(kind: str, data: Data, annotations: Mapping[str, str]) -> None:
    """Raises RenderError when a Secret of this type cannot hold this data. Every other type takes any data."""
    if kind == "kubernetes.io/service-account-token" and not annotations.get(_ACCOUNT):
        raise RenderError(f"type `{kind}` needs the annotation `{_ACCOUNT}`", hint="use another type")
    check_keys(kind, data)
    if check := _CHECKS.get(kind):
        check(kind, data)


def check_metadata(labels: Mapping[str, str], annotations: Mapping[str, str], finalizers: Collection[str] = ()) -> None:
    """Raises RenderError for the first label, annotation or finalizer that cannot be one."""
    for key, value in labels.items():
        _check_name("label", key, key)
        if value and not _NAME.fullmatch(value):
            message = f"the value of the label `{key}` is not valid"
            hint = "at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"
            raise RenderError(message, hint=hint)
    for key in annotations:
        _check_name("annotation", key, key.lower())
    if sum(len(key) + len(value.encode()) for key, value in annotations.items()) > _ANNOTATIONS:
        raise RenderError(f"the annotations have more than {_ANNOTATIONS} bytes")
    for finalizer in finalizers:
        _check_name("finalizer", finalizer, finalizer)
        if "/" not in finalizer and finalizer not in _FINALIZERS:
            raise RenderError(f"the finalizer `{finalizer}` needs a domain", hint=f"`example.com/{finalizer}`, say")


def _check_name(what: str, key: str, compared: str) -> None:
    prefix, slash, name = compared.rpartition("/")
    if not _NAME.fullmatch(name) or (slash and not (_PREFIX.fullmatch(prefix) and len(prefix) <= _LONGEST_PREFIX)):
        hint = "an optional `domain/`, then at most 63 letters, digits, `-`, `_` and `.`"
        raise RenderError(f"`{key}` cannot be the name of {'an' if what[0] == 'a' else 'a'} {what}", hint=hint)


def check_keys(kind: str, keys: Collection[str]) -> None:
    """Raises RenderError when a Secret of this type cannot have these keys alone, whatever their values."""
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"}.intersection(keys):
        raise RenderError(f"type `{kind}` needs the key `username` or `password`")
    missing = [f"`{key}`" for key in _NEEDED.get(kind, ()) if key not in keys]
    if missing:
        there = ", ".join(f"`{key}`" for key in sorted(keys)) or "none"
        raise RenderError(f"type `{kind}` needs the key {' and '.join(missing)}", hint=f"its keys: {there}")


def _needs_json(key: str) -> Callable[[str, Data], None]:
    def check(kind: str, data: Data) -> None:
        try:
            document: object = gojson.read(data[key])
        except (ValueError, RecursionError):
            document = ""
        if document is not None and not isinstance(document, dict):
            raise RenderError(f"type `{kind}` needs a JSON object under `{key}`, and the value is none")

    return check


def _ssh_auth(kind: str, data: Data) -> None:
    if not data["ssh-privatekey"]:
        raise RenderError(f"type `{kind}` needs a value under `ssh-privatekey`")


_NEEDED = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
_CHECKS: Mapping[str, Callable[[str, Data], None]] = {
    "kubernetes.io/dockercfg": _needs_json(".dockercfg"),
    "kubernetes.io/dockerconfigjson": _needs_json(".dockerconfigjson"),
    "kubernetes.io/ssh-auth": _ssh_auth,
}
