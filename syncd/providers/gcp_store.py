"""An open store of GCP Secret Manager, as the contract of providers wants it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from syncd.providers.api import (
    Credentials,
    Dialect,
    Failed,
    FindQuery,
    Matched,
    Outcome,
    RemoteKey,
    StoreConfig,
    StoreError,
    StoreHealth,
)
from syncd.providers.gcp_config import AmbientAuth, GcpConfig
from syncd.providers.gcp_endpoints import Service, address
from syncd.providers.gcp_errors import as_outcome
from syncd.providers.gcp_find import find
from syncd.providers.gcp_reads import Reads
from syncd.providers.gcp_session import GcpSession

WIDTH = 32
"""Reads that may be under way at once on one channel; there are no batches, and the API allows 90,000 a minute."""


class GcpStore:
    """Nothing is asked before the first read."""

    dialect = Dialect.GCP_SM
    batch = 1
    width = WIDTH

    def __init__(self, config: GcpConfig, store: StoreConfig, credentials: Credentials) -> None:
        at = address(Service.SECRETS, config.location)
        self._session = GcpSession(config, credentials, at, timeout=store.timeout, width=2 * WIDTH)
        self._reads = Reads(self._session, falls_back=config.falls_back)
        # References without a namespace mean another identity in each.
        where = "" if isinstance(config.auth, AmbientAuth) else store.name.namespace or store.namespace
        self.lane = " ".join(filter(None, ("gcpsm", at.host, config.project, str(config.auth), where)))

    def fetch(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Outcome]:
        return {key: self._fetch(key) for key in keys}

    def find(self, query: FindQuery) -> Matched | Failed:
        try:
            return find(self._reads, query)
        except StoreError as error:
            return as_outcome(error)

    def check(self) -> StoreHealth:
        """Logs in, and reads what need not exist."""
        started = time.monotonic()
        missing = self._reads.probe()
        return StoreHealth(self._session.identity(), time.monotonic() - started, missing)

    def close(self) -> None:
        self._session.close()

    def _fetch(self, key: RemoteKey) -> Outcome:
        try:
            return self._reads.metadata(key.key) if key.metadata else self._reads.value(key.key, key.version)
        except StoreError as error:
            return as_outcome(error)
