"""What the log says, beside what the daemon's own tests see of it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syncd.daemon.events import PassFinished, Paused, Pruning, Retrying, Swept, WatchHolds, WatchLost
from syncd.daemon.narrate import Narrator
from syncd.daemon.queue import Lane
from syncd.model import Missing, ObjectName, SecretObject, TargetKind
from syncd.reconcile.apply import Applied, Result, Write
from syncd.reconcile.changes import Orphan
from syncd.reconcile.plan import Plan
from syncd.reconcile.report import Report, Round
from syncd.reconcile.restart import Restarted
from tests.reconcile.build import planned, wanted

AT = datetime(2031, 1, 31, 4, 5, 6, 700_000, tzinfo=UTC)
A, B = ObjectName("shop", "a"), ObjectName("shop", "b")


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "syncd")
    return caplog


def left(*names: ObjectName) -> Report:
    """Of a search that found these orphans."""
    orphans = tuple(Orphan(name, f"files/{name}") for name in names)
    return Report((Round(replace(Plan(), orphans=orphans), Applied(), Restarted()),))


def test_the_next_try_is_told(said: pytest.LogCaptureFixture) -> None:
    """In one line, however many have failed: the soonest of them."""
    Narrator().hear(Retrying({B: AT + timedelta(seconds=1), A: AT}))
    assert ["ExternalSecret `shop/a` (and 1 more): next try at 2031-01-31T04:05:06Z"] == said.messages


def test_pauses_are_told_when_they_begin_and_end(said: pytest.LogCaptureFixture) -> None:
    """And not at a start without any."""
    narrator = Narrator()
    for writes, restarts in ((False, False), (True, True), (False, False)):
        narrator.hear(Paused(writes, restarts))
    expected = ["writes and restarts are paused: they are planned, and shown as such"]
    assert [*expected, "writes and restarts are paused no more"] == said.messages


def test_what_is_watched_is_told_by_kind(said: pytest.LogCaptureFixture) -> None:
    """Secrets and ConfigMaps have watches of their own."""
    narrator = Narrator()
    narrator.hear(WatchHolds(""))
    narrator.hear(WatchLost("shop", "denied", "grant it", TargetKind.CONFIG_MAP))
    assert [
        "Secrets are watched",
        "ConfigMaps in namespace `shop` are not watched for now: denied; hint: grant it",
    ] == said.messages


def test_changes_are_told_by_kind(said: pytest.LogCaptureFixture) -> None:
    """And orphans."""
    name = ObjectName("shop", "conf", TargetKind.CONFIG_MAP)
    plan = planned(wanted({"KEY": "1"}, name=name), {name: Missing()})
    write = Write(plan.changes[0], Result.DONE, SecretObject(name))
    report = Report((Round(plan, Applied(writes=(write,)), Restarted()),))
    narrator = Narrator()
    narrator.hear(PassFinished((), (), Lane.NEW, report, AT, 0.1))
    narrator.hear(Swept(left(name), AT))
    told = [message.partition("; ")[0] for message in said.messages if "conf" in message]
    expected = "ConfigMap `shop/configmap/conf`: create: it does not exist"
    assert [expected, "ConfigMap `shop/configmap/conf` is ours and no longer declared"] == told


@pytest.mark.parametrize(
    ("pruning", "expected"),
    [
        (Pruning.OFF, ("WARNING", "; hint: `--prune` deletes what is")),
        (Pruning.WAITS, ("INFO", ": it is deleted in 10 s unless it is declared again")),
        (Pruning.HELD, ("WARNING", ": it is kept while files do not load")),
        (Pruning.ON, ("WARNING", ": it is kept until what its declaration asks for now stands")),
    ],
)
def test_what_becomes_of_orphans_is_told(
    said: pytest.LogCaptureFixture, pruning: Pruning, expected: tuple[str, str]
) -> None:
    """What is to be deleted anyway is no warning, and nothing is said that does not help."""
    Narrator().hear(Swept(left(A), AT, pruning, 9.7))
    start = "Secret `shop/a` is ours and no longer declared"
    assert [expected] == [(one.levelname, one.getMessage().removeprefix(start)) for one in said.records]


def test_orphans_are_told_anew_when_their_fate_changes(said: pytest.LogCaptureFixture) -> None:
    """And not with every search."""
    narrator = Narrator()
    for pruning in (Pruning.WAITS, Pruning.WAITS, Pruning.HELD, Pruning.HELD):
        narrator.hear(Swept(left(A), AT, pruning, 9.7))
    assert ["INFO", "WARNING"] == [one.levelname for one in said.records]
