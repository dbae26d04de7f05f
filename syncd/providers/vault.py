"""The provider `vault`: KV secrets of HashiCorp Vault and OpenBao."""

from __future__ import annotations

from typing import ClassVar

from syncd.errors import MissingExtra
from syncd.providers.api import Credentials, Provider, StoreConfig
from syncd.providers.extras import extra
from syncd.providers.vault_config import read_config


class VaultPlugin:
    """`spec.provider.vault`."""

    name: ClassVar[str] = "vault"
    ambient: ClassVar[str] = "the token in VAULT_TOKEN or ~/.vault-token"

    @classmethod
    def open(cls, store: StoreConfig, credentials: Credentials) -> Provider:
        """The login comes later.

        Raises StoreError (MISCONFIGURED) for a wrong field, MissingExtra without hvac or the library of a cloud that
        is logged in with.
        """
        try:
            config = read_config(store)
        except MissingExtra as error:
            raise MissingExtra(cls.name, f"vault,{error.extra}") from error
        with extra("vault", "hvac", "requests", provider=cls.name):
            from syncd.providers.vault_store import VaultStore
        return VaultStore(config, store, credentials)
