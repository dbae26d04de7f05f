"""Which model an object of a file has, by its `apiVersion` and `kind`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import PurePath

from pydantic import BaseModel

from syncd.manifests import generators
from syncd.manifests.clusterexternalsecret import ClusterExternalSecret
from syncd.manifests.content import type_name
from syncd.manifests.data import GENERATOR_KINDS
from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.faults import Fault, Severity, did_you_mean
from syncd.manifests.items import Item
from syncd.manifests.store import ClusterSecretStore, SecretStore

GROUP = "external-secrets.io"
VERSIONS = (f"{GROUP}/v1", f"{GROUP}/v1beta1")
MODELS: Mapping[str, type[BaseModel]] = {
    "ExternalSecret": ExternalSecret,
    "SecretStore": SecretStore,
    "ClusterSecretStore": ClusterSecretStore,
    "ClusterExternalSecret": ClusterExternalSecret,
    **generators.GENERATORS,
}
PUSHES = ("PushSecret", "ClusterPushSecret")
"""Kinds of the group that are known, and not modelled yet."""
_OF_GROUP = (*(kind for kind in MODELS if kind not in generators.GENERATORS), *PUSHES)


_OLD = f"write `{VERSIONS[0]}`; there, the entries of `dataFrom` are `extract: {{key: …}}`"
_PREDECESSOR = "kubernetes-client.io"


class Role(StrEnum):
    """What an object of a file is to syncd."""

    OURS = "ours"
    SECRET = "secret"  # noqa: S105 -- a role
    CONFIG_MAP = "configmap"
    NAMESPACE = "namespace"
    OTHER = "other"


_CLOUD = frozenset(GENERATOR_KINDS) - generators.GENERATORS.keys()
"""Generators that are kept aside; a declaration that refers to one is refused."""
_REFERENCES = {"Secret": Role.SECRET, "ConfigMap": Role.CONFIG_MAP, "Namespace": Role.NAMESPACE}


def role(api_version: str, kind: str) -> Role:
    """Every kind of the group counts as ours, a misspelt one too, so that it is not passed over."""
    if api_version == "v1":
        return _REFERENCES.get(kind, Role.OTHER)
    group = api_version.partition("/")[0]
    if group == generators.GROUP:
        return Role.OTHER if kind in _CLOUD else Role.OURS
    return Role.OURS if group == GROUP else Role.OTHER


def wrong_kind(api_version: str, kind: str) -> Fault | None:
    """What is wrong with the kind or the version of an object of our group."""
    if api_version.partition("/")[0] == generators.GROUP:
        if kind not in generators.GENERATORS:
            return Fault(("kind",), f"`{generators.GROUP}` has no such kind", did_you_mean(kind, GENERATOR_KINDS))
        return None if api_version == generators.VERSION else Fault(("apiVersion",), f"must be `{generators.VERSION}`")
    if kind not in _OF_GROUP:
        return Fault(("kind",), f"`{GROUP}` has no such kind", did_you_mean(kind, _OF_GROUP))
    if kind in MODELS and api_version not in VERSIONS:
        hint = _OLD if api_version == f"{GROUP}/v1alpha1" else ""
        return Fault(("apiVersion",), f"must be `{VERSIONS[0]}` or `{VERSIONS[1]}`", hint)
    return None


def foreign_kind(item: Item) -> Fault | None:
    """What is said of an object whose kind sounds like one of ours, in a group that is not."""
    if item.kind not in MODELS or item.kind in generators.GENERATORS:
        return None
    group = item.api_version.partition("/")[0]
    hint = did_you_mean(group, [GROUP])
    if group == _PREDECESSOR:
        message = f"`{group}` is the group of kubernetes-external-secrets, not syncd's, and kept aside"
        return Fault(("apiVersion",), message, "the tool `kes-to-eso` converts it", Severity.WARNING)
    message = f"`{item.kind}` of the group `{group}` is not syncd's, and kept aside"
    return Fault(("apiVersion",), message, hint, Severity.STRICT if hint else Severity.WARNING)


def not_an_object(item: Item) -> Fault | None:
    """What keeps a document from being a Kubernetes object at all."""
    if not isinstance(item.content, dict):
        return Fault((), f"not a Kubernetes object: a mapping is expected, not {type_name(item.content)}")
    missing = [f"`{field}`" for field in ("apiVersion", "kind") if not item.string(field)]
    if not missing:
        return None
    return Fault((), f"not a Kubernetes object: {' and '.join(missing)} must be there and be text", _whose(item))


def is_meant(item: Item) -> bool:
    """Whether a document that is not an object was meant to be one: it must not be passed over."""
    return item.text.named or item.kind in _OF_GROUP or item.api_version.partition("/")[0] == GROUP


def _whose(item: Item) -> str:
    if PurePath(item.text.name).stem.lower() == "kustomization" or "resources" in item.content:
        return "for a kustomization: `kubectl kustomize DIR | syncd … -f -`"
    close = ((key, name) for key in item.content for name in ("apiVersion", "kind") if key.lower() == name.lower())
    return next((f"`{key}` is written `{name}`" for key, name in close if key != name), "")
