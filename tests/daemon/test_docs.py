"""docs/run.md against the code: every word that the daemon says is explained."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from syncd.daemon import notify
from syncd.daemon.backoff import LEAST
from syncd.daemon.clock import STEP
from syncd.daemon.outcomes import State
from syncd.daemon.passes import CONFIRM
from syncd.daemon.run import LONG, SETTLED, SWEEP
from syncd.daemon.status import Standing, _standing
from syncd.manifests import extensions
from syncd.settings import BY_NAME

PAGE = (Path(__file__).parents[2] / "docs" / "run.md").read_text()


def told(word: str) -> bool:
    return re.search(rf"`{re.escape(word)}[`:]", PAGE) is not None


@pytest.mark.parametrize("state", ["waiting", *State])
def test_every_state_is_told(state: str) -> None:
    """Of `/status`."""
    assert told(state)


@pytest.mark.parametrize("field", [*_standing(Standing()), "nextSync", "source", "secret"])
def test_every_field_is_told(field: str) -> None:
    """Of an ExternalSecret in `/status`."""
    assert told(field)


def test_every_event_is_told() -> None:
    """By its reason."""
    reasons = {*notify._DONE.values(), *re.findall(r'"([A-Z][a-z]+[A-Za-z]*)"', inspect.getsource(notify))}
    assert [] == [reason for reason in sorted(reasons) if not told(reason)]


@pytest.mark.parametrize("annotation", [extensions.SCHEDULE, extensions.PAUSE, extensions.ALLOW_MASS_CHANGE])
def test_every_annotation_is_told(annotation: str) -> None:
    """That matters to the daemon."""
    assert told(annotation)


def test_the_numbers_are_those_of_the_code() -> None:
    """In words or digits."""
    assert (5.0, 5.0, 10.0, 10.0, 600.0, 900.0) == (LEAST, STEP, CONFIRM, SETTLED, SWEEP, LONG)
    assert all(
        words in PAGE
        for words in (
            "after 5 s",
            "by five seconds",
            "ten seconds later",
            "stood so for ten seconds",
            "every ten minutes",
            "for 15 minutes",
        )
    )
    assert BY_NAME["listen"].default in PAGE
