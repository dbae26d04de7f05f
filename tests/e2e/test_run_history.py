"""Restarts are judged rightly."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.run_history import History, Verdict

USED = frozenset({("stripe", "KEY")})


def heard(*events: tuple[str, str]) -> History:
    """`("secret", value)`, `("other", value)` for another key of it, and `("web", template)`, in this order."""
    history = History()
    data: dict[str, str] = {}
    for version, (what, value) in enumerate(events):
        name = "web" if what == "web" else "stripe"
        item: dict[str, Any] = {"metadata": {"name": name, "resourceVersion": str(version)}}
        if what == "web":
            history.hear("deployments", "MODIFIED", {**item, "spec": {"template": value}})
            continue
        data |= {"KEY" if what == "secret" else "OTHER": value}
        history.hear("secrets", "MODIFIED", {**item, "data": dict(data)})
    return history


BEGIN = (("secret", "1"), ("web", "1"))


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        ((), Verdict(0, 0, 0, lost=False)),
        ((("other", "2"), ("web", "1")), Verdict(0, 0, 0, lost=False)),
        ((("secret", "2"), ("web", "2")), Verdict(1, 1, 0, lost=False)),
        ((("secret", "2"), ("secret", "3"), ("web", "2")), Verdict(2, 1, 0, lost=False)),
        ((("secret", "2"),), Verdict(1, 0, 0, lost=True)),
        ((("secret", "2"), ("web", "2"), ("secret", "3")), Verdict(2, 1, 0, lost=True)),
        ((("secret", "2"), ("web", "2"), ("web", "3")), Verdict(1, 2, 1, lost=False)),
        ((("other", "2"), ("web", "2")), Verdict(0, 1, 1, lost=False)),
    ],
    ids=["nothing", "another key", "one", "two at once", "none", "not the last", "twice", "for another key"],
)
def test_restarts_are_counted_against_changes(events: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    """What is lost, and what nobody needs."""
    assert verdict == heard(*BEGIN, *events).judge("web", USED)
