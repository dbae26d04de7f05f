"""Matches the names of secrets as `find.name.regexp` does: RE2, anywhere in the name."""

from __future__ import annotations

from collections.abc import Callable

import re2

from syncd.providers.api import Failure, StoreError


def name_matcher(expression: str) -> Callable[[str], bool]:
    """Says whether a name matches; `""` matches all. Raises StoreError (MISCONFIGURED) for what is not RE2."""
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(expression, options=options)
    except re2.error:
        message = f"find.name.regexp: `{expression}` is no valid expression"
        hint = "the syntax is RE2: no look-around and no back-references"
        raise StoreError(Failure.MISCONFIGURED, message, hint=hint) from None
    return lambda name: compiled.search(name) is not None
