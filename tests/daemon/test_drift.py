"""What counts as drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from syncd.cluster.api import SecretList, SecretSeen
from syncd.daemon.drift import CALM, FIRST, LONGEST, Drift
from syncd.daemon.events import Loaded, PassBegun, PassFailed, PassFinished
from syncd.daemon.queue import Lane
from syncd.manifests.declarations import Declarations
from syncd.manifests.externalsecret import ExternalSecret
from syncd.model import MANAGED, ObjectName, SecretObject, TargetKind
from syncd.reconcile.apply import Applied, Result, Write
from syncd.reconcile.plan import Plan
from syncd.reconcile.report import Report, Round
from syncd.reconcile.restart import Restarted
from tests.reconcile.build import planned, there, wanted

NOW = datetime(2031, 1, 31, tzinfo=UTC)
LABELS = {MANAGED: "true"}
A, B = ObjectName("shop", "a"), ObjectName("shop", "b")


def declared(*names: str) -> Declarations:
    return Declarations(
        tuple(
            ExternalSecret.model_validate(
                {
                    "apiVersion": "external-secrets.io/v1",
                    "kind": "ExternalSecret",
                    "metadata": {"name": name, "namespace": "shop"},
                    "spec": {"secretStoreRef": {"name": "keys"}, "data": []},
                }
            )
            for name in names
        )
    )


def written(name: ObjectName, version: str, labels: Mapping[str, str] = LABELS) -> Report:
    """A pass that wrote one Secret."""
    plan = planned(wanted({"KEY": "2"}, name=name), {name: there({"KEY": "1"}, f"default/files/{name}", name)})
    write = Write(plan.changes[0], Result.DONE, SecretObject(name, labels=labels, resource_version=version))
    return Report((Round(plan, Applied(writes=(write,)), Restarted()),))


class Scene:
    """Drift over two declarations, both seen in version 1."""

    def __init__(self) -> None:
        self.healed: list[tuple[str, float]] = []
        self.at = 0.0
        self.drift = Drift(self._heal, lambda: self.at)
        self.drift.hear(Loaded(declared("a", "b")))
        self.drift.see(SecretList({A: "1", B: "1"}), first=True)

    def _heal(self, secret: ObjectName, declarations: Sequence[ObjectName], wait: float) -> None:
        assert [secret] == list(declarations)
        self.healed.append((secret.name, wait))

    def begin(self, *names: ObjectName) -> None:
        self.drift.hear(PassBegun(names, Lane.NEW, NOW))

    def end(self, report: Report, *names: ObjectName) -> None:
        self.drift.hear(PassFinished(names, (), Lane.NEW, report, NOW, 0.1))


EMPTY = Report((Round(Plan(), Applied(), Restarted()),))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_first_list_is_no_drift(scene: Scene) -> None:
    """It is how things stand; the first passes look at all of it."""
    assert [] == scene.healed


@pytest.mark.parametrize("version", ["2", ""])
def test_another_version_is_drift_once(scene: Scene, version: str) -> None:
    """Changed or gone; the same news again is none."""
    for _ in range(2):
        scene.drift.see(SecretSeen(A, version))
    assert [("a", 0.0)] == scene.healed


def test_a_later_list_tells_what_was_missed(scene: Scene) -> None:
    """What has another version in it, and what is no longer in it."""
    scene.drift.see(SecretList({B: "2"}))
    assert {("a", 0.0), ("b", 0.0)} == {*scene.healed}


def test_a_list_of_one_namespace_says_nothing_about_others(scene: Scene) -> None:
    """Each namespace may have a watch of its own."""
    scene.drift.see(SecretList({}), ObjectName("elsewhere", ""))
    assert [] == scene.healed


def test_a_list_of_configmaps_says_nothing_about_secrets(scene: Scene) -> None:
    """Each kind has a watch of its own."""
    scene.drift.see(SecretList({}), ObjectName("", "", TargetKind.CONFIG_MAP))
    assert [] == scene.healed
    scene.drift.see(SecretList({}), ObjectName("", ""))
    assert {("a", 0.0), ("b", 0.0)} == {*scene.healed}


def test_what_is_not_declared_does_not_matter(scene: Scene) -> None:
    """It is for the search for orphans."""
    scene.drift.see(SecretSeen(ObjectName("shop", "other"), "1"))
    assert [] == scene.healed


def test_our_own_write_is_no_drift_whenever_it_is_seen(scene: Scene) -> None:
    """Before the pass is over, and after."""
    scene.begin(A)
    scene.drift.see(SecretSeen(A, "2"))
    scene.end(written(A, "2"), A)
    scene.drift.see(SecretSeen(A, "2"))
    assert [] == scene.healed


def test_a_foreign_write_during_a_pass_is_judged_after_it(scene: Scene) -> None:
    """It may have come after the pass had looked."""
    scene.begin(A)
    scene.drift.see(SecretSeen(A, "3"))
    assert [] == scene.healed
    scene.end(written(A, "2"), A)
    assert [("a", 0.0)] == scene.healed


def test_what_a_pass_creates_and_somebody_deletes_at_once_is_healed(scene: Scene) -> None:
    """Although nothing was there before the pass either."""
    scene.drift.see(SecretSeen(A, ""))
    scene.begin(A)
    scene.drift.see(SecretSeen(A, "2"))
    scene.drift.see(SecretSeen(A, ""))
    scene.end(written(A, "2"), A)
    assert [("a", 0.0), ("a", FIRST)] == scene.healed


def test_a_pass_that_fails_is_over_too(scene: Scene) -> None:
    """What was seen meanwhile is not forgotten."""
    scene.begin(A)
    scene.drift.see(SecretSeen(A, "2"))
    scene.drift.hear(PassFailed((A,), Lane.NEW, "no answer", "", NOW, 0.1))
    assert [("a", 0.0)] == scene.healed


def test_a_fight_is_slowed_down(scene: Scene) -> None:
    """Another controller that always writes it back gets ever longer pauses, up to a bound."""
    for number in range(12):
        scene.drift.see(SecretSeen(A, str(number + 2)))
    waits = [wait for _, wait in scene.healed]
    assert [0.0, FIRST, 2 * FIRST, LONGEST] == [*waits[:3], waits[-1]]


def test_calm_is_rewarded(scene: Scene) -> None:
    """After a while the Secret is healed at once again."""
    for number in range(3):
        scene.drift.see(SecretSeen(A, str(number + 2)))
    scene.at = CALM + 1
    scene.drift.see(SecretSeen(A, "9"))
    assert 0.0 == scene.healed[-1][1]


def test_what_is_declared_no_more_is_forgotten(scene: Scene) -> None:
    """Also when it comes back: it is new then."""
    scene.drift.hear(Loaded(declared("b")))
    scene.drift.hear(Loaded(declared("a", "b")))
    scene.drift.see(SecretList({A: "1", B: "1"}), first=True)
    assert [] == scene.healed


def test_a_secret_that_is_declared_again_is_judged_again() -> None:
    """Its declaration went while a pass was about it."""
    scene = Scene()
    scene.begin(A)
    scene.drift.hear(Loaded(declared("b")))
    scene.end(Report((Round(Plan(), Applied(), Restarted()),)), A)
    scene.drift.hear(Loaded(declared("a", "b")))
    scene.drift.see(SecretSeen(A, "2"))
    assert [("a", 0.0)] == scene.healed


def test_a_secret_without_our_label_is_not_missed_in_a_list() -> None:
    """What is merged into others' Secrets is not watched."""
    scene = Scene()
    scene.end(written(A, "2", labels={}), A)
    scene.drift.see(SecretList({B: "1"}))
    assert [] == scene.healed
