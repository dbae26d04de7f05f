"""Watches that break, are denied, or are not wanted any more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from syncd.cluster.api import SecretList, SecretSeen
from syncd.daemon import watching
from syncd.daemon.drift import Drift
from syncd.daemon.events import Listeners, WatchEnded, WatchHolds, WatchLost
from syncd.daemon.watching import Watching
from syncd.errors import ClusterError, Unauthenticated, Unreachable
from syncd.model import TargetKind
from tests.daemon.house import Heard
from tests.servers.fake_target import FakeTarget
from tests.servers.openbao import wait_for

AWAY = Unreachable("away")


class Troubled(FakeTarget):
    """Its watches may not begin, or break off as soon as they have."""

    def __init__(self) -> None:
        super().__init__()
        self.away: ClusterError | None = None
        self.breaks = False
        self.begun = 0

    def watch_secrets(
        self, namespace: str, stop: threading.Event, kind: TargetKind = TargetKind.SECRET
    ) -> Iterator[SecretList | SecretSeen]:
        self.begun += 1
        if self.away:
            raise self.away
        for seen in super().watch_secrets(namespace, stop, kind):
            yield seen
            if self.breaks:
                raise Unreachable("broken off")


class Scene:
    def __init__(self) -> None:
        self.target, self.heard, self.back = Troubled(), Heard(), 0
        drift = Drift(lambda *_: None, lambda: 0.0)
        self.watching = Watching(self.target, drift, Listeners([self.heard]), self._came_back)

    def _came_back(self) -> None:
        self.back += 1

    def namespaces(self, kind: type[Any]) -> list[str]:
        return sorted(event.namespace for event in self.heard.of(kind))

    def threads(self) -> list[str]:
        return sorted(t.name for t in threading.enumerate() if t.name.startswith("syncd-watch-secrets-test"))


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(watching, "FIRST", 0.02)
    scene = Scene()
    yield scene
    scene.watching.stop()
    wait_for(lambda: not scene.threads())


def test_a_namespace_that_is_not_wanted_any_more_is_not_watched(scene: Scene) -> None:
    """Else each that ever was would have a thread and a connection for ever."""
    scene.watching.watch(["test-a", "test-b"], everywhere=False)
    scene.watching.watch(["test-b"], everywhere=False)
    wait_for(lambda: ["syncd-watch-secrets-test-b"] == scene.threads())


def test_a_lost_watch_that_is_not_wanted_any_more_has_ended(scene: Scene) -> None:
    """So that nobody is alerted for ever."""
    scene.target.away = AWAY
    scene.watching.watch(["test-a"], everywhere=False)
    wait_for(lambda: bool(scene.heard.of(WatchLost)))
    scene.watching.watch([], everywhere=False)
    wait_for(lambda: ["test-a"] == scene.namespaces(WatchEnded))


def test_a_lost_watch_of_all_ends_when_it_is_split(scene: Scene) -> None:
    """An outage at the start, and then too few rights."""
    scene.target.away = AWAY
    scene.watching.watch(["test-a"], everywhere=True)
    wait_for(lambda: bool(scene.heard.of(WatchLost)))
    scene.target.deny("watch", "secrets", "")
    scene.target.away = None
    wait_for(lambda: ([""], ["test-a"]) == (scene.namespaces(WatchEnded), scene.namespaces(WatchHolds)))


def test_refused_credentials_do_not_split_the_watch_of_all(scene: Scene) -> None:
    """They may be renewed; it is lost until then, and holds again as it was."""
    scene.target.away = Unauthenticated("expired")
    scene.watching.watch(["test-a"], everywhere=True)
    wait_for(lambda: bool(scene.heard.of(WatchLost)))
    scene.target.away = None
    wait_for(lambda: bool(scene.heard.of(WatchHolds)))
    assert ([""], [""]) == (scene.namespaces(WatchLost), scene.namespaces(WatchHolds))


def test_a_watch_that_breaks_off_is_not_lost(scene: Scene) -> None:
    """It is begun again, ever more slowly, and nothing that waits is hastened."""
    scene.target.breaks = True
    scene.watching.watch(["test-a"], everywhere=False)
    wait_for(lambda: scene.target.begun > 3)
    assert ([], 0) == (scene.heard.of(WatchLost), scene.back)


def test_what_waits_is_hastened_when_the_target_is_back(scene: Scene) -> None:
    """Once."""
    scene.target.away = AWAY
    scene.watching.watch(["test-a"], everywhere=False)
    wait_for(lambda: bool(scene.heard.of(WatchLost)))
    scene.target.away = None
    wait_for(lambda: scene.back == 1)


def test_one_kind_that_may_not_be_watched_everywhere_splits_alone(scene: Scene) -> None:
    """The right for the other is there, and one watch is enough."""
    drift, kinds = Drift(lambda *_: None, lambda: 0.0), [TargetKind.SECRET, TargetKind.CONFIG_MAP]
    watching = Watching(scene.target, drift, Listeners([scene.heard]), lambda: None, kinds=kinds)
    scene.target.deny("watch", "configmaps", "")
    watching.watch(["test-a"], everywhere=True)
    expected = {("", TargetKind.SECRET), ("test-a", TargetKind.CONFIG_MAP)}
    wait_for(lambda: expected == {(event.namespace, event.kind) for event in scene.heard.of(WatchHolds)})
    watching.stop()
