"""What the log says, beside what the daemon's own tests see of it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syncd.daemon.events import PassFinished, Paused, Retrying, Swept, WatchHolds, WatchLost
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
    orphan = Orphan(name, "files/shop/conf")
    swept = Report((Round(replace(Plan(), orphans=(orphan,)), Applied(), Restarted()),))
    narrator.hear(Swept(swept, AT))
    told = [message.partition("; ")[0] for message in said.messages if "conf" in message]
    expected = "ConfigMap `shop/configmap/conf`: create: it does not exist"
    assert [expected, "ConfigMap `shop/configmap/conf` is ours and no longer declared"] == told
