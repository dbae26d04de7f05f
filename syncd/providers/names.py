"""Matches the names of secrets as `find.name.regexp` does: RE2, anywhere in the name."""

from __future__ import annotations

from collections.abc import Callable

from syncd.errors import RenderError
from syncd.manifests.expressions import expression
from syncd.providers.api import Failure, StoreError


def name_matcher(pattern: str) -> Callable[[str], bool]:
    """Says whether a name matches; `""` matches all. Raises StoreError (MISCONFIGURED) for what is not RE2."""
    try:
        return expression(pattern).search
    except RenderError as error:
        message = f"find.name.regexp: {error.message}"
        raise StoreError(Failure.MISCONFIGURED, message, hint=error.hint) from None
