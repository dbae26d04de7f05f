"""Watches our Secrets and ConfigMaps for drift, in threads of its own, again and again whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from threading import Event, Lock, Thread
from time import monotonic

from syncd.cluster.api import SecretList, Target
from syncd.daemon.drift import Drift
from syncd.daemon.events import Listeners, WatchEnded, WatchHolds, WatchLost
from syncd.errors import ClusterError, Denied, Unauthenticated
from syncd.log import where_raised
from syncd.model import ObjectName, TargetKind

log = logging.getLogger("syncd.run")

FIRST = 1.0
"""Seconds before a watch that ended is begun again; doubled each time."""
LONGEST = 10.0
"""Few enough calls for a server that is down, and soon enough for all that waits for it."""
EVERYWHERE = ""


@dataclass(frozen=True, slots=True)
class _Watch:
    """What one thread watches: objects of a kind, in a namespace or in all."""

    kind: TargetKind
    namespace: str


class Watching:
    """Of each kind one watch of all namespaces; where only single ones may be watched, one for each that is wanted."""

    def __init__(
        self,
        target: Target,
        drift: Drift,
        listeners: Listeners,
        came_back: Callable[[], None],
        *,
        kinds: Collection[TargetKind] = (TargetKind.SECRET,),
    ) -> None:
        self._target = target
        self._drift = drift
        self._listeners = listeners
        self._came_back = came_back
        self._kinds = tuple(kinds)
        self._lock = Lock()
        self._stops: dict[_Watch, Event] = {}
        """What ends the thread of each."""
        self._wanted: frozenset[str] = frozenset()
        self._single: set[TargetKind] = set()

    def watch(self, namespaces: Collection[str], *, everywhere: bool) -> None:
        """Watches these namespaces from now on, and no others; all at once when `everywhere` and allowed."""
        with self._lock:
            self._wanted = frozenset(namespaces)
            if not everywhere:
                self._single.update(self._kinds)
            self._adjust()

    def stop(self) -> None:
        with self._lock:
            for stop in self._stops.values():
                stop.set()

    def _adjust(self) -> None:
        wanted = {
            _Watch(kind, namespace)
            for kind in self._kinds
            for namespace in (self._wanted if kind in self._single else (EVERYWHERE,))
        }
        for watch in self._stops.keys() - wanted:
            self._stops.pop(watch).set()
        for watch in wanted - self._stops.keys():
            stop = self._stops[watch] = Event()
            name = f"syncd-watch-{watch.kind.lower()}s-{watch.namespace}"
            Thread(target=self._keep, args=(watch, stop), name=name, daemon=True).start()

    def _keep(self, watch: _Watch, stop: Event) -> None:
        """One that held and breaks off is begun again, and lost only when that fails."""
        wait, first, lost = FIRST, True, False
        while not stop.is_set():
            began, held = monotonic(), False
            try:
                for what in self._target.watch_secrets(watch.namespace, stop, watch.kind):
                    self._drift.see(what, ObjectName(watch.namespace, "", watch.kind), first=first)
                    first = False
                    if isinstance(what, SecretList) and not held:
                        held = True
                        self._hold(watch, lost=lost)
                        lost = False
            except Exception as error:  # noqa: BLE001  # a watch must not end
                if watch.namespace == EVERYWHERE and _lacks_right(error) and self._split(watch.kind):
                    break
                lost = lost if held else self._lose(watch, error, lost=lost)
            wait = FIRST if monotonic() - began > LONGEST else wait
            stop.wait(wait)
            wait = min(wait * 2, LONGEST)
        if lost:
            self._listeners.tell(WatchEnded(watch.namespace, watch.kind))

    def _hold(self, watch: _Watch, *, lost: bool) -> None:
        self._listeners.tell(WatchHolds(watch.namespace, watch.kind))
        if lost:
            self._came_back()

    def _lose(self, watch: _Watch, error: Exception, *, lost: bool) -> bool:
        """Told once for each time that it is lost."""
        message, hint = f"{type(error).__name__} in syncd", "please report it"
        if isinstance(error, ClusterError):
            message, hint = error.message, error.hint
        else:
            log.error("a watch failed in syncd: %s", where_raised(error))
        if not lost:
            self._listeners.tell(WatchLost(watch.namespace, message, hint, watch.kind))
        return True

    def _split(self, kind: TargetKind) -> bool:
        """One watch for each namespace, as that of all of them is not allowed. False when there are none."""
        with self._lock:
            if not self._wanted:
                return False
            self._single.add(kind)
            self._adjust()
            return True


def _lacks_right(error: Exception) -> bool:
    """Credentials that have run out say nothing about rights, and may be accepted again."""
    return isinstance(error, Denied) and not isinstance(error, Unauthenticated)
