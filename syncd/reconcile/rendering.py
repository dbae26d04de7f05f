"""Fetches and renders: what declarations ask for, before anything is known of the target."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from syncd.manifests.declarations import Declarations
from syncd.manifests.externalsecret import ExternalSecret
from syncd.model import Desired, Unknown
from syncd.reconcile.fetch import Fetcher
from syncd.reconcile.options import Options
from syncd.reconcile.render import Context, render


def rendered(
    declarations: Declarations, selected: Sequence[ExternalSecret], fetcher: Fetcher, options: Options, moment: datetime
) -> list[Desired | Unknown]:
    """One for each that is selected. Raises nothing: what fails is Unknown."""
    served = [one for one in selected if options.serves(one.target_name.namespace)]
    answers = fetcher.fetch(declarations, served)
    context = Context(
        installation=options.installation,
        restarts=options.restarts,
        now=moment,
        namespaces=options.namespaces,
        stores=declarations.stores,
        generators=declarations.generators,
    )
    return [render(declaration, answers, context) for declaration in selected]
