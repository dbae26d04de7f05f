"""Opens the stores that declarations name, and keeps them open from pass to pass."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from syncd.errors import Failure
from syncd.manifests.declarations import Declarations, References
from syncd.manifests.fields import StoreKey, StoreKind
from syncd.manifests.store import ClusterSecretStore, Store
from syncd.model import StoreAuth
from syncd.providers import registry
from syncd.providers.api import Failed, Provider, StoreConfig
from syncd.providers.lanes import close_stores
from syncd.reconcile.answers import OpenStore
from syncd.reconcile.credentials import Readable, StoreCredentials
from syncd.reconcile.options import Options

REFERENCE_ENDINGS = ("Ref", "Provider", "Cert", "Key", "Token", "Account", "Config")
"""Fields of a provider's config that name a Secret, a ConfigMap or a service account end so."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Opened:
    config: StoreConfig
    references: References
    """Among which are its credentials."""
    provider: Provider


class Stores:
    """Open providers by store; one whose manifest changed is opened anew, one that failed is tried again.

    It may be used from several threads; a store that is slow to open holds up those that want the same one.
    """

    def __init__(self, target: Readable, options: Options) -> None:
        self._target = target
        self._options = options
        self._open: dict[OpenStore, _Opened] = {}
        self._locks: WeakValueDictionary[OpenStore, Lock] = WeakValueDictionary()
        """Each is there while somebody opens its store, or waits to."""
        self._locking = Lock()
        self._kept: Declarations | None = None
        self._said: set[str] = set()
        self._saying = Lock()

    def open(
        self, key: StoreKey, namespace: str, declarations: Declarations
    ) -> tuple[OpenStore, StoreConfig, Provider | Failed]:
        """The store for a declaration of this namespace, or why it cannot be used."""
        store = declarations.stores.get(key)
        if store is None:
            return _unusable(key, namespace, Failed(Failure.MISCONFIGURED, "no such store is defined"))
        refusal = self.leaves(store) or _refuses(store, namespace, declarations)
        if refusal:
            return _unusable(key, namespace, refusal)
        return self.reach(store, namespace, declarations)

    def leaves(self, store: Store) -> Failed | None:
        """Why a store is another controller's; None when it is ours."""
        if store.spec.controller in ("", self._options.controller_class):
            return None
        message = f"it is left to the controller `{store.spec.controller}`"
        return Failed(Failure.MISCONFIGURED, message, hint="see `--controller-class`")

    def reach(
        self, store: Store, namespace: str, declarations: Declarations
    ) -> tuple[OpenStore, StoreConfig, Provider | Failed]:
        """The store for this namespace, whoever may use it."""
        slot = slot_of(store, namespace)
        config = StoreConfig(
            kind=store.key.kind,
            name=store.key.name,
            provider=store.provider_name,
            config=store.provider_config,
            namespace=slot.namespace,
            base=store.base,
            timeout=self._options.provider_timeout,
            auth=self._auth(store.provider_name),
        )
        with self._lock_of(slot):
            return slot, config, self._provider(slot, config, declarations)

    def _lock_of(self, slot: OpenStore) -> Lock:
        with self._locking:
            return self._locks.setdefault(slot, Lock())

    def _auth(self, provider: str) -> StoreAuth:
        """Whose credentials are used; what is not as the manifests say is said once for each kind of store."""
        if self._options.store_auth is StoreAuth.MANIFEST or not (what := registry.ambient(provider)):
            return StoreAuth.MANIFEST
        with self._saying:
            if provider not in self._said:
                self._said.add(provider)
                text = "stores of `%s` log in with %s, not as their manifests say (`--store-auth ambient`)"
                _log.warning(text, provider, what)
        return StoreAuth.AMBIENT

    def _provider(self, slot: OpenStore, config: StoreConfig, declarations: Declarations) -> Provider | Failed:
        known = self._open.get(slot)
        if known and known.config == config and _same_objects(known.references, declarations.references):
            return known.provider
        if known:
            close_stores([(known.config, self._open.pop(slot).provider)])
        credentials = StoreCredentials(slot.key, slot.namespace, declarations, self._target)
        provider = registry.open_store(config, credentials)
        if not isinstance(provider, Failed):
            self._open[slot] = _Opened(config, declarations.references, provider)
        return provider

    def keep(self, declarations: Declarations) -> None:
        """Closes what is declared no more, and what was opened for namespaces that have no declaration any more."""
        if declarations is self._kept:
            return
        self._kept = declarations
        namespaces = {"", *(one.object_name.namespace for one in declarations.external_secrets)}
        gone = [
            slot for slot in [*self._open] if slot.key not in declarations.stores or slot.namespace not in namespaces
        ]
        closed = [one for slot in gone if (one := self._open.pop(slot, None))]
        close_stores([(one.config, one.provider) for one in closed])

    def close(self) -> None:
        """Ends logins that were made; bounded in time."""
        opened = list(self._open.values())
        self._open.clear()
        close_stores([(one.config, one.provider) for one in opened])


def slot_of(store: Store, namespace: str) -> OpenStore:
    """How a store is opened for declarations of this namespace: for them alone when it reads credentials there."""
    referent = store.key.kind is StoreKind.CLUSTER_SECRET_STORE and _is_referent(store.provider_config)
    return OpenStore(store.key, namespace if referent else "")


def _unusable(key: StoreKey, namespace: str, why: Failed) -> tuple[OpenStore, StoreConfig, Provider | Failed]:
    return OpenStore(key, namespace), StoreConfig(key.kind, key.name, "", {}, namespace), why


def _same_objects(one: References, other: References) -> bool:
    """Whether credentials among the manifests are the same."""
    return one.secrets == other.secrets and one.config_maps == other.config_maps


def _refuses(store: Store, namespace: str, declarations: Declarations) -> Failed | None:
    """A ClusterSecretStore may keep namespaces out; a selector lets nobody in whose labels are not known."""
    if not isinstance(store, ClusterSecretStore) or not store.spec.conditions:
        return None
    labels = declarations.references.namespaces.get(namespace)
    if labels is None:
        known = tuple(one.model_copy(update={"namespace_selector": None}) for one in store.spec.conditions)
        if any(one.holds(namespace, {}) for one in known):
            return None
        hint = f"when a selector should let it in, put the Namespace `{namespace}` among the files"
    elif store.serves(namespace, labels):
        return None
    else:
        hint = "expressions in `namespaceRegexes` must match the whole name"
    message = f"its `spec.conditions` do not let namespace `{namespace}` in"
    return Failed(Failure.DENIED, message, hint=hint)


def _is_referent(config: Mapping[str, Any]) -> bool:
    """Whether a reference names no namespace, or sessions are tagged with one: the declaration's own is meant."""
    if config.get("sessionTagsPolicy") not in (None, "", "None"):
        return True
    for field, value in config.items():
        if isinstance(value, Mapping):
            names = field.endswith(REFERENCE_ENDINGS) and "name" in value
            if (names and not value.get("namespace")) or _is_referent(value):
                return True
    return False
