"""One pass, read top to bottom: fetch, render, observe, plan, guard, apply, restart, report.

`plan` stops before *apply*; nothing below knows whether it is a rehearsal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from syncd.cluster.api import Target
from syncd.errors import UsageError
from syncd.manifests.declarations import Declarations
from syncd.manifests.externalsecret import ExternalSecret
from syncd.model import Desired, Unknown
from syncd.reconcile.apply import apply
from syncd.reconcile.census import Counting
from syncd.reconcile.decide import Rules
from syncd.reconcile.fetch import Fetcher
from syncd.reconcile.observe import Observer
from syncd.reconcile.options import Options, Progress, Selection, Stage, now, silent
from syncd.reconcile.orphans import with_orphans
from syncd.reconcile.owners import owners
from syncd.reconcile.plan import Plan, make_plan
from syncd.reconcile.pool import WritePool
from syncd.reconcile.render import Context, render
from syncd.reconcile.report import Report, Round
from syncd.reconcile.restart import restart
from syncd.sources.selection import select

ROUNDS = 3
"""How often a pass decides about what loses a race."""
EVERYTHING = Selection()


class Reconciler:
    """Makes passes over what `source` declares. Stores stay open from pass to pass; `close` ends their logins.

    Use it from one thread.
    """

    def __init__(
        self, source: Callable[[], Declarations], target: Target, options: Options, *, progress: Progress = silent
    ) -> None:
        self._source = source
        self._target = target
        self._options = options
        self._progress = progress
        self._fetcher = Fetcher(target, options, progress)
        self._pool: WritePool | None = None

    def plan(self, selection: Selection = EVERYTHING) -> Plan:
        """What `sync` would do now. Writes nothing, not even a fingerprint key.

        Raises ManifestError, UsageError and ClusterError.
        """
        one = self._begin(selection, creates_key=False)
        return one.plan(one.desired(), everything=not selection)

    def sync(self, selection: Selection = EVERYTHING) -> Report:
        """Makes what is there equal to what should be; what loses a race is decided again, never forced.

        Raises ManifestError, UsageError and ClusterError; what goes wrong with one declaration is in the report.
        """
        one = self._begin(selection, creates_key=True)
        desired = one.desired()
        pool = self._pool = WritePool(self._options.writers)
        rounds = [one.round(desired, pool, everything=not selection)]
        while rounds[-1].conflicts and len(rounds) < ROUNDS and not pool.interrupted:
            again = [declared for declared in desired if declared.name in rounds[-1].conflicts]
            rounds.append(one.round(again, pool, everything=False))
        return Report(tuple(rounds), interrupted=pool.interrupted)

    def interrupt(self) -> bool:
        """Lets a pass that writes finish what it has begun, and begin nothing more; for signal handlers.

        False when nothing is being written: then it can be left at once.
        """
        if self._pool is None:
            return False
        self._pool.interrupt()
        return True

    def close(self) -> None:
        """Ends logins that were made for the stores. Bounded in time."""
        self._fetcher.close()

    def _begin(self, selection: Selection, *, creates_key: bool) -> _Pass:
        if self._options.prune and selection:
            raise UsageError("`--prune` looks at everything: it cannot stand beside names or a selector")
        declarations, moment = self._source(), now()
        return _Pass(
            selected=select(declarations, selection.names, selection.selector),
            declarations=declarations,
            target=self._target,
            options=self._options,
            progress=self._progress,
            fetcher=self._fetcher,
            observer=Observer(self._target, declarations, self._options, creates_key=creates_key),
            counting=Counting(self._target, declarations, self._options, moment),
            rules=Rules(
                adopt=self._options.adopt,
                declared=owners(declarations, self._options.installation),
                installation=self._options.installation,
                now=moment,
            ),
        )


@dataclass(frozen=True, slots=True)
class _Pass:
    """One pass over one set of declarations."""

    selected: Sequence[ExternalSecret]
    declarations: Declarations
    target: Target
    options: Options
    progress: Progress
    fetcher: Fetcher
    observer: Observer
    counting: Counting
    rules: Rules

    def desired(self) -> list[Desired | Unknown]:
        answers = self.fetcher.fetch(self.declarations, self.selected)
        context = Context(
            installation=self.options.installation,
            restarts=self.options.restarts,
            now=self.rules.now,
            stores=self.declarations.stores,
        )
        return [render(declaration, answers, context) for declaration in self.selected]

    def plan(self, desired: Sequence[Desired | Unknown], *, everything: bool) -> Plan:
        self.progress(Stage("Comparing", 0, len(desired)))
        seen = self.observer.observe(desired, everything=everything)
        plan = make_plan(desired, seen.secrets, seen.users, keyring=seen.keyring, rules=self.rules)
        plan = with_orphans(replace(plan, hints=seen.hints), seen.orphans, prune=self.options.prune)
        return self.counting.guarded(plan, self.fetcher.endpoints)

    def round(self, desired: Sequence[Desired | Unknown], pool: WritePool, *, everything: bool) -> Round:
        plan = self.plan(desired, everything=everything)
        plan = self.counting.record(plan, self.fetcher.endpoints)
        self.progress(Stage("Writing", 0, len(plan.applied_changes)))
        applied = apply(plan, self.target, pool)
        self.progress(Stage("Restarting", 0, len(plan.restarts)))
        return Round(plan, applied, restart(plan, applied, self.target, pool))
