"""The regular expressions of manifests, which are those of RE2."""

from __future__ import annotations

from functools import lru_cache

import re2

from syncd.manifests.fields import refused


@lru_cache(maxsize=1024)
def _fault(pattern: str) -> str:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        return bytes(error.args[0]).decode()
    return ""


def check(pattern: str) -> str:
    """Returns the pattern; raises the error of a validator when RE2 cannot read it."""
    fault = _fault(pattern)
    if fault:
        raise refused(f"not a regular expression of RE2: {fault}")
    return pattern
