"""One pass, read top to bottom: fetch, render, observe, plan, guard, apply, restart, report.

`plan` stops before *apply*; nothing below knows whether it is a rehearsal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from threading import Event, Lock

from syncd.cluster.api import Target
from syncd.errors import UsageError
from syncd.manifests.declarations import Declarations
from syncd.manifests.externalsecret import ExternalSecret
from syncd.model import Desired, ObjectName, Present, RestartMode, Unknown
from syncd.providers.jobs import Statistics
from syncd.providers.schedule import Load
from syncd.reconcile.apply import Applied, apply
from syncd.reconcile.census import Counting
from syncd.reconcile.decide import Rules
from syncd.reconcile.fetch import Fetcher
from syncd.reconcile.holds import Absences, pause
from syncd.reconcile.observe import Observer
from syncd.reconcile.options import Options, Progress, Selection, Stage, now, silent
from syncd.reconcile.orphans import with_orphans
from syncd.reconcile.owed import Tracked
from syncd.reconcile.owners import Claims
from syncd.reconcile.pause import paused_namespaces
from syncd.reconcile.plan import Plan, make_plan
from syncd.reconcile.pool import WritePool
from syncd.reconcile.rendering import fetched, made_of, rendered
from syncd.reconcile.report import Report, Round
from syncd.reconcile.restart import Restarted, restart
from syncd.reconcile.survey import Survey
from syncd.reconcile.tracking import beside
from syncd.reconcile.turns import Turns
from syncd.sources.selection import select

ROUNDS = 3
"""How often a pass decides about what loses a race."""
EVERYTHING = Selection()


class Reconciler:
    """Makes passes over what `source` declares. Stores stay open from pass to pass; `close` ends their logins.

    Passes over different declarations may run in several threads. `options` may be replaced: each pass goes by those
    that it found when it began.
    """

    def __init__(
        self, source: Callable[[], Declarations], target: Target, options: Options, *, progress: Progress = silent
    ) -> None:
        self.options = options
        self._source = source
        self._target = target
        self._progress = progress
        self._fetcher = Fetcher(target, options, progress)
        self._shared = _Shared()

    def plan(self, selection: Selection = EVERYTHING) -> Plan:
        """What `sync` would do now. Writes nothing, not even a fingerprint key.

        Raises ManifestError, UsageError and ClusterError.
        """
        one = self._begin(selection, creates_key=False)
        return one.plan(one.desired(), everything=not selection)

    def survey(self, selection: Selection) -> Survey:
        """A plan with what it was made from, for whoever wants to explain it. Writes nothing.

        Raises ManifestError, UsageError and ClusterError.
        """
        one = self._begin(selection, creates_key=False)
        answers = fetched(one.declarations, one.selected, self._fetcher, one.options)
        desired = made_of(answers, one.declarations, one.selected, one.options, one.rules.now)
        return Survey(
            one.declarations, tuple(one.selected), answers, tuple(desired), one.plan(desired, everything=False)
        )

    def sync(self, selection: Selection = EVERYTHING) -> Report:
        """Makes what is there equal to what should be; what loses a race is decided again, never forced.

        Raises ManifestError, UsageError and ClusterError; what goes wrong with one declaration is in the report.
        """
        return self._carry_out(self._begin(selection, creates_key=True), everything=not selection)

    def sweep(self, *, prune: bool = False) -> Report:
        """A pass over no declaration: it asks no store, and only finds (with `prune`, deletes) the orphans.

        Raises ManifestError and ClusterError.
        """
        one = self._begin(EVERYTHING, creates_key=False)
        options = replace(one.options, prune=prune or one.options.prune)
        return self._carry_out(replace(one, selected=(), options=options), everything=True)

    def asked(self) -> tuple[Mapping[str, Statistics], Mapping[str, Load]]:
        """What each store was asked since the start, by `Kind/namespace/name`, and how busy each lane is."""
        return self._fetcher.asked()

    def interrupt(self) -> bool:
        """Lets passes that write finish what they have begun, and begin nothing more; for signal handlers.

        False when nothing is being written: then they can be left at once.
        """
        return self._shared.interrupt()

    def close(self) -> None:
        """Ends logins that were made for the stores. Bounded in time."""
        self._fetcher.close()

    def _carry_out(self, one: _Pass, *, everything: bool) -> Report:
        desired = one.desired()
        pool = self._shared.pool(one.options.writers)
        try:
            rounds = [one.round(desired, pool, everything=everything)]
            while rounds[-1].conflicts and len(rounds) < ROUNDS and not pool.interrupted:
                again = [declared for declared in desired if declared.name in rounds[-1].conflicts]
                rounds.append(one.round(again, pool, everything=False))
            return Report(tuple(rounds), interrupted=pool.interrupted)
        finally:
            self._shared.done(pool)

    def _begin(self, selection: Selection, *, creates_key: bool) -> _Pass:
        options = self.options
        if options.prune and selection:
            raise UsageError("`--prune` looks at everything: it cannot stand beside names or a selector")
        declarations, moment = self._source(), now()
        claims = self._shared.claims(declarations, options.installation, options.restarts)
        return _Pass(
            number=next(self._shared.numbers),
            selected=select(declarations, selection.names, selection.selector),
            declarations=declarations,
            target=self._target,
            options=options,
            progress=self._progress,
            fetcher=self._fetcher,
            observer=Observer(
                self._target, claims.targets, options, creates_key=creates_key and not options.pause_writes
            ),
            counting=Counting(self._target, declarations, options, moment),
            rules=Rules(
                adopt=options.adopt,
                declared=claims.targets,
                shared=claims.modes,
                installation=options.installation,
                now=moment,
            ),
            shared=self._shared,
        )


@dataclass(slots=True)
class _Shared:
    """What passes in several threads have in common."""

    numbers: count[int] = field(default_factory=lambda: count(1))
    removing: Lock = field(default_factory=Lock)
    """Held by the one pass that decides on removals, from reading what was removed to writing it down."""
    turns: Turns = field(default_factory=Turns)
    absences: Absences = field(default_factory=Absences)
    _claims: Claims | None = None
    """Those of the last declarations, which most passes share."""
    _pools: list[WritePool] = field(default_factory=list)
    _stopping: Event = field(default_factory=Event)

    def claims(self, declarations: Declarations, installation: str, default: RestartMode) -> Claims:
        """Made once for each set of declarations: it goes over all of them."""
        known = self._claims
        if known is None or not known.made_of(declarations, installation, default):
            known = self._claims = Claims.of(declarations, installation, default)
        return known

    def pool(self, workers: int) -> WritePool:
        pool = WritePool(workers)
        self._pools.append(pool)
        if self._stopping.is_set():
            pool.interrupt()
        return pool

    def done(self, pool: WritePool) -> None:
        self._pools.remove(pool)

    def interrupt(self) -> bool:
        """Takes no lock: it runs in signal handlers."""
        self._stopping.set()
        pools = list(self._pools)
        for pool in pools:
            pool.interrupt()
        return bool(pools)


@dataclass(frozen=True, slots=True)
class _Pass:
    """One pass over one set of declarations."""

    number: int
    selected: Sequence[ExternalSecret]
    declarations: Declarations
    target: Target
    options: Options
    progress: Progress
    fetcher: Fetcher
    observer: Observer
    counting: Counting
    rules: Rules
    shared: _Shared

    def desired(self) -> list[Desired | Unknown]:
        return rendered(self.declarations, self.selected, self.fetcher, self.options, self.rules.now)

    def plan(self, desired: Sequence[Desired | Unknown], *, everything: bool) -> Plan:
        return self.counting.guarded(self._planned(desired, everything=everything), self.fetcher.endpoints)

    def _planned(self, desired: Sequence[Desired | Unknown], *, everything: bool) -> Plan:
        self.progress(Stage("Comparing", 0, len(desired)))
        seen = self.observer.observe(desired, everything=everything)
        plan = make_plan(desired, seen.secrets, seen.users, keyring=seen.keyring, rules=self.rules)
        plan = replace(plan, hints=seen.hints)
        plan = with_orphans(plan, seen.orphans, prune=self.options.prune, serving=seen.serving)
        namespaces = paused_namespaces(self.declarations.references.pauses, self.rules.now)
        writes, restarts = self.options.pause_writes, self.options.pause_restarts
        return pause(plan, writes=writes, restarts=restarts, namespaces=namespaces)

    def round(self, desired: Sequence[Desired | Unknown], pool: WritePool, *, everything: bool) -> Round:
        with self.shared.turns.taken(one.name.namespace for one in desired):
            return self._round(desired, pool, everything=everything)

    def _round(self, desired: Sequence[Desired | Unknown], pool: WritePool, *, everything: bool) -> Round:
        plan = self._planned(desired, everything=everything)
        with self.shared.removing:
            plan = self._removing(plan, desired)
        if self.options.pause_writes:
            return Round(plan, Applied(), Restarted())
        self.progress(Stage("Writing", 0, len(plan.applied_changes)))
        applied = apply(plan, self.target, pool)
        self.progress(Stage("Restarting", 0, len(plan.restarts)))
        return Round(plan, applied, restart(plan, applied, self.target, pool, self._look))

    def _look(self, names: Collection[ObjectName]) -> Mapping[ObjectName, Tracked]:
        seen = self.target.read_secrets(names).values() if names else ()
        found = (beside(one.secret, self.rules) for one in seen if isinstance(one, Present))
        return {one.name: one for one in found if one}

    def _removing(self, plan: Plan, desired: Sequence[Desired | Unknown]) -> Plan:
        if self.options.confirm_absence:
            names = {one.name for one in desired}
            if seen := self.shared.absences.seen:
                names |= seen.keys() - {*self.rules.declared.values()}  # what is declared no more is forgotten
            plan, self.shared.absences = self.shared.absences.hold(plan, names, self.number)
        plan = self.counting.guarded(plan, self.fetcher.endpoints, self.shared.absences.seen)
        return self.counting.record(plan, self.fetcher.endpoints)
