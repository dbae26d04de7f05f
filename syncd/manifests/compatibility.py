"""What becomes of every field of every kind: the table behind docs/compatibility.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from syncd.manifests.kinds import MODELS, PUSHES
from syncd.manifests.schema import all_fields
from syncd.manifests.support import UNSUPPORTED

FIRST = "0.1"
SINCE: Mapping[str, str] = {}
"""The release that a field came with, where that is not the first one, by kind and path: `ExternalSecret spec.x`."""
_PLAIN = ("apiVersion", "kind", "metadata", "status")
"""What every object has."""
_STORES = ("SecretStore", "ClusterSecretStore")
_WITHOUT_EFFECT = {
    "spec.retrySettings": "how often a failed call is repeated is decided for all stores alike",
    "spec.refreshInterval": "a store is looked at when it is read, and by `syncd check`",
    "spec.provider.aws.secretsManager": "it is about deleting; reading does not look at it",
    "spec.provider.vault.checkAndSet": "it is about writing; reading does not look at it",
    "spec.provider.vault.auth.gcp.projectID": "a login belongs to a role of Vault, not to a project",
    "spec.provider.vault.auth.gcp.location": "a login belongs to a role of Vault, not to a region",
}

_REMARKS = {
    "ExternalSecret spec.target.template.templateFrom[].target": "beside `manifest`, also paths such as `data.KEY`",
}
"""Of fields that are supported."""


class Support(StrEnum):
    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    NO_EFFECT = "no effect"


@dataclass(frozen=True, slots=True)
class Field:
    """One row: a field, or with an empty path a whole kind."""

    kind: str
    path: str
    support: Support
    remark: str = ""

    @property
    def since(self) -> str:
        """Empty where it is not supported."""
        if self.support is Support.NO:
            return ""
        places = [self.path[:end] for end in range(len(self.path), 0, -1)]
        return next((SINCE[f"{self.kind} {place}"] for place in places if f"{self.kind} {place}" in SINCE), FIRST)


def compatibility() -> Iterator[Field]:
    """Every field of every kind, in the order of the models; those that every object has are left out."""
    for kind in (*MODELS, *PUSHES):
        whole = next((row for row in UNSUPPORTED if row.kind == kind and not row.path), None)
        if whole:
            yield Field(kind, "", Support.NO, whole.message)
            continue
        for path in all_fields(MODELS[kind]):
            if path.partition(".")[0] not in _PLAIN:
                yield _field(kind, path)


def _field(kind: str, path: str) -> Field:
    for row in UNSUPPORTED:
        if row.kind == kind and row.path and (path == row.path or path.startswith((f"{row.path}.", f"{row.path}["))):
            return Field(kind, path, Support.NO if row.whole else Support.PARTLY, row.message)
    if kind in _STORES:
        for prefix, remark in _WITHOUT_EFFECT.items():
            if path == prefix or path.startswith(f"{prefix}."):
                return Field(kind, path, Support.NO_EFFECT, remark)
    return Field(kind, path, Support.YES, _REMARKS.get(f"{kind} {path}", ""))
