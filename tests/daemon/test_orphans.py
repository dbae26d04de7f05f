"""Orphans of the daemon: when they are looked for, and when they go."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from syncd.cluster.api import OwnedSecrets
from syncd.daemon import run
from syncd.daemon.events import Pruning, Swept
from syncd.model import ObjectName, TargetKind
from tests.daemon.house import House
from tests.servers.fake_target import FakeTarget
from tests.servers.openbao import wait_for

A = ObjectName("shop", "a")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, "a", "b")


def fates(house: House) -> set[tuple[Pruning, bool]]:
    """What was told of orphans, and whether they had time yet."""
    return {(event.pruning, event.rest > 0) for event in house.heard.of(Swept) if event.report.plan.orphans}


def test_what_is_declared_again_is_no_orphan(house: House) -> None:
    """That is seen at once, as it is when a declaration gets another target."""

    def orphans() -> list[ObjectName]:
        return [one.name for one in house.heard.of(Swept)[-1].report.plan.orphans]

    with house.running():
        house.becomes(a="1", b="1")
        house.declare("a", target={"name": "other"})
        wait_for(lambda: [A] == orphans())
        house.declare("a")
        wait_for(lambda: [ObjectName("shop", "other")] == orphans())


def test_orphans_are_pruned_when_asked_to(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--prune`."""
    monkeypatch.setattr(run, "SETTLED", 0.3)
    house.options = replace(house.options, prune=True)
    with house.running():
        house.becomes(a="1", b="1")
        (house.manifests / "a.yaml").unlink()
        house.becomes(a="", b="1")
    assert {(Pruning.WAITS, True)} == fates(house)


def test_a_file_that_is_empty_for_a_moment_loses_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one is while an editor writes it; a search that is due meanwhile only shows."""
    monkeypatch.setattr(run, "SETTLED", 600.0)
    house.options = replace(house.options, prune=True)
    with house.running():
        house.becomes(a="1", b="1")
        uid = house.target.secrets[A].uid
        text = (house.manifests / "a.yaml").read_text()
        house.save("a", "")
        wait_for(lambda: [A] == [one.name for event in house.heard.of(Swept) for one in event.report.plan.orphans])
        house.save("a", text)
        wait_for(lambda: 3 <= len(house.heard.of(Swept)) and not house.heard.of(Swept)[-1].report.plan.orphans)
    assert uid == house.target.secrets[A].uid


def test_a_search_for_orphans_that_fails_is_not_the_last(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it failed at."""

    class Broken(type(house.target)):  # type: ignore[misc]  # the class of the fake
        def owned_secrets(self, namespaces: Collection[str], kind: TargetKind = TargetKind.SECRET) -> OwnedSecrets:
            house.target.__class__ = FakeTarget
            raise RuntimeError("broken")

    monkeypatch.setattr(run, "SWEEP", 0.1)
    house.target.__class__ = Broken
    with house.running():
        wait_for(lambda: bool(house.heard.of(Swept)))


def test_nothing_is_pruned_while_a_file_is_broken(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows what it would declare."""
    monkeypatch.setattr(run, "SETTLED", 0.0)
    house.options = replace(house.options, prune=True)
    with house.running():
        house.becomes(a="1", b="1")
        house.save("b", "kind: [")
        (house.manifests / "a.yaml").unlink()
        wait_for(lambda: [A] == [one.name for event in house.heard.of(Swept) for one in event.report.plan.orphans])
    assert "1" == house.value("a")
    assert {Pruning.HELD} == {pruning for pruning, _ in fates(house)}


def test_orphans_are_looked_for_again_and_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a slow rate."""
    monkeypatch.setattr(run, "SWEEP", 0.1)
    with house.running():
        wait_for(lambda: len(house.heard.of(Swept)) >= 3)
