"""What declarations ask of stores, and what the stores answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from syncd.errors import Failure
from syncd.manifests.data import Data, DataFrom, Find, MetadataPolicy, RemoteRef
from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.fields import StoreKey
from syncd.model import Missing, ObjectName, SecretValue, Unreadable
from syncd.providers.api import Dialect, Failed, FindQuery, RemoteKey
from syncd.providers.jobs import Answer, Item

NOT_ASKED = Failed(Failure.BUG, "it was not asked for")


@dataclass(frozen=True, slots=True)
class OpenStore:
    """A store as it is opened: once, or once for each namespace whose credentials it uses."""

    key: StoreKey
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class StoreAnswers:
    """All answers of one store; `failed` is the answer to everything when it could not be opened."""

    dialect: Dialect = Dialect.FAKE
    answers: Mapping[Item, Answer] = field(default_factory=dict, repr=False)
    failed: Failed | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A Secret or ConfigMap that a template is read from."""

    kind: str
    name: ObjectName


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of a pass, and the Secrets and ConfigMaps that templates come from."""

    stores: Mapping[OpenStore, StoreAnswers]
    documents: Mapping[Document, Mapping[str, SecretValue] | Missing | Unreadable] = field(
        default_factory=dict, repr=False
    )

    def of(self, store: StoreKey, namespace: str) -> StoreAnswers:
        """The answers that a declaration in this namespace got from a store."""
        own = self.stores.get(OpenStore(store, namespace))
        return own or self.stores.get(OpenStore(store)) or StoreAnswers(failed=NOT_ASKED)


def store_key(declaration: ExternalSecret, entry: Data | DataFrom) -> StoreKey | None:
    """The store of one entry: its own, or the declaration's."""
    own = entry.source_ref.store_ref if entry.source_ref else None
    return own.key(declaration.metadata.namespace) if own else declaration.store_key


def remote_key(reference: RemoteRef) -> RemoteKey:
    return RemoteKey(reference.key, reference.version, metadata=reference.metadata_policy is MetadataPolicy.FETCH)


def find_query(find: Find) -> FindQuery:
    return FindQuery(find.path, find.name.regexp if find.name else "", dict(find.tags))


def requests(declaration: ExternalSecret) -> Iterator[tuple[StoreKey, Item]]:
    """Everything that a declaration asks for, and of whom."""
    for source in declaration.spec.data_from:
        key = store_key(declaration, source)
        if key and source.extract:
            yield key, remote_key(source.extract)
        elif key and source.find:
            yield key, find_query(source.find)
    for item in declaration.spec.data:
        if key := store_key(declaration, item):
            yield key, remote_key(item.remote_ref)


def store_keys(declaration: ExternalSecret) -> tuple[StoreKey, ...]:
    """The stores that a declaration reads, each once, in the order of its entries."""
    asking = (source for source in declaration.spec.data_from if source.extract or source.find)
    keys = (store_key(declaration, entry) for entry in chain[Data | DataFrom](asking, declaration.spec.data))
    return tuple(dict.fromkeys(key for key in keys if key))


def stores_of(declaration: ExternalSecret) -> tuple[str, ...]:
    """The stores that a declaration reads, as the guard counts them."""
    return tuple(sorted(map(str, store_keys(declaration))))


def template_documents(declaration: ExternalSecret) -> Iterator[Document]:
    """The Secrets and ConfigMaps that the declaration's template is read from."""
    template = declaration.spec.target.template
    for source in template.template_from if template else ():
        for kind, reference in (("ConfigMap", source.config_map), ("Secret", source.secret)):
            if reference:
                yield Document(kind, ObjectName(declaration.object_name.namespace, reference.name))
