"""What a set of manifests declares, as the rest of syncd sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from syncd.errors import Problem
from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.fields import StoreKey
from syncd.manifests.generators import Generator, GeneratorKey
from syncd.manifests.store import Store
from syncd.model import ObjectName, SecretObject


class Validation(StrEnum):
    """What unknown fields and repeated keys are, as kubectl's `--validate` has it."""

    STRICT = "strict"
    """Errors."""
    WARN = "warn"
    """Warnings; then they are pruned."""
    IGNORE = "ignore"
    """Pruned in silence, as an API server does."""


@dataclass(frozen=True, slots=True)
class References:
    """Objects among the manifests that stores and templates may refer to."""

    secrets: Mapping[ObjectName, SecretObject] = field(default_factory=dict, repr=False)
    config_maps: Mapping[ObjectName, Mapping[str, str]] = field(default_factory=dict, repr=False)
    namespaces: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Labels of the namespaces."""
    pauses: Mapping[str, str] = field(default_factory=dict)
    """By namespace, what its annotation `syncd.dev/pause` says."""


@dataclass(frozen=True, slots=True)
class KeptAside:
    """An object among the manifests that is not for syncd."""

    api_version: str
    kind: str
    name: ObjectName
    location: str
    """`file:line`."""


@dataclass(frozen=True, slots=True)
class Declarations:
    """Everything that was loaded, in the order of the files."""

    external_secrets: tuple[ExternalSecret, ...] = ()
    stores: Mapping[StoreKey, Store] = field(default_factory=dict)
    generators: Mapping[GeneratorKey, Generator] = field(default_factory=dict)
    references: References = field(default_factory=References)
    others: tuple[KeptAside, ...] = ()
    files: tuple[str, ...] = ()
    """Every file that was read."""
    warnings: tuple[Problem, ...] = ()
    namespace: str = "default"
    """The namespace of objects that name none."""
    by_name: Mapping[ObjectName, ExternalSecret] = field(init=False, repr=False, compare=False)
    """Made once: a pass over a few of many looks them up."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {one.object_name: one for one in self.external_secrets})
