"""Vault stores for tests, opened as their manifests would open them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncd.providers.api import Absent, Credentials, Failed, Found, Outcome, RemoteKey
from syncd.providers.given import GivenCredentials, store_config
from syncd.providers.vault import VaultPlugin
from syncd.providers.vault_store import VaultStore
from tests.servers.openbao import OpenBao

TOKEN_AUTH = {"tokenSecretRef": {"name": "vault-token", "key": "token"}}


def open_vault(
    config: Mapping[str, Any], credentials: Credentials | None = None, *, base: str = "", timeout: float = 5.0
) -> VaultStore:
    """A store of the provider `vault` with this under `spec.provider.vault`."""
    store = store_config("vault", config, base=base, timeout=timeout)
    provider = VaultPlugin.open(store, credentials or GivenCredentials())
    assert isinstance(provider, VaultStore)
    return provider


def open_with_token(bao: OpenBao, mount: str, *, token: str | None = None, **config: Any) -> VaultStore:
    """A store that has its token, the root token unless another one is given, from a Secret."""
    given = GivenCredentials({("vault-token", "token"): token or bao.token})
    return open_vault({"server": bao.url, "path": mount, "auth": TOKEN_AUTH, **config}, given)


def read(store: VaultStore, key: str, version: str = "", *, metadata: bool = False) -> Outcome:
    """The one outcome of one key."""
    asked = RemoteKey(key, version, metadata)
    return store.fetch([asked])[asked]


def text(outcome: Outcome) -> str:
    """The value that was found."""
    assert isinstance(outcome, Found), outcome
    return outcome.value.reveal().decode()


def failed(outcome: object) -> Failed:
    """The failure that an outcome must be."""
    assert isinstance(outcome, Failed), outcome
    return outcome


def absent(outcome: Outcome) -> bool:
    return outcome == Absent()
