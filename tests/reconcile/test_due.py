"""When generated values are made anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from syncd.model import OWNER, WROTE, ObjectName, Refresh, RefreshMode, SecretObject
from syncd.reconcile.changes import Authors
from syncd.reconcile.due import kept, wrote_now

NOW = datetime(2031, 1, 31, 4, 0, 0, 900_000, tzinfo=UTC)


def made(refresh: Refresh) -> SecretObject:
    """A Secret that was made just now."""
    authors = Authors().replacing("me", wrote_now(refresh, NOW))
    return SecretObject(ObjectName("shop", "app"), annotations={OWNER: "me", WROTE: str(authors)})


@pytest.mark.parametrize(
    ("every", "seconds", "expected"),
    [
        (3600.0, 3600.0, True),
        (3600.0, 3597.0, True),
        (3600.0, 3541.0, True),
        (3600.0, 3530.0, False),
        (86400.0, 86300.0, False),
        (10.0, 9.5, True),
        (10.0, 8.0, False),
        (0.0, 1e9, False),
    ],
)
def test_a_pass_that_begins_a_little_early_makes_new_values(every: float, seconds: float, expected: bool) -> None:
    """The pass before may have begun late, and the next one comes a whole interval later."""
    refresh = Refresh(RefreshMode.DUE, "digest", every)
    assert expected is not bool(kept(refresh, "me", made(refresh), NOW + timedelta(seconds=seconds)))
