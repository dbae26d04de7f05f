"""What is remembered of declarations."""

from __future__ import annotations

from datetime import UTC, datetime

from syncd.daemon.events import Loaded, PassFailed
from syncd.daemon.outcomes import State
from syncd.daemon.queue import Lane
from syncd.daemon.status import Standing, Status
from syncd.model import ObjectName
from tests.daemon.test_drift import A, B, declared

NOW = datetime(2031, 1, 31, tzinfo=UTC)


def failed(*names: ObjectName) -> PassFailed:
    return PassFailed(names, Lane.NEW, "away", "", NOW, 0.1)


def test_nothing_is_kept_of_what_is_declared_no_more() -> None:
    """Though a pass that began before fails afterwards."""
    status = Status(lambda _: None)
    status.hear(Loaded(declared("a", "b")))
    status.hear(Loaded(declared("b"), removed=frozenset({A})))
    status.hear(failed(A, B))
    outcome = status.standing(B).outcome
    assert (Standing(), State.FAILED) == (status.standing(A), outcome and outcome.state)
