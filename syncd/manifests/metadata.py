"""The `metadata` of an object."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from syncd.manifests.fields import Annotations, Labels, Model, Name, Namespace


class ObjectMeta(Model):
    """What a person writes is typed; what an API server adds is taken as it comes."""

    name: Name
    namespace: Namespace = ""
    """Filled in when the manifest names none; empty for cluster-scoped kinds."""
    labels: Labels = Field(default_factory=dict)
    annotations: Annotations = Field(default_factory=dict, repr=False)
    generate_name: Any = None
    uid: Any = None
    resource_version: Any = None
    generation: Any = None
    creation_timestamp: Any = None
    deletion_timestamp: Any = None
    deletion_grace_period_seconds: Any = None
    finalizers: Any = None
    owner_references: Any = None
    managed_fields: Any = Field(default=None, repr=False)
    self_link: Any = None
    cluster_name: Any = None
