"""Where the data of a Secret comes from: `spec.data` and `spec.dataFrom` of an ExternalSecret."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from syncd.manifests import expressions
from syncd.manifests.fields import DataKey, Model, Name, StoreRef, exactly_one, refused


class MetadataPolicy(StrEnum):
    NONE = "None"
    FETCH = "Fetch"


class ConversionStrategy(StrEnum):
    DEFAULT = "Default"
    UNICODE = "Unicode"


class DecodingStrategy(StrEnum):
    NONE = "None"
    AUTO = "Auto"
    BASE64 = "Base64"
    BASE64_URL = "Base64URL"


class NullBytePolicy(StrEnum):
    IGNORE = "Ignore"
    FAIL = "Fail"


Regexp = Annotated[str, AfterValidator(expressions.check)]

GeneratorKind = Literal[
    "ACRAccessToken",
    "BeyondtrustWorkloadCredentialsDynamicSecret",
    "CloudsmithAccessToken",
    "ClusterGenerator",
    "ECRAuthorizationToken",
    "Fake",
    "GCRAccessToken",
    "GithubAccessToken",
    "GitlabDeployToken",
    "Grafana",
    "MFA",
    "Password",
    "QuayAccessToken",
    "SSHKey",
    "STSSessionToken",
    "UUID",
    "VaultDynamicSecret",
    "Webhook",
]
GENERATOR_KINDS: tuple[str, ...] = get_args(GeneratorKind)


class GeneratorRef(Model):
    kind: GeneratorKind
    name: Name
    api_version: str = "generators.external-secrets.io/v1alpha1"


class SourceRef(Model):
    """The store or the generator of one entry, instead of `spec.secretStoreRef`."""

    store_ref: StoreRef | None = None
    generator_ref: GeneratorRef | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, "store_ref", "generator_ref")
        return self


class RemoteRef(Model):
    """One secret of a store, or one property of it."""

    key: str
    property: str = ""
    version: str = ""
    metadata_policy: MetadataPolicy = MetadataPolicy.NONE
    conversion_strategy: ConversionStrategy = ConversionStrategy.DEFAULT
    decoding_strategy: DecodingStrategy = DecodingStrategy.NONE
    null_byte_policy: NullBytePolicy = NullBytePolicy.IGNORE


class Extract(RemoteRef):
    """One secret of a store, each of whose properties becomes a key."""


class FindName(Model):
    regexp: Regexp = ""


class Find(Model):
    """All secrets of a store whose names or tags match."""

    path: str = ""
    name: FindName | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    conversion_strategy: ConversionStrategy = ConversionStrategy.DEFAULT
    decoding_strategy: DecodingStrategy = DecodingStrategy.NONE
    null_byte_policy: NullBytePolicy = NullBytePolicy.IGNORE


class RewriteRegexp(Model):
    source: Regexp
    target: str


class RewriteTransform(Model):
    template: str


class MergeStrategy(StrEnum):
    EXTRACT = "Extract"
    JSON = "JSON"


class ConflictPolicy(StrEnum):
    ERROR = "Error"
    IGNORE = "Ignore"


class PriorityPolicy(StrEnum):
    STRICT = "Strict"
    IGNORE_NOT_FOUND = "IgnoreNotFound"


class RewriteMerge(Model):
    into: str = ""
    priority: tuple[str, ...] = ()
    priority_policy: PriorityPolicy = PriorityPolicy.STRICT
    conflict_policy: ConflictPolicy = ConflictPolicy.ERROR
    strategy: MergeStrategy = MergeStrategy.EXTRACT

    @model_validator(mode="after")
    def _into(self) -> Self:
        if self.strategy is MergeStrategy.JSON and not self.into:
            raise refused("required with `strategy: JSON`", at=("into",), hint="name the key that gets the merged JSON")
        return self


class Rewrite(Model):
    """One change of the keys of an entry."""

    regexp: RewriteRegexp | None = None
    transform: RewriteTransform | None = None
    merge: RewriteMerge | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, "regexp", "transform", "merge")
        return self

    @property
    def operation(self) -> RewriteRegexp | RewriteTransform | RewriteMerge:
        operation = self.regexp or self.transform or self.merge
        if operation is None:
            raise LookupError("a rewrite without an operation does not pass validation")
        return operation


class Data(Model):
    """One key of the Secret."""

    secret_key: DataKey
    remote_ref: RemoteRef
    source_ref: SourceRef | None = None


class DataFrom(Model):
    """Keys of the Secret whose names come from the store."""

    extract: Extract | None = None
    find: Find | None = None
    rewrite: tuple[Rewrite, ...] = ()
    source_ref: SourceRef | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        sources = {"extract": self.extract, "find": self.find, "sourceRef.generatorRef": self.generator}
        given = [f"`{name}`" for name, source in sources.items() if source is not None]
        if len(given) > 1:
            raise refused(f"only one of `extract`, `find` and a generator may stand here, not {' and '.join(given)}")
        return self

    @property
    def generator(self) -> GeneratorRef | None:
        return self.source_ref.generator_ref if self.source_ref else None
