"""A plan with what it was made from."""

from __future__ import annotations

from dataclasses import dataclass, field

from syncd.manifests.declarations import Declarations
from syncd.manifests.externalsecret import ExternalSecret
from syncd.model import Desired, Unknown
from syncd.reconcile.answers import Answers
from syncd.reconcile.gather import Gathering
from syncd.reconcile.plan import Plan


@dataclass(frozen=True, slots=True)
class Survey:
    """Of the declarations `selected`: what the stores answered, what that makes, and what would be done."""

    declarations: Declarations
    selected: tuple[ExternalSecret, ...] = ()
    answers: Answers = field(default_factory=lambda: Answers({}), repr=False)
    desired: tuple[Desired | Unknown, ...] = ()
    plan: Plan = field(default_factory=Plan)

    def gathering(self, declaration: ExternalSecret) -> Gathering:
        return Gathering(declaration, self.answers, self.declarations.generators)
