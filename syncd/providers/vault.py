"""The provider `vault`: KV secrets of HashiCorp Vault and OpenBao."""

from __future__ import annotations

import importlib
from typing import ClassVar

from syncd.errors import MissingExtra
from syncd.providers.api import Credentials, Provider, StoreConfig
from syncd.providers.vault_config import Auth, GcpAuth, IamAuth, read_config

_EXTRAS = {"boto3": "aws", "botocore": "aws", "google": "gcp", "grpc": "gcp"}
"""What of the extras has which library."""


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
        _load_login(config.auth)
        return VaultStore(config, store, credentials)


def _load_login(auth: Auth | None) -> None:
    """The libraries of the cloud that a login needs. Raises MissingExtra."""
    try:
        if isinstance(auth, IamAuth):
            importlib.import_module("syncd.providers.vault_iam")
        elif isinstance(auth, GcpAuth):
            importlib.import_module("syncd.providers.vault_gcp")
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        raise MissingExtra("vault", f"vault,{extra}") from error
