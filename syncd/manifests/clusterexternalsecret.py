"""The kind `ClusterExternalSecret`: one ExternalSecret in many namespaces."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from syncd.manifests.externalsecret import ExternalSecretSpec
from syncd.manifests.fields import Interval, Labels, LabelSelector, Model, Name, Namespace
from syncd.manifests.metadata import ObjectMeta


class ExternalSecretMetadata(Model):
    labels: Labels = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict, repr=False)


class ClusterExternalSecretSpec(Model):
    external_secret_spec: ExternalSecretSpec
    external_secret_name: Name | None = None
    external_secret_metadata: ExternalSecretMetadata = ExternalSecretMetadata()
    namespace_selector: LabelSelector | None = None
    namespace_selectors: tuple[LabelSelector, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    refresh_time: Interval | None = None


class ClusterExternalSecret(Model):
    api_version: Literal["external-secrets.io/v1", "external-secrets.io/v1beta1"]
    kind: Literal["ClusterExternalSecret"]
    metadata: ObjectMeta
    spec: ClusterExternalSecretSpec
    status: Any = Field(default=None, repr=False)
