"""What a store may read of the cluster: the Secrets, ConfigMaps and service accounts that its manifest may name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, TypeVar

from syncd.errors import ClusterError, Denied, Failure, StoreError
from syncd.manifests.declarations import Declarations
from syncd.manifests.fields import StoreKey
from syncd.model import Missing, ObjectName, Observed, Present, SecretValue, Unreadable

Entry = TypeVar("Entry")


class Readable(Protocol):
    """The part of a target that stores may know of."""

    def read_secrets(self, names: Collection[ObjectName]) -> Mapping[ObjectName, Observed]: ...

    def read_configmap(self, name: ObjectName) -> Mapping[str, str] | Missing | Unreadable: ...

    def service_account_token(self, name: ObjectName, audiences: Sequence[str], expiration: int) -> SecretValue: ...

    def service_account_annotations(self, name: ObjectName) -> Mapping[str, str]: ...


class StoreCredentials:
    """Looks in the given files first, then in the target.

    A SecretStore reads its own namespace only. A ClusterSecretStore reads the namespace that its manifest names, or
    that of the declaration it serves.
    """

    def __init__(self, store: StoreKey, namespace: str, declarations: Declarations, target: Readable) -> None:
        self._store = store
        self._namespace = namespace or store.name.namespace
        self._declarations = declarations
        self._target = target

    def secret_key(self, name: str, key: str, namespace: str | None = None) -> SecretValue:
        where = self._name(name, namespace, "Secret")
        given = self._declarations.references.secrets.get(where)
        if given is None:
            observed = self._target.read_secrets([where])[where]
            if isinstance(observed, Unreadable):
                raise StoreError(
                    Failure.DENIED, f"Secret {where} cannot be read: {observed.reason}", hint=observed.hint
                )
            given = observed.secret if isinstance(observed, Present) else None
        if given is None:
            raise StoreError(Failure.MISCONFIGURED, f"Secret {where} does not exist")
        return _key(f"Secret {where}", given.data, key)

    def configmap_key(self, name: str, key: str, namespace: str | None = None) -> str:
        where = self._name(name, namespace, "ConfigMap")
        data = self._declarations.references.config_maps.get(where)
        if data is None:
            read = self._target.read_configmap(where)
            if isinstance(read, Unreadable):
                raise StoreError(Failure.DENIED, f"ConfigMap {where} cannot be read: {read.reason}", hint=read.hint)
            data = None if isinstance(read, Missing) else read
        if data is None:
            raise StoreError(Failure.MISCONFIGURED, f"ConfigMap {where} does not exist")
        return _key(f"ConfigMap {where}", data, key)

    def service_account_token(
        self, name: str, audiences: Sequence[str], namespace: str | None = None, expiration: int = 600
    ) -> SecretValue:
        where = self._name(name, namespace, "ServiceAccount")
        try:
            return self._target.service_account_token(where, audiences, expiration)
        except ClusterError as error:
            raise _store_error(f"no token of ServiceAccount {where}", error) from error

    def service_account_annotations(self, name: str, namespace: str | None = None) -> Mapping[str, str]:
        where = self._name(name, namespace, "ServiceAccount")
        try:
            return self._target.service_account_annotations(where)
        except ClusterError as error:
            raise _store_error(f"ServiceAccount {where} cannot be read", error) from error

    def _name(self, name: str, namespace: str | None, kind: str) -> ObjectName:
        own = self._store.name.namespace
        if own and namespace and namespace != own:
            message = f"{kind} {namespace}/{name} is in another namespace than the SecretStore"
            raise StoreError(Failure.MISCONFIGURED, message, hint="only a ClusterSecretStore may name a namespace")
        where = namespace or self._namespace
        if not where:
            raise StoreError(Failure.MISCONFIGURED, f"{kind} {name} has no namespace", hint="name it in the store")
        return ObjectName(where, name)


def _key(where: str, data: Mapping[str, Entry], key: str) -> Entry:
    if key in data:
        return data[key]
    there = ", ".join(f"`{name}`" for name in sorted(data)) or "none"
    raise StoreError(Failure.MISCONFIGURED, f"{where} has no key `{key}`", hint=f"its keys: {there}")


def _store_error(what: str, error: ClusterError) -> StoreError:
    failure = Failure.DENIED if isinstance(error, Denied) else Failure.UNAVAILABLE
    return StoreError(failure, f"{what}: {error.message}", hint=error.hint)
