"""Puts the path of a field in front of the errors that come from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from syncd.errors import RenderError, StoreError


@contextmanager
def located(path: str) -> Iterator[None]:
    """Errors of the block begin with `path`. Their causes are cut off: a foreign text may hold a value."""
    try:
        yield
    except StoreError as error:
        message = f"{path}: {error.message}"
        raise StoreError(error.failure, message, hint=error.hint, retry_after=error.retry_after) from None
    except RenderError as error:
        raise RenderError(f"{path}: {error.message}", hint=error.hint) from None
