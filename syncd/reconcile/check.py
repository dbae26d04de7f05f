"""Whether stores can be logged in to and read: each on its own, with what declarations would read it with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from syncd.errors import Failure
from syncd.manifests.declarations import Declarations
from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.fields import StoreKey
from syncd.manifests.store import Store
from syncd.model import Source
from syncd.providers import calls
from syncd.providers.api import Failed, Provider, RemoteKey, StoreHealth
from syncd.providers.deadlines import within
from syncd.providers.lane import GRACE
from syncd.reconcile.answers import OpenStore, requests, store_keys
from syncd.reconcile.options import Options, Progress, Stage, silent
from syncd.reconcile.stores import Stores, slot_of

CALLS = 2
"""A store is asked how it is, and for one key; each call may last as long as any other."""


class Verdict(StrEnum):
    READY = "ready"
    LIMITED = "limited"
    """A right is missing, and what declarations name can be read all the same."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Checked:
    """What one store answered."""

    slot: OpenStore
    provider: str
    source: Source
    answer: StoreHealth | Failed
    proof: str = ""
    """A declared key that can be read although a right is missing."""

    @property
    def verdict(self) -> Verdict:
        if isinstance(self.answer, Failed):
            return Verdict.FAILED
        if not self.answer.missing_permission:
            return Verdict.READY
        return Verdict.LIMITED if self.proof else Verdict.FAILED


_Answer = tuple[StoreHealth | Failed, str]
"""With the proof."""


class StoreCheck:
    """Checks stores, several at once; what one does holds up no other. Nothing is tried twice."""

    def __init__(self, stores: Stores, declarations: Declarations, options: Options) -> None:
        self._stores = stores
        self._declarations = declarations
        self._options = options

    def ours(self) -> tuple[StoreKey, ...]:
        """The declared stores that are not left to another controller."""
        return tuple(key for key, store in self._declarations.stores.items() if not self._stores.leaves(store))

    def check(self, keys: Sequence[StoreKey], progress: Progress = silent) -> tuple[Checked, ...]:
        """One answer for each store, or for each namespace whose credentials it uses, in the order of `keys`."""
        stores = [self._declarations.stores[key] for key in keys]
        todo = [(store, namespace) for store in stores for namespace in self._namespaces(store)]
        answers: dict[int, _Answer] = {}
        asked = [partial(self._ask, store, namespace) for store, namespace in todo]
        seconds = self._options.provider_timeout
        late: _Answer = Failed(Failure.TIMEOUT, f"no answer within {seconds:g} s"), ""
        progress(Stage("Checking", 0, len(todo)))
        for number, answer in within(seconds * (CALLS + GRACE), asked, workers=self._options.readers):
            answers[number] = answer or late
            progress(Stage("Checking", len(answers), len(todo)))
        return tuple(
            Checked(slot_of(store, namespace), store.provider_name, store.source, *answers[number])
            for number, (store, namespace) in enumerate(todo)
        )

    def _namespaces(self, store: Store) -> Iterator[str]:
        """The namespaces to open a store for: all that use it, where its credentials are theirs."""
        if not slot_of(store, "any").namespace:
            yield store.key.name.namespace
            return
        used = {one.object_name.namespace for one in self._declarations.external_secrets if _reads(one, store)}
        yield from sorted(used) or [self._declarations.namespace]

    def _ask(self, store: Store, namespace: str) -> _Answer:
        if refusal := self._stores.leaves(store):
            return refusal, ""
        slot, config, provider = self._stores.reach(store, namespace, self._declarations)
        if isinstance(provider, Failed):
            return provider, ""
        health = calls.check(provider, config.provider)
        if isinstance(health, Failed):
            return health, ""
        return self._tried(slot, provider, config.provider, health)

    def _tried(self, slot: OpenStore, provider: Provider, name: str, health: StoreHealth) -> _Answer:
        """Policies name keys: so one is read that is declared, and only with it is a right missing, or not."""
        key = self._declared_key(slot)
        if key is None:
            return health, ""
        outcome = calls.fetch(provider, [key], name)[key]
        if isinstance(outcome, Failed) and (health.missing_permission or outcome.failure is Failure.DENIED):
            return outcome, ""
        return health, str(key) if health.missing_permission else ""

    def _declared_key(self, slot: OpenStore) -> RemoteKey | None:
        keys = (
            item
            for one in self._declarations.external_secrets
            if slot.namespace in ("", one.object_name.namespace)
            for key, item in requests(one)
            if key == slot.key and isinstance(item, RemoteKey)
        )
        return min(keys, default=None)


def _reads(declaration: ExternalSecret, store: Store) -> bool:
    return store.key in store_keys(declaration)
