"""What `external-secrets.io/v1` has and `v1beta1` has not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from syncd.manifests.content import at, find
from syncd.manifests.faults import Fault, Path

V1BETA1 = "external-secrets.io/v1beta1"
HINT = "use `apiVersion: external-secrets.io/v1`"

_DECLARATION = (
    "data[].remoteRef.nullBytePolicy",
    "dataFrom[].extract.nullBytePolicy",
    "dataFrom[].find.nullBytePolicy",
    "dataFrom[].rewrite[].merge",
    "syncWindows",
    "target.manifest",
    "target.template.metadata.finalizers",
    "target.template.templateFrom[].valuesDecodingStrategy",
)
_STORE = tuple(
    f"spec.provider.{field}"
    for field in (
        "aws.customSessionTags",
        "aws.sessionTagsPolicy",
        "fake.validationResult",
        "gcpsm.auth.workloadIdentityFederation",
        "gcpsm.secretVersionSelectionPolicy",
        "vault.auth.cert.path",
        "vault.auth.cert.vaultRole",
        "vault.auth.gcp",
        "vault.checkAndSet",
    )
)
NEWER: Mapping[str, tuple[str, ...]] = {
    "ExternalSecret": tuple(f"spec.{field}" for field in _DECLARATION),
    "ClusterExternalSecret": tuple(f"spec.externalSecretSpec.{field}" for field in _DECLARATION),
    "SecretStore": _STORE,
    "ClusterSecretStore": _STORE,
}
"""Fields that v1beta1 does not know, by kind."""


def newer_fields(kind: str, content: Any) -> list[Path]:
    """The fields of a v1beta1 object that are unknown to that version."""
    if at(content, ("apiVersion",)) != V1BETA1:
        return []
    return [path for pattern in NEWER[kind] for path, _ in find(content, pattern)]


def check(kind: str, content: Any) -> Iterator[Fault]:
    """The faults of values that v1beta1 does not take."""
    if at(content, ("apiVersion",)) != V1BETA1:
        return
    creation: Path = ("spec", "target", "creationPolicy")
    if kind == "ExternalSecret" and at(content, creation) == "CreateOrMerge":
        yield Fault(creation, "`CreateOrMerge` is not a value of v1beta1", HINT)
    interval: Path = ("spec", "refreshInterval")
    if kind.endswith("Store") and isinstance(at(content, interval), str):
        yield Fault(interval, "must be whole seconds, as a number, in v1beta1", HINT)
