"""Vault stores for tests, opened as their manifests would open them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncd.providers.api import Credentials, Failed, Found, Outcome, RemoteKey
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


class Kv:
    """A KV mount of its own, written past the provider."""

    def __init__(self, bao: OpenBao, version: int = 2) -> None:
        self.bao, self.mount = bao, bao.kv(version)
        self._api = bao.client().secrets.kv.v2 if version == 2 else bao.client().secrets.kv.v1

    def put(self, path: str, **data: object) -> None:
        self._api.create_or_update_secret(path, secret=data, mount_point=self.mount)

    def tag(self, path: str, **tags: str) -> None:
        self._api.update_metadata(path, custom_metadata=tags, mount_point=self.mount)

    def delete(self, path: str) -> None:
        self._api.delete_latest_version_of_secret(path, mount_point=self.mount)

    def destroy(self, path: str, version: int) -> None:
        self._api.destroy_secret_versions(path, [version], mount_point=self.mount)

    def forget(self, path: str) -> None:
        """Removes the secret with all its versions."""
        self._api.delete_metadata_and_all_versions(path, mount_point=self.mount)

    def store(self, **config: Any) -> VaultStore:
        return open_with_token(self.bao, self.mount, **config)

    def token(self, *rules: str) -> str:
        """A token with these rules on the mount: `read app/*`."""
        policy = self.bao.fresh_name("policy")
        paths = [
            f'path "{self.mount}/{path}" {{ capabilities = ["{right}"] }}' for right, path in map(str.split, rules)
        ]
        self.bao.client().sys.create_or_update_policy(policy, "\n".join(paths))
        token: str = self.bao.client().auth.token.create(policies=[policy], display_name="ci")["auth"]["client_token"]
        return token
