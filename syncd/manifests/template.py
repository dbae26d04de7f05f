"""How the Secret is made from the data: `spec.target.template` of an ExternalSecret."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, PlainSerializer, PlainValidator

from syncd.manifests.data import DecodingStrategy
from syncd.manifests.fields import DataKey, Model, Name, default_if_empty, refused
from syncd.manifests.paths import ManifestPath


class MergePolicy(StrEnum):
    REPLACE = "Replace"
    MERGE = "Merge"


class TemplateAs(StrEnum):
    VALUES = "Values"
    KEYS_AND_VALUES = "KeysAndValues"


class TemplateTarget(StrEnum):
    DATA = "Data"
    ANNOTATIONS = "Annotations"
    LABELS = "Labels"


def _target(value: object) -> TemplateTarget | ManifestPath:
    """The reference takes `data` for `Data`, and an empty text too. Whose path may stand here is checked by rules."""
    if isinstance(value, TemplateTarget | ManifestPath):
        return value
    if not isinstance(value, str):
        raise refused("must be one of `Data`, `Annotations`, `Labels`")
    whole = value.capitalize() or TemplateTarget.DATA
    return TemplateTarget(whole) if whole in tuple(TemplateTarget) else ManifestPath(value)


class TemplateMetadata(Model):
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict, repr=False)
    finalizers: tuple[str, ...] = ()


class TemplateItem(Model):
    key: DataKey
    template_as: Annotated[TemplateAs, default_if_empty(TemplateAs.VALUES)] = TemplateAs.VALUES


class TemplateRef(Model):
    """A Secret or ConfigMap that holds templates."""

    name: Name
    items: tuple[TemplateItem, ...]


class TemplateFrom(Model):
    config_map: TemplateRef | None = None
    secret: TemplateRef | None = None
    literal: str | None = Field(default=None, repr=False)
    target: Annotated[TemplateTarget | ManifestPath, PlainValidator(_target), PlainSerializer(str)] = (
        TemplateTarget.DATA
    )
    values_decoding_strategy: DecodingStrategy = DecodingStrategy.NONE


class Template(Model):
    engine_version: Annotated[str, default_if_empty("v2")] = "v2"
    type: str = ""
    """The type of the Secret; empty when the manifest names none."""
    metadata: TemplateMetadata = TemplateMetadata()
    merge_policy: Annotated[MergePolicy, default_if_empty(MergePolicy.REPLACE)] = MergePolicy.REPLACE
    data: dict[str, str] = Field(default_factory=dict, repr=False)
    template_from: tuple[TemplateFrom, ...] = ()
