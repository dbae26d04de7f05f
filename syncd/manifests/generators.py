"""The generators that need no cloud: kinds of `generators.external-secrets.io` whose values nobody stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import Field, PrivateAttr, StrictBool, model_validator

from syncd.manifests.data import GENERATOR_KINDS
from syncd.manifests.fields import DataKey, Model, Whole, between, default_if_empty, exactly_one, not_empty, refused
from syncd.manifests.metadata import ObjectMeta
from syncd.model import ObjectName, Source, SourceKind

GROUP = "generators.external-secrets.io"
VERSION = f"{GROUP}/v1alpha1"
SYMBOLS = '~!@#$%^&*()_+`-={}|[]\\:"<>?,./'
LENGTH = 24
LONGEST = 4096


class Encoding(StrEnum):
    RAW = "raw"
    BASE64 = "base64"
    BASE64_URL = "base64url"
    BASE32 = "base32"
    HEX = "hex"


class KeyType(StrEnum):
    RSA = "rsa"
    ECDSA = "ecdsa"
    ED25519 = "ed25519"


class PasswordSpec(Model):
    """A quarter of the length are digits and a quarter symbols, where nothing else is said."""

    length: Annotated[Whole, between(0, LONGEST)] = LENGTH
    digits: Annotated[Whole, between(0, LONGEST)] | None = None
    symbols: Annotated[Whole, between(0, LONGEST)] | None = None
    symbol_characters: Annotated[str, default_if_empty(SYMBOLS)] = SYMBOLS
    no_upper: StrictBool = False
    allow_repeat: StrictBool = False
    encoding: Encoding = Encoding.RAW
    secret_keys: Annotated[tuple[DataKey, ...], not_empty()] = ()

    @model_validator(mode="after")
    def _unique(self) -> Self:
        if len({*self.secret_keys}) < len(self.secret_keys):
            raise refused("a key stands here twice", at=("secretKeys",))
        return self


class UuidSpec(Model):
    """A random UUID; there is nothing to say."""


class FakeSpec(Model):
    controller: str = ""
    data: dict[str, str] = Field(default_factory=dict, repr=False)


class SshKeySpec(Model):
    key_type: KeyType = KeyType.RSA
    key_size: Annotated[Whole, between(256, 8192)] | None = None
    comment: str = ""


GeneratorSpec = PasswordSpec | UuidSpec | FakeSpec | SshKeySpec


class _AnyGenerator(Model):
    api_version: Literal["generators.external-secrets.io/v1alpha1"]
    metadata: ObjectMeta
    status: Any = Field(default=None, repr=False)
    _source: Source = PrivateAttr(default=Source(SourceKind.FILES, ""))

    cluster: ClassVar[bool] = False

    def located(self, source: Source) -> Self:
        """Says where the generator comes from; for whoever loads it."""
        self._source = source
        return self

    @property
    def source(self) -> Source:
        return self._source

    @property
    def object_name(self) -> ObjectName:
        return ObjectName("" if self.cluster else self.metadata.namespace, self.metadata.name)


class Password(_AnyGenerator):
    kind: Literal["Password"]
    spec: PasswordSpec = PasswordSpec()


class UUID(_AnyGenerator):
    kind: Literal["UUID"]
    spec: UuidSpec = UuidSpec()


class Fake(_AnyGenerator):
    kind: Literal["Fake"]
    spec: FakeSpec = FakeSpec()


class SSHKey(_AnyGenerator):
    kind: Literal["SSHKey"]
    spec: SshKeySpec = SshKeySpec()


class AnySpec(Model):
    """The spec of one generator, under the name of its kind."""

    password_spec: PasswordSpec | None = None
    uuid_spec: UuidSpec | None = None
    fake_spec: FakeSpec | None = None
    ssh_key_spec: SshKeySpec | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, "password_spec", "uuid_spec", "fake_spec", "ssh_key_spec")
        return self


class ClusterGeneratorSpec(Model):
    kind: Literal["Password", "UUID", "Fake", "SSHKey"]
    generator: AnySpec

    @model_validator(mode="before")
    @classmethod
    def _of_no_cloud(cls, value: Any) -> Any:
        """Says it once, and not of each field that such a generator has."""
        kind = value.get("kind") if isinstance(value, dict) else None
        supported = get_args(cls.model_fields["kind"].annotation)
        if isinstance(kind, str) and kind in GENERATOR_KINDS and kind not in supported:
            names = ", ".join(f"`{name}`" for name in supported)
            raise refused(f"only generators of these kinds are supported: {names}", at=("kind",))
        return value

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if self._named is None:
            raise refused(f"the spec must be that of a `{self.kind}`", at=("generator",))
        return self

    @property
    def _named(self) -> GeneratorSpec | None:
        specs = self.generator
        by_kind: Mapping[str, GeneratorSpec | None] = {
            "Password": specs.password_spec,
            "UUID": specs.uuid_spec,
            "Fake": specs.fake_spec,
            "SSHKey": specs.ssh_key_spec,
        }
        return by_kind[self.kind]

    @property
    def named(self) -> GeneratorSpec:
        if self._named is None:
            raise LookupError("a generator without its spec does not pass validation")
        return self._named


class ClusterGenerator(_AnyGenerator):
    kind: Literal["ClusterGenerator"]
    spec: ClusterGeneratorSpec

    cluster = True


Generator = Password | UUID | Fake | SSHKey | ClusterGenerator
GENERATORS: Mapping[str, type[_AnyGenerator]] = {
    "Password": Password,
    "UUID": UUID,
    "Fake": Fake,
    "SSHKey": SSHKey,
    "ClusterGenerator": ClusterGenerator,
}
"""By kind. All other kinds of the group need a cloud, and are not supported."""


@dataclass(frozen=True, slots=True, order=True)
class GeneratorKey:
    """Which generator; the namespace of a ClusterGenerator is empty."""

    kind: str
    name: ObjectName

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


def key_of(generator: Generator) -> GeneratorKey:
    return GeneratorKey(generator.kind, generator.object_name)


def spec_of(generator: Generator) -> GeneratorSpec:
    """What is to be generated."""
    return generator.spec.named if isinstance(generator, ClusterGenerator) else generator.spec
