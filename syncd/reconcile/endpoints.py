"""Through which endpoint each store is read, as the guard counts them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Lock

from syncd.manifests.declarations import Declarations
from syncd.reconcile.guard import WINDOW


class Endpoints:
    """Of stores that are declared, and of those that went while a removal of theirs may still count."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.by_store: Mapping[str, str] = {}
        """By `Kind/namespace/name`; replaced and never changed, as other passes look at it meanwhile."""
        self._clock = clock
        self._lock = Lock()
        self._noted: Declarations | None = None
        self._gone: dict[str, float] = {}

    def note(self, read: Mapping[str, str], declarations: Declarations) -> None:
        """Takes what a pass reads through, and forgets stores that are not declared since `WINDOW`."""
        with self._lock:
            if declarations is self._noted and read.items() <= self.by_store.items():
                return
            self._noted = declarations
            now = self._clock()
            known = {**self.by_store, **read}
            declared = {str(key) for key in declarations.stores}
            gone = {store: self._gone.get(store, now) for store in known if store not in declared}
            self._gone = {store: since for store, since in gone.items() if now - since <= WINDOW.total_seconds()}
            self.by_store = {
                store: endpoint for store, endpoint in known.items() if store in declared or store in self._gone
            }
