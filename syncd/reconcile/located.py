"""Puts the path of a field in front of the errors that come from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from syncd.errors import RenderError, StoreError, TemplateError


@contextmanager
def located(field: str, entry: int | str | None = None) -> Iterator[None]:
    """Errors of the block begin with `field[entry]`. Their causes are cut off: a foreign text may hold a value."""
    path = field if entry is None else f"{field}[{entry}]"
    try:
        yield
    except (StoreError, RenderError) as error:
        error.message = f"{path}: {error.message}"
        if isinstance(error, TemplateError):
            error.path = (*field.split("."), *([] if entry is None else [entry]), *error.path)
        raise error from None
