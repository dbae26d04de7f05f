"""Makes the passes that the queue holds, and says when what failed is tried again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Thread

from syncd.daemon.backoff import Backoff, Miss
from syncd.daemon.clock import Clock
from syncd.daemon.events import Listeners, PassBegun, PassFailed, PassFinished, QueueChanged, Retrying
from syncd.daemon.groups import Every, Group, by_name, groups
from syncd.daemon.outcomes import Outcome, State, outcomes, silent_store
from syncd.daemon.queue import Batch, Lane, Queue
from syncd.errors import SyncdError
from syncd.log import where_raised
from syncd.manifests.declarations import Declarations
from syncd.manifests.extensions import PAUSE
from syncd.model import ObjectName
from syncd.reconcile.answers import stores_of
from syncd.reconcile.options import Selection
from syncd.reconcile.pause import pause_end
from syncd.reconcile.reconciler import Reconciler

log = logging.getLogger("syncd.run")

CONFIRM = 10.0
"""Seconds after which an absence is looked at again."""
IDLE = 1.0
SWEEP = "the search for orphans"
"""A group beside those of declarations, of one name that no declaration has."""
EVERYTHING = ObjectName("", "")


@dataclass(frozen=True, slots=True)
class Declared:
    """What is declared, by name: its group, its Secret, and when its pauses end."""

    groups: Mapping[str, Group] = field(default_factory=dict)
    group_of: Mapping[ObjectName, Group] = field(default_factory=dict)
    secret_of: Mapping[ObjectName, ObjectName] = field(default_factory=dict)
    pauses: Mapping[ObjectName, Sequence[datetime]] = field(default_factory=dict)

    @classmethod
    def of(cls, declarations: Declarations) -> Declared:
        found = groups(declarations)
        secrets = {one.object_name: one.target_name for one in declarations.external_secrets}
        return cls(found, by_name(found), secrets, _pauses(declarations))


def _pauses(declarations: Declarations) -> dict[ObjectName, list[datetime]]:
    """When pauses end that do so by themselves: a declaration's own, and those of its Namespace and stores."""
    of_namespaces = {name: pause_end({PAUSE: value}) for name, value in declarations.references.pauses.items()}
    of_stores = {str(key): pause_end(store.metadata.annotations) for key, store in declarations.stores.items()}
    found: dict[ObjectName, list[datetime]] = {}
    for one in declarations.external_secrets:
        around = of_namespaces.get(one.metadata.namespace), *map(of_stores.get, stores_of(one))
        ends = [pause_end(one.metadata.annotations), *around]
        found[one.object_name] = [end for end in ends if end]
    return {name: ends for name, ends in found.items() if ends}


class Passes:
    """Threads that take batches. A batch of a store that hangs holds up one of them, and no other group."""

    def __init__(
        self, reconciler: Reconciler, listeners: Listeners, wall: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self.queue = Queue()
        self.backoff = Backoff()
        self.clock = Clock(self._due, wall=wall, monotonic=monotonic)
        self._reconciler = reconciler
        self._listeners = listeners
        self._declared = Declared()
        self._threads: list[Thread] = []
        self._sweep: Callable[[], None] = lambda: None
        self._began: dict[str, float] = {}
        self._stopping = False

    def start(self, threads: int) -> None:
        self.clock.start()
        for number in range(threads):
            thread = Thread(target=self._work, name=f"syncd-pass-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """No pass begins any more; `join` waits for those under way."""
        self._stopping = True
        self.queue.close()

    def join(self, deadline: float) -> bool:
        """Whether all passes have ended by `deadline`, on the monotonic clock."""
        for thread in self._threads:
            thread.join(max(0.0, deadline - self.clock.monotonic()))
        self.clock.stop()
        return not any(thread.is_alive() for thread in self._threads)

    @property
    def alive(self) -> bool:
        return self.clock.alive and all(thread.is_alive() for thread in self._threads)

    def oldest(self) -> float:
        """For how many seconds the pass has been under way that began first; 0 when there is none."""
        return self.clock.monotonic() - min(list(self._began.values()), default=self.clock.monotonic())

    def declare(self, declarations: Declarations, changed: Collection[ObjectName]) -> None:
        """From now on these are declared; what has changed goes on the queue at once."""
        before, self._declared = self._declared, Declared.of(declarations)
        gone = before.secret_of.keys() - self._declared.secret_of.keys()
        self.queue.drop(gone)
        self.backoff.forget(gone)
        self.backoff.keep_stores({store for group in self._declared.groups.values() for store in group.stores})
        self.clock.keep(self._declared.groups)
        self.want(changed)
        if gone:
            self._tell_depth()

    def want(self, names: Iterable[ObjectName]) -> int:
        """Puts declarations on the queue, in the order of the manifests and before all that is periodic.

        How many of them there are.
        """
        wanted = {*names}
        known = [name for name in self._declared.group_of if name in wanted]
        self.backoff.forget(known)
        self._add(known, Lane.NEW)
        return len(known)

    def heal(self, names: Iterable[ObjectName], wait: float) -> None:
        """As `want`, after so many seconds, unless its schedule comes before."""
        if not wait:
            self.want(names)
            return
        for name in names:
            self.backoff.later(name, self.clock.monotonic() + wait, holds=False)
        self._set_alarm()

    def hasten(self) -> None:
        """Tries all that waits now: what it failed at may work again."""
        self.want(list(self.backoff.waiting()))

    def sweep_at(self, due: float, sweep: Callable[[], None]) -> None:
        """Has `sweep` called once, by a pass thread, at `due` on the monotonic clock."""
        self._sweep = sweep
        self.clock.at("sweep", due, lambda: self.queue.add(SWEEP, [EVERYTHING], Lane.PERIODIC))

    def next_sync(self, name: ObjectName) -> datetime | None:
        """By schedule, or because something is waited for; None when neither brings a pass."""
        group = self._declared.group_of.get(name)
        scheduled = self.clock.next_of(group.id) if group else None
        waiting = self.backoff.due_of(name)
        if waiting is None:
            return scheduled
        due, holds = self.clock.when(waiting[0]), waiting[1]
        return due if holds or scheduled is None else min(due, scheduled)

    def _due(self, group_id: str) -> None:
        """Called by the clock."""
        group = self._declared.groups.get(group_id)
        if group is None:
            return
        now = self.clock.monotonic()
        self._add([name for name in group.names if not self.backoff.rests(name, group.stores, now)], Lane.PERIODIC)
        self._set_alarm()

    def _retry(self) -> None:
        """Called by the clock."""
        self._add(self.backoff.due(self.clock.monotonic()), Lane.PERIODIC)
        self._set_alarm()

    def _set_alarm(self) -> None:
        if due := self.backoff.next_due():
            self.clock.at("retries", due, self._retry)

    def _add(self, names: Iterable[ObjectName], lane: Lane) -> None:
        by_group: dict[str, list[ObjectName]] = {}
        for name in names:
            if group := self._declared.group_of.get(name):
                by_group.setdefault(group.id, []).append(name)
        for group_id, members in by_group.items():
            self.queue.add(group_id, members, lane)
        if by_group:
            self._tell_depth()

    def _tell_depth(self) -> None:
        self._listeners.tell(QueueChanged(*self.queue.depth(without=SWEEP)))

    def _work(self) -> None:
        while not self._stopping:
            batch = self.queue.wait(IDLE)
            if batch is None:
                continue
            self._tell_depth()
            try:
                if batch.group == SWEEP:
                    self._sweep()
                else:
                    self._make(batch)
            except Exception:  # the thread must go on
                log.exception("a pass failed in syncd")
            finally:
                self.queue.done(batch)
                self._tell_depth()

    def _make(self, batch: Batch) -> None:
        names = tuple(name for name in batch.names if name in self._declared.secret_of)
        if not names:
            return
        self._listeners.tell(PassBegun(names, batch.lane, self.clock.now()))
        began = self._began[batch.group] = self.clock.monotonic()
        try:
            report = self._reconciler.sync(Selection(tuple(map(str, names))))
            found = outcomes(report, {name: self._declared.secret_of.get(name, name) for name in names})
        except Exception as error:  # noqa: BLE001  # told, and tried again
            self._fail(names, batch.lane, error, self.clock.monotonic() - began)
            return
        finally:
            del self._began[batch.group]
        group = self._declared.group_of.get(names[0])
        stores = group.stores if group else ()
        duration = self.clock.monotonic() - began
        if self._stopping and not report.writes:
            return  # what it did not do, it did not do because syncd ends
        self._listeners.tell(PassFinished(names, stores, batch.lane, report, self.clock.now(), duration))
        if not self._stopping:
            self._settle(found, stores)

    def _fail(self, names: tuple[ObjectName, ...], lane: Lane, error: Exception, duration: float) -> None:
        message, hint = f"{type(error).__name__} in syncd", "this is a bug; please report it"
        if isinstance(error, SyncdError):
            message, hint = error.message, error.hint
        else:
            log.error("a pass failed: %s", where_raised(error))
        self._listeners.tell(PassFailed(names, lane, message, hint, self.clock.now(), duration))
        self._settle(dict.fromkeys(names, Outcome(State.FAILED, message, hint, passing=True)), ())

    def _settle(self, found: Mapping[ObjectName, Outcome], stores: tuple[str, ...]) -> None:
        """Who failed is tried again later; who is fine, and the stores that answered, begin anew.

        What is declared no more since the pass began is neither.
        """
        now, declared = self.clock.monotonic(), self._declared
        found = {name: one for name, one in found.items() if name in declared.secret_of}
        fine = [name for name, one in found.items() if one.fine]
        misses = [self._miss(name, one) for name, one in found.items() if not one.fine]
        if silent := silent_store(found, stores):
            due = dict.fromkeys(found, self.backoff.store_failed(silent, misses, now))
        else:
            self.backoff.succeeded(fine, stores if fine else ())
            due = self.backoff.failed(misses, now)
        for name, one in found.items():
            if one.state is State.UNCONFIRMED:
                self.backoff.later(name, now + CONFIRM, holds=True)
            elif one.state is State.PAUSED and (rest := self._rest_of_pause(name)):
                self.backoff.later(name, now + rest, holds=False)
        self._set_alarm()
        if due:
            self._listeners.tell(Retrying({name: self.clock.when(at) for name, at in due.items()}))

    def _rest_of_pause(self, name: ObjectName) -> float:
        """Seconds; 0 when no pause of the declaration ends by itself."""
        now = self.clock.now()
        rests = [(end - now).total_seconds() for end in self._declared.pauses.get(name, ())]
        return min((rest for rest in rests if rest > 0), default=0.0)

    def _miss(self, name: ObjectName, outcome: Outcome) -> Miss:
        group = self._declared.group_of.get(name)
        interval = group.rhythm.seconds if group and isinstance(group.rhythm, Every) else None
        return Miss(name, interval, outcome.passing, outcome.retry_after)
