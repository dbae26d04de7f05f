"""The provider `vault`: KV secrets of HashiCorp Vault and OpenBao."""

from __future__ import annotations

from typing import ClassVar

from syncd.errors import MissingExtra
from syncd.providers.api import Credentials, Provider, StoreConfig
from syncd.providers.vault_config import read_config


class VaultPlugin:
    """`spec.provider.vault`."""

    name: ClassVar[str] = "vault"
    ambient: ClassVar[str] = "the token in VAULT_TOKEN or ~/.vault-token"

    @classmethod
    def open(cls, store: StoreConfig, credentials: Credentials) -> Provider:
        """Raises StoreError (MISCONFIGURED) for a wrong field, MissingExtra without hvac. The login comes later."""
        config = read_config(store)
        try:
            from syncd.providers.vault_store import VaultStore
        except ModuleNotFoundError as error:
            if error.name not in ("hvac", "requests"):
                raise
            raise MissingExtra(cls.name, "vault") from error
        return VaultStore(config, store, credentials)
