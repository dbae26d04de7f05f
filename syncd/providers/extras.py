"""The libraries that providers need and that come with an extra of syncd."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from syncd.errors import MissingExtra


@contextmanager
def extra(name: str, *libraries: str, provider: str) -> Iterator[None]:
    """For imports that need `libraries`, by their top-level names. Raises MissingExtra when one is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in libraries:
            raise
        raise MissingExtra(provider, name) from error
