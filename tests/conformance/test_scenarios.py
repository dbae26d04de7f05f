"""What becomes of Secrets, step by step, is what External Secrets Operator makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.conformance.play import FakeWorld, Play, scenarios


@pytest.mark.parametrize("scenario", [*scenarios()], ids=lambda scenario: scenario["id"])
def test_scenario(scenario: Mapping[str, Any]) -> None:
    """Each step changes manifests, the store or a Secret; then a sync runs, with `--adopt` and `--prune`."""
    play = Play(FakeWorld())
    for step in scenario["steps"]:
        assert (step["title"], step["expect"]) == (step["title"], play.step(step))
