"""Stand-ins for what syncd hands to a plugin: a store's manifest and the credentials that it refers to.

For tests and for stores that need no cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from syncd.model import ObjectName
from syncd.providers.api import Failure, SecretValue, StoreConfig, StoreError

_K = TypeVar("_K")
_V = TypeVar("_V")


def store_config(provider: str, config: Mapping[str, Any], *, base: str = "", timeout: float = 5.0) -> StoreConfig:
    """SecretStore `test/store` with `config` under `spec.provider.<provider>`; `timeout` in seconds."""
    return StoreConfig("SecretStore", ObjectName("test", "store"), provider, config, "test", base, timeout)


class GivenCredentials:
    """Credentials out of dictionaries, the same in every namespace: `{(name, key): value}`, tokens by name."""

    def __init__(
        self,
        secret_keys: Mapping[tuple[str, str], str] | None = None,
        configmap_keys: Mapping[tuple[str, str], str] | None = None,
        tokens: Mapping[str, str] | None = None,
    ) -> None:
        self._secret_keys = {at: SecretValue(value) for at, value in (secret_keys or {}).items()}
        self._configmap_keys = dict(configmap_keys or {})
        self._tokens = {name: SecretValue(token) for name, token in (tokens or {}).items()}

    def secret_key(self, name: str, key: str, namespace: str | None = None) -> SecretValue:
        return _given(self._secret_keys, (name, key), f"key `{key}` of Secret `{name}` in `{namespace}`")

    def configmap_key(self, name: str, key: str, namespace: str | None = None) -> str:
        return _given(self._configmap_keys, (name, key), f"key `{key}` of ConfigMap `{name}` in `{namespace}`")

    def service_account_token(
        self, name: str, audiences: Sequence[str], namespace: str | None = None, expiration: int = 600
    ) -> SecretValue:
        what = f"a token of `{name}` in `{namespace}` for {list(audiences)} and {expiration} s"
        return _given(self._tokens, name, what)

    def service_account_annotations(self, name: str, namespace: str | None = None) -> Mapping[str, str]:
        raise StoreError(Failure.MISCONFIGURED, f"ServiceAccount `{name}` in `{namespace}` is not given")


def _given(mapping: Mapping[_K, _V], key: _K, what: str) -> _V:
    if key not in mapping:
        raise StoreError(Failure.MISCONFIGURED, f"{what} is not given")
    return mapping[key]
