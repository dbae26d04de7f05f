"""An open Vault store, as the contract of providers wants it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import orjson

from syncd.cluster.addresses import shown
from syncd.providers.api import (
    Absent,
    Credentials,
    Dialect,
    Failed,
    Failure,
    FindQuery,
    Found,
    Matched,
    Outcome,
    RemoteKey,
    SecretValue,
    StoreConfig,
    StoreError,
    StoreHealth,
)
from syncd.providers.vault_config import VaultConfig
from syncd.providers.vault_errors import as_outcome
from syncd.providers.vault_find import find
from syncd.providers.vault_mount import Mount
from syncd.providers.vault_paths import KvVersion
from syncd.providers.vault_reads import KvReads
from syncd.providers.vault_session import VaultSession

WIDTH = 8
"""Reads that may be under way at once; a KV read takes about a millisecond of the server."""


class VaultStore:
    """Nothing is asked before the first read."""

    dialect = Dialect.VAULT
    batch = 1
    width = WIDTH

    def __init__(self, config: VaultConfig, store: StoreConfig, credentials: Credentials) -> None:
        identity = (shown(config.server), config.namespace, str(config.auth or ""), store.namespace)
        self.lane = " ".join(filter(None, identity))
        self._paths = config.paths
        self._session = VaultSession(config, credentials, timeout=store.timeout, width=WIDTH)
        self._mount = Mount(config, self._session)
        self._reads = KvReads(config, self._session, self._mount)

    def fetch(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Outcome]:
        return {key: self._fetch(key) for key in keys}

    def find(self, query: FindQuery) -> Matched | Failed:
        try:
            return find(self._reads, self._paths, query)
        except StoreError as error:
            return as_outcome(error)

    def check(self) -> StoreHealth:
        """Looks the token up, and at the mount."""
        started = time.monotonic()
        identity = self._reads.identity()
        return StoreHealth(identity, time.monotonic() - started, self._mount.check())

    def close(self) -> None:
        self._session.close()

    def _fetch(self, key: RemoteKey) -> Outcome:
        try:
            return (
                self._metadata(key.key) if key.metadata else self._reads.value(self._paths.data(key.key), key.version)
            )
        except StoreError as error:
            return as_outcome(error)

    def _metadata(self, key: str) -> Found | Absent:
        if self._paths.version is KvVersion.V1:
            raise StoreError(
                Failure.MISCONFIGURED, "metadataPolicy: Fetch needs KV version 2: version 1 has no metadata"
            )
        metadata = self._reads.metadata(self._paths.metadata(key))
        if metadata is None:
            return Absent()
        return Found(SecretValue(orjson.dumps(metadata, option=orjson.OPT_SORT_KEYS)))
