"""The metrics of the process, put aside while a test makes its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from syncd.metrics.table import FAMILIES


@contextmanager
def cleared() -> Iterator[None]:
    """No series inside; those of before are there again afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        for family in FAMILIES:
            patch.setattr(family, "_series", {})
        yield
