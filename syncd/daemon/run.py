"""`syncd run`, put together: manifests, clock, queue, passes, drift, server; and what keeps an eye on them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from syncd.cluster.api import Target
from syncd.daemon.drift import Drift
from syncd.daemon.events import ClockStepped, Drifted, Listener, Listeners, Loaded, Paused, Pruning, StoresAsked, Swept
from syncd.daemon.groups import changed, names_of, targets_of
from syncd.daemon.manifests import Manifests, State
from syncd.daemon.narrate import Narrator, sentence
from syncd.daemon.notify import Notifier
from syncd.daemon.passes import Passes
from syncd.daemon.server import Address, Files, Pages, Server
from syncd.daemon.signals import RELOAD, Signals
from syncd.daemon.status import Status
from syncd.daemon.watching import Watching
from syncd.errors import SyncdError
from syncd.manifests.declarations import Declarations, Validation
from syncd.model import ObjectName
from syncd.reconcile.options import Options
from syncd.reconcile.reconciler import Reconciler

log = logging.getLogger("syncd.run")

TICK = 1.0
"""Seconds between two looks at the manifests, the clock and the certificate."""
STALE = 30.0
"""Seconds without a look after which the main thread counts as hung."""
LONG = 900.0
"""Seconds; a pass that takes longer hangs: everything in it has a deadline."""
SWEEP = 600.0
"""Seconds between two searches for orphans; a change of the manifests brings one too."""
SETTLED = 10.0
"""Seconds that manifests must have stood before what they declare no more is deleted: a file that is being written may
be empty for a moment, and what comes in the place of something should be there first."""
DRAIN = 4.0
"""Seconds in which stores are closed and passes are waited for when syncd ends."""
REST = 0.7
"""Seconds more for answers that are under way."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the command line asks for."""

    paths: Sequence[str]
    namespace: str
    validation: Validation
    options: Options
    address: Address | None
    files: Files = field(default_factory=Files)
    passes: int = 8
    """Passes that may be under way at once."""
    reload: Callable[[], Options] | None = None
    """Reads the settings again. Raises UsageError."""


class Daemon:
    """Runs from `run` to its return. The main thread polls, everything else has threads of its own."""

    def __init__(
        self,
        setup: Setup,
        target: Target,
        *,
        metrics: Callable[[str], tuple[bytes, str]],
        listeners: Sequence[Listener] = (),
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._setup = setup
        self._target = target
        self._monotonic = monotonic
        self._manifests = Manifests(setup.paths, namespace=setup.namespace, validation=setup.validation)
        self._drift = Drift(self._heal, monotonic)
        self._status = Status(lambda name: self._passes.next_sync(name))
        notifier = Notifier(target)
        self._listeners = Listeners([self._status, self._drift, notifier, Narrator(), *listeners])
        options = replace(setup.options, prune=False, confirm_absence=True)
        self._reconciler = Reconciler(lambda: self._manifests.declarations, target, options)
        self._passes = Passes(self._reconciler, self._listeners, wall, monotonic)
        self._watching = Watching(target, self._drift, self._listeners, self._passes.hasten, kinds=setup.options.kinds)
        self._notifier = notifier
        self._seen = Declarations()
        self._beat = self._moved = monotonic()
        self._prune = setup.options.prune
        self._server = self._make_server(metrics)
        self.port = 0

    def run(self, signals: Signals) -> None:
        """Until a signal to stop. Raises ManifestError and UsageError when it cannot begin."""
        self._manifests.start()
        if self._server:
            self.port = self._server.start()
            log.info("listening", extra={"port": self.port})
        self._tell_paused()
        self._notifier.start()
        self._passes.start(self._setup.passes)
        self._take_manifests()
        if not self._seen.external_secrets:  # else it has been seen to
            self._sweep_later(0.0)
        try:
            self._look_after(signals)
        finally:
            self._end()

    def _look_after(self, signals: Signals) -> None:
        while True:
            signal = signals.wait(TICK)
            self._beat = self._monotonic()
            if signal in RELOAD:
                self._reload()
            elif signal is not None:
                log.info("stopping on %s", signal.name)
                return
            elif self._read(self._manifests.poll):
                self._take_manifests()
            if step := self._passes.clock.check():
                self._listeners.tell(ClockStepped(step))
            if self._server and (wrong := self._server.refresh_certificate()):
                log.error("the old certificate stays in use: %s", wrong)

    def _read(self, read: Callable[[], bool]) -> bool:
        """Whether manifests were read; what is in force stays in force when that fails."""
        try:
            return read()
        except Exception:  # the daemon must go on
            log.exception("the manifests cannot be read again")
            return False

    def _end(self) -> None:
        """Writes under way are finished, no others begin; what has not ended by then is left."""
        deadline = self._monotonic() + DRAIN
        self._passes.stop()
        self._watching.stop()
        self._reconciler.interrupt()
        self._reconciler.close()
        if not self._passes.join(deadline):
            log.warning("a pass had not ended; the next start goes on from there")
        if self._server:
            self._server.stop(REST)
        log.info("stopped")

    def _take_manifests(self) -> None:
        """The first time, or after they were read again."""
        now, before = self._manifests.declarations, self._seen
        if moved := targets_of(before) != targets_of(now):
            self._moved = self._monotonic()
        self._seen = now
        news, removed = changed(before, now), names_of(before) - names_of(now)
        self._listeners.tell(Loaded(now, self._manifests.problems, news, removed))
        for warning in now.warnings:
            log.warning("manifest: %s", warning)
        self._passes.declare(now, news)
        namespaces = self._setup.options.namespaces or {one.target_name.namespace for one in now.external_secrets}
        self._watching.watch(namespaces, everywhere=not self._setup.options.namespaces)
        if moved:  # some may be orphans now, or none any more
            self._sweep_later(0.0)

    def _reload(self) -> None:
        """SIGHUP: the manifests, and of the settings those that may change while syncd runs."""
        log.info("reading manifests and settings again")
        if self._read(self._manifests.read):
            self._take_manifests()
        if self._setup.reload is None:
            return
        try:
            new = self._setup.reload()
        except SyncdError as error:
            log.error("the settings stay as they are: %s", sentence(error.message, error.hint))  # noqa: TRY400  # theirs
            return
        old = self._reconciler.options
        self._reconciler.options = replace(
            old, pause_writes=new.pause_writes, pause_restarts=new.pause_restarts, allowed=new.allowed
        )
        if self._reconciler.options != old:
            self._tell_paused()
            self._passes.want(names_of(self._seen))

    def _tell_paused(self) -> None:
        options = self._reconciler.options
        self._listeners.tell(Paused(options.pause_writes, options.pause_restarts))

    def _heal(self, secret: ObjectName, declarations: Sequence[ObjectName], wait: float) -> None:
        self._listeners.tell(Drifted(secret))
        self._passes.heal(declarations, wait)

    def _sweep_later(self, seconds: float) -> None:
        self._passes.sweep_at(self._monotonic() + seconds, self._sweep)

    def _sweep(self) -> None:
        """Looks for orphans, and deletes them where that is due. In a pass thread."""
        rest = 0.0
        try:
            with self._manifests.held() as state:
                pruning, rest = self._pruning(state)
                report = self._reconciler.sweep(prune=pruning is Pruning.ON)
            self._listeners.tell(Swept(report, self._passes.clock.now(), pruning, rest))
        except SyncdError as error:
            log.warning("orphans were not looked for: %s", sentence(error.message, error.hint))
        finally:
            self._sweep_later(rest or SWEEP)

    def _pruning(self, state: State) -> tuple[Pruning, float]:
        """And the seconds for which these manifests must stand yet."""
        if not self._prune:
            return Pruning.OFF, 0.0
        taken = state.declarations is self._seen  # else they have only just been read
        rest = max(0.0, self._moved + SETTLED - self._monotonic()) if taken else SETTLED
        if state.problems:
            return Pruning.HELD, rest
        return (Pruning.WAITS if rest else Pruning.ON), rest

    def _make_server(self, metrics: Callable[[str], tuple[bytes, str]]) -> Server | None:
        if self._setup.address is None:
            return None

        def scraped(accept: str) -> tuple[bytes, str]:
            self._listeners.tell(StoresAsked(*self._reconciler.asked()))
            return metrics(accept)

        pages = Pages(scraped, self._unhealthy, self._unready, self._status.document, self._sync)
        return Server(self._setup.address, pages, self._setup.files)

    def _sync(self, name: ObjectName | None) -> int:
        return self._passes.want([name] if name else names_of(self._seen))

    def _unhealthy(self) -> str:
        """Our own threads and nothing else: an outage elsewhere is no reason to be started anew."""
        if self._monotonic() - self._beat > STALE:
            return "the main thread hangs"
        if not self._passes.alive:
            return "the clock or a pass thread has ended"
        if (age := self._passes.oldest()) > LONG:
            return f"a pass has been under way for {age:.0f} s"
        return ""

    def _unready(self) -> str:
        return "" if self._status.ready else "not every declaration has been tried yet"
