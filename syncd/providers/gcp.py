"""The provider `gcpsm`: GCP Secret Manager."""

from __future__ import annotations

from typing import ClassVar

from syncd.errors import MissingExtra
from syncd.providers.api import Credentials, Provider, StoreConfig
from syncd.providers.gcp_config import read_config


class GcpPlugin:
    """`spec.provider.gcpsm`."""

    name: ClassVar[str] = "gcpsm"
    ambient: ClassVar[str] = "application-default credentials"

    @classmethod
    def open(cls, store: StoreConfig, credentials: Credentials) -> Provider:
        """Raises StoreError (MISCONFIGURED) for a wrong field, MissingExtra without the library. Nothing is asked."""
        config = read_config(store)
        try:
            from syncd.providers.gcp_store import GcpStore
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in ("google", "grpc", "requests"):
                raise
            raise MissingExtra(cls.name, "gcp") from error
        return GcpStore(config, store, credentials)
