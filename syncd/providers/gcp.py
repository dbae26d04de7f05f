"""The provider `gcpsm`: GCP Secret Manager."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from syncd.providers.api import Credentials, Provider, StoreConfig
from syncd.providers.extras import extra
from syncd.providers.fields import Fields
from syncd.providers.gcp_config import read_config, read_signing
from syncd.providers.identities import TokenIdentity

_extra = partial(extra, "gcp", "google", "grpc", "requests", provider="gcpsm")


class GcpPlugin:
    """`spec.provider.gcpsm`."""

    name: ClassVar[str] = "gcpsm"
    ambient: ClassVar[str] = "application-default credentials"

    @classmethod
    def open(cls, store: StoreConfig, credentials: Credentials) -> Provider:
        """Raises StoreError (MISCONFIGURED) for a wrong field, MissingExtra without the library. Nothing is asked."""
        config = read_config(store)
        with _extra():
            from syncd.providers.gcp_store import GcpStore
        return GcpStore(config, store, credentials)

    @classmethod
    def identity(cls, fields: Fields, store: StoreConfig) -> TokenIdentity:
        """For stores of other providers. Raises StoreError (MISCONFIGURED), MissingExtra. Nothing is asked yet."""
        auth = read_signing(fields, store)
        with _extra():
            from syncd.providers.gcp_identity import AccountIdentity
        return AccountIdentity(auth)
