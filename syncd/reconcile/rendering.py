"""Fetches and renders: what declarations ask for, before anything is known of the target."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from syncd.manifests.declarations import Declarations
from syncd.manifests.externalsecret import ExternalSecret
from syncd.model import Desired, Unknown
from syncd.reconcile.answers import Answers
from syncd.reconcile.fetch import Fetcher
from syncd.reconcile.options import Options
from syncd.reconcile.render import Context, render


def rendered(
    declarations: Declarations, selected: Sequence[ExternalSecret], fetcher: Fetcher, options: Options, moment: datetime
) -> list[Desired | Unknown]:
    """One for each that is selected. Raises nothing: what fails is Unknown."""
    answers = fetched(declarations, selected, fetcher, options)
    return made_of(answers, declarations, selected, options, moment)


def fetched(
    declarations: Declarations, selected: Sequence[ExternalSecret], fetcher: Fetcher, options: Options
) -> Answers:
    """What the stores answer; those are not asked for whom nothing may be written."""
    served = [one for one in selected if options.writes(one.target_name)]
    return fetcher.fetch(declarations, served)


def made_of(
    answers: Answers,
    declarations: Declarations,
    selected: Sequence[ExternalSecret],
    options: Options,
    moment: datetime,
) -> list[Desired | Unknown]:
    """What declarations make of the answers."""
    context = Context(
        installation=options.installation,
        restarts=options.restarts,
        now=moment,
        namespaces=options.namespaces,
        kinds=options.kinds,
        stores=declarations.stores,
        generators=declarations.generators,
    )
    return [render(declaration, answers, context) for declaration in selected]
