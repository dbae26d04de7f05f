"""Watches our Secrets for drift, in threads of its own, again and again whatever happens to the watch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from threading import Event, Lock, Thread

from syncd.cluster.api import SecretList, Target
from syncd.daemon.drift import Drift
from syncd.daemon.events import Listeners, WatchHolds, WatchLost
from syncd.errors import ClusterError, Denied

log = logging.getLogger("syncd.run")

FIRST = 1.0
"""Seconds before a watch that ended is begun again; doubled each time."""
LONGEST = 30.0
EVERYWHERE = ""


class Watching:
    """One watch of all namespaces; where only single ones may be watched, one for each."""

    def __init__(self, target: Target, drift: Drift, listeners: Listeners, came_back: Callable[[], None]) -> None:
        self._target = target
        self._drift = drift
        self._listeners = listeners
        self._came_back = came_back
        self._stop = Event()
        self._lock = Lock()
        self._watched: set[str] = set()
        self._wanted: frozenset[str] = frozenset()
        self._single = False

    def watch(self, namespaces: Collection[str], *, everywhere: bool) -> None:
        """Watches these namespaces from now on; all at once when `everywhere` and allowed."""
        with self._lock:
            self._wanted = frozenset(namespaces)
            self._single = self._single or not everywhere
            self._begin()

    def stop(self) -> None:
        self._stop.set()

    def _begin(self) -> None:
        for namespace in (self._wanted if self._single else {EVERYWHERE}) - self._watched:
            self._watched.add(namespace)
            Thread(target=self._keep, args=(namespace,), name=f"syncd-watch-{namespace}", daemon=True).start()

    def _keep(self, namespace: str) -> None:
        wait, first, lost = FIRST, True, False
        while not self._stop.is_set():
            try:
                for what in self._target.watch_secrets(namespace, self._stop):
                    self._drift.see(what, namespace=namespace, first=first)
                    first = False
                    if isinstance(what, SecretList):
                        wait = FIRST
                        self._hold(namespace, lost=lost)
                        lost = False
            except Denied as error:
                if namespace == EVERYWHERE and self._split():
                    return
                lost = self._lose(namespace, error.message, error.hint, lost=lost)
            except ClusterError as error:
                lost = self._lose(namespace, error.message, error.hint, lost=lost)
            except Exception as error:  # a watch must not end
                log.exception("a watch failed in syncd")
                lost = self._lose(namespace, f"{type(error).__name__} in syncd", "please report it", lost=lost)
            self._stop.wait(wait)
            wait = min(wait * 2, LONGEST)

    def _hold(self, namespace: str, *, lost: bool) -> None:
        self._listeners.tell(WatchHolds(namespace))
        if lost:
            self._came_back()

    def _lose(self, namespace: str, message: str, hint: str, *, lost: bool) -> bool:
        """Told once for each time that it is lost."""
        if not lost:
            self._listeners.tell(WatchLost(namespace, message, hint))
        return True

    def _split(self) -> bool:
        """One watch for each namespace, as that of all of them is not allowed. False when there are none."""
        with self._lock:
            if not self._wanted:
                return False
            self._single = True
            self._begin()
            return True
