"""The kinds `SecretStore` and `ClusterSecretStore`: where secrets are read, and as whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, ModelWrapValidatorHandler, PlainValidator, PrivateAttr, model_validator

from syncd.manifests import durations
from syncd.manifests.data import Regexp
from syncd.manifests.durations import Duration
from syncd.manifests.expressions import expression
from syncd.manifests.fields import Interval, LabelSelector, Model, Namespace, StoreKey, StoreKind, Whole, refused
from syncd.manifests.metadata import ObjectMeta
from syncd.manifests.schema import fields, model_at
from syncd.manifests.selectors import Selector
from syncd.manifests.stores.aws import AwsStore
from syncd.manifests.stores.gcpsm import GcpStore
from syncd.manifests.stores.kubernetes import KubernetesStore
from syncd.manifests.stores.local import FakeStore, FileStore
from syncd.manifests.stores.vault import VaultStore
from syncd.model import ObjectName, Source, SourceKind


def _store_interval(value: Any) -> Duration:
    try:
        return durations.parse_store_interval(value)
    except ValueError as error:
        raise refused(str(error)) from None


def _deeper(given: Sequence[str]) -> str:
    """What to do about fields of a provider that stand beside it."""
    for provider in given:
        below = fields(model_at(Provider, (provider,)) or Model)
        if beside := next((name for name in given if name in below), ""):
            return f"did you mean `{provider}.{beside}`? It belongs one level deeper"
    return ""


class Provider(Model):
    """Exactly one provider by its name. The config of one that is not ours is taken as it comes."""

    model_config = ConfigDict(extra="allow")

    vault: VaultStore | None = None
    aws: AwsStore | None = None
    gcpsm: GcpStore | None = None
    kubernetes: KubernetesStore | None = None
    fake: FakeStore | None = None
    file: FileStore | None = None
    _raw: Mapping[str, Any] = PrivateAttr(default={})

    @model_validator(mode="wrap")
    @classmethod
    def _keep_raw(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        provider = handler(value)
        given = [name for name in value if value[name] is not None] if isinstance(value, Mapping) else []
        if len(given) != 1:
            raise refused("needs exactly one provider" + (f", not {len(given)}" if given else ""), hint=_deeper(given))
        known = {name.lower(): name for name in cls.model_fields}
        if given[0] not in cls.model_fields and given[0].lower() in known:
            raise refused("no such provider", at=(given[0],), hint=f"did you mean `{known[given[0].lower()]}`?")
        if not isinstance(value[given[0]], Mapping):
            raise refused("must be a mapping", at=(given[0],))
        provider._raw = value  # noqa: SLF001 -- its own
        return provider

    def __repr_args__(self) -> Iterator[tuple[str, str]]:
        """Only the name: what else stands here may be a secret."""
        yield "name", self.name

    @property
    def name(self) -> str:
        return next(iter(self._raw))

    @property
    def config(self) -> Mapping[str, Any]:
        """What stands under the provider's name, as it was loaded."""
        return self._raw[self.name]  # type: ignore[no-any-return]  # `_keep_raw` has seen that it is a mapping


class StoreCondition(Model):
    """Which namespaces may use a ClusterSecretStore; one match of any list is enough."""

    namespaces: tuple[Namespace, ...] = ()
    namespace_selector: LabelSelector | None = None
    namespace_regexes: tuple[Regexp, ...] = ()

    def holds(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """An expression must match the whole name: one that matched a part would let strangers in."""
        if namespace in self.namespaces or any(expression(one).matches(namespace) for one in self.namespace_regexes):
            return True
        return self.namespace_selector is not None and Selector.of(self.namespace_selector).matches(labels)


class RetrySettings(Model):
    max_retries: Whole | None = None
    retry_interval: Interval | None = None


class StoreSpec(Model):
    provider: Provider
    controller: str = ""
    refresh_interval: Annotated[Duration | None, PlainValidator(_store_interval)] = None
    retry_settings: RetrySettings | None = None
    conditions: tuple[StoreCondition, ...] = ()


class _AnyStore(Model):
    api_version: Literal["external-secrets.io/v1", "external-secrets.io/v1beta1"]
    metadata: ObjectMeta
    spec: StoreSpec
    status: Any = Field(default=None, repr=False)
    _source: Source = PrivateAttr(default=Source(SourceKind.FILES, ""))
    _base: str = PrivateAttr(default="")

    store_kind: ClassVar[StoreKind]

    def located(self, source: Source, base: str = "") -> Self:
        """Says where the store comes from, and the folder of its file; for whoever loads it."""
        self._source, self._base = source, base
        return self

    @property
    def source(self) -> Source:
        return self._source

    @property
    def base(self) -> str:
        """The folder that relative paths start at; empty when the store comes from a cluster."""
        return self._base

    @property
    def object_name(self) -> ObjectName:
        return ObjectName(self.metadata.namespace, self.metadata.name)

    @property
    def key(self) -> StoreKey:
        return StoreKey(self.store_kind, self.object_name)

    @property
    def provider_name(self) -> str:
        return self.spec.provider.name

    @property
    def provider_config(self) -> Mapping[str, Any]:
        """What stands under `spec.provider.<name>`, as it was loaded."""
        return self.spec.provider.config


class SecretStore(_AnyStore):
    kind: Literal["SecretStore"]
    store_kind = StoreKind.SECRET_STORE


class ClusterSecretStore(_AnyStore):
    kind: Literal["ClusterSecretStore"]
    store_kind = StoreKind.CLUSTER_SECRET_STORE

    def serves(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether declarations of a namespace with these labels may use the store."""
        return not self.spec.conditions or any(one.holds(namespace, labels) for one in self.spec.conditions)


Store = SecretStore | ClusterSecretStore
