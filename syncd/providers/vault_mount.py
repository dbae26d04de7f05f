"""Whether the mount is what the store says: a wrong one answers "not found" to every read."""

from __future__ import annotations

import threading
import time

from requests import Response

from syncd.providers.api import Failure, StoreError
from syncd.providers.vault_config import VaultConfig
from syncd.providers.vault_session import VaultSession

_KNOWN_FOR = 60.0
"""Seconds for which an answer holds."""


class Mount:
    """Asks about the mount once, however many threads want to know."""

    def __init__(self, config: VaultConfig, session: VaultSession) -> None:
        self._path = config.paths.mount.strip("/")
        self._version = config.paths.version
        self._session = session
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._problem = ""

    def problem(self) -> str:
        """What is wrong with the mount; `""` when nothing is, or when we may not know. Raises StoreError."""
        with self._lock:
            if self._path and time.monotonic() - self._asked > _KNOWN_FOR:
                self._problem = self._judge(self._look())
                self._asked = time.monotonic()
            return self._problem

    def check(self) -> str:
        """The right that is missing to read anything in the mount; `""` when there is one. Raises StoreError."""
        if not self._path:
            return ""
        response = self._look()
        if problem := self._judge(response):
            raise StoreError(Failure.MISCONFIGURED, problem)
        return "" if response.status_code == 200 else f"`read` on a path of `{self._path}/`, if there is such a mount"

    def _look(self) -> Response:
        """What Vault shows of the mount to whoever has a right on any path in it. Raises StoreError."""
        return self._session.get(f"sys/internal/ui/mounts/{self._path}")

    def _judge(self, response: Response) -> str:
        try:
            body = response.json()
            if response.status_code == 404 and body == {"errors": []}:
                return "`server` is Vault's, and does not lead to its API"
            data = body["data"] if response.status_code == 200 else {}
            kind, version = data["type"], (data.get("options") or {}).get("version", "1")
        except (ValueError, KeyError, TypeError, AttributeError):
            return ""
        if kind not in ("kv", "generic"):
            return f"mount `{self._path}` is no KV engine"
        if f"v{version}" != self._version:
            return f"mount `{self._path}` is KV version {version}, and the store says `version: {self._version}`"
        return ""
