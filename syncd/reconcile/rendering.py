"""Fetches and renders: what declarations ask for, before anything is known of the target."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from syncd.manifests.declarations import Declarations
from syncd.manifests.externalsecret import ExternalSecret
from syncd.model import Desired, ObjectName, Unknown
from syncd.reconcile.answers import Answers
from syncd.reconcile.fetch import Fetcher
from syncd.reconcile.options import Options
from syncd.reconcile.pause import paused_namespaces
from syncd.reconcile.render import Context, render


def rendered(
    declarations: Declarations, selected: Sequence[ExternalSecret], fetcher: Fetcher, options: Options, moment: datetime
) -> list[Desired | Unknown]:
    """One for each that is selected, made while others are still read. Raises nothing: what fails is Unknown."""
    made: dict[ObjectName, Desired | Unknown] = {}
    context = _context(declarations, options, moment)
    for answers, complete in fetcher.stream(declarations, _served(selected, options)):
        made |= {one.object_name: render(one, answers, context) for one in complete}
    nothing = Answers({})
    return [made.get(one.object_name) or render(one, nothing, context) for one in selected]


def fetched(
    declarations: Declarations, selected: Sequence[ExternalSecret], fetcher: Fetcher, options: Options
) -> Answers:
    """All answers at once, for `made_of`, and to be shown beside what that makes of them. Raises nothing."""
    return fetcher.fetch(declarations, _served(selected, options))


def made_of(
    answers: Answers,
    declarations: Declarations,
    selected: Sequence[ExternalSecret],
    options: Options,
    moment: datetime,
) -> list[Desired | Unknown]:
    """What declarations make of the answers."""
    context = _context(declarations, options, moment)
    return [render(declaration, answers, context) for declaration in selected]


def _served(selected: Sequence[ExternalSecret], options: Options) -> list[ExternalSecret]:
    """Stores are not asked for those for whom nothing may be written."""
    return [one for one in selected if options.writes(one.target_name)]


def _context(declarations: Declarations, options: Options, moment: datetime) -> Context:
    return Context(
        installation=options.installation,
        restarts=options.restarts,
        now=moment,
        namespaces=options.namespaces,
        kinds=options.kinds,
        stores=declarations.stores,
        generators=declarations.generators,
        paused=paused_namespaces(declarations.references.pauses, moment),
    )
