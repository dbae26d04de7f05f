"""`syncd validate`: loads the manifests, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from syncd.cli.answer import Document, answer
from syncd.cli.reading import read_manifests, read_settings
from syncd.cli.request import Request
from syncd.cli.screen import Screen
from syncd.errors import ManifestError, Problem
from syncd.manifests import Declarations


def run(request: Request, screen: Screen) -> int:
    """Raises ManifestError, whose problems are in the document too, and UsageError."""
    settings = read_settings(request, screen)
    try:
        found = read_manifests(request, settings, screen)
    except ManifestError as error:
        answer(request, screen, "", _document(Declarations(), error.problems))
        raise
    answer(request, screen, _text(found), _document(found))
    return 0


def _text(found: Declarations) -> str:
    secrets, stores = len(found.external_secrets), len(found.stores)
    return f"{secrets} ExternalSecret{'s' if secrets != 1 else ''}, {stores} store{'s' if stores != 1 else ''}: valid\n"


def _document(found: Declarations, problems: Sequence[Problem] = ()) -> Document:
    return {
        "kind": "Validation",
        "valid": not problems,
        "externalSecrets": len(found.external_secrets),
        "stores": len(found.stores),
        "problems": [_problem(problem) for problem in problems],
        "warnings": [_problem(warning) for warning in found.warnings],
    }


def _problem(problem: Problem) -> Document:
    return {
        "where": problem.where or None,
        "subject": problem.subject or None,
        "path": problem.path or None,
        "message": problem.message,
        "hint": problem.hint or None,
    }
