"""What must not stop the daemon, nor make it noisy: clocks that are set, stores and targets that are away."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import Signals as Signal

import pytest
import requests

from syncd.cluster.api import SecretPatch
from syncd.daemon.events import ClockStepped, Drifted, PassFinished, QueueChanged
from syncd.daemon.queue import Lane
from syncd.model import ObjectName, SecretValue
from syncd.providers.fake import FakeStore
from tests.daemon.house import House
from tests.servers.openbao import wait_for

HOUR = 3600.0
A = ObjectName("shop", "a")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, "a", "b")


@pytest.mark.parametrize("step", [-HOUR, HOUR])
def test_a_clock_that_is_set_holds_up_nothing(house: House, monkeypatch: pytest.MonkeyPatch, step: float) -> None:
    """It is told; refreshes go on by the new time, and pauses after failures by the clock that nobody sets."""
    monkeypatch.setattr("syncd.daemon.backoff.LEAST", 0.5)
    house.declare("a", refreshInterval="1s")
    (house.folder / "keys" / "b").unlink()
    house.wrong = -step
    with house.running():
        house.becomes(a="1", b="")
        house.wrong = 0.0
        wait_for(lambda: bool(house.heard.of(ClockStepped)))
        house.put("a", "2")
        house.put("b", "late")
        house.becomes(a="2", b="late")
    assert [pytest.approx(step, abs=1)] == [event.seconds for event in house.heard.of(ClockStepped)]


def test_a_schedule_takes_the_place_of_the_interval(house: House) -> None:
    """`syncd.dev/schedule`, in its own time zone."""
    house.declare("a", refreshInterval="1s", annotations={"syncd.dev/schedule": "TZ=Asia/Tokyo 30 4 * * *"})
    with house.running() as daemon:
        house.becomes(a="1", b="1")
        shown = requests.get(f"http://127.0.0.1:{daemon.port}/status", timeout=10).json()["externalSecrets"]
    assert "19:30:00Z" == shown[0]["nextSync"].partition("T")[2]


def test_signs_of_others_on_a_secret_are_no_reason_to_write(house: House) -> None:
    """It is compared with its stores, and left as it is when nothing that counts differs."""
    with house.running():
        house.becomes(a="1", b="1")
        before = len(house.target.writes)
        secret = house.target.secrets[A]
        house.target.patch_secret(SecretPatch(A, secret.uid, secret.resource_version, set_annotations={"x": "y"}))
        wait_for(lambda: len(house.heard.of(PassFinished)) > 1)
    assert ([A], before + 1) == ([event.secret for event in house.heard.of(Drifted)], len(house.target.writes))


def test_secrets_of_others_are_none_of_our_business(house: House) -> None:
    """Whatever happens to them."""
    other = ObjectName("shop", "theirs")
    with house.running():
        house.becomes(a="1", b="1")
        foreign = replace(house.target.secrets[A], name=other, labels={}, annotations={})
        house.target.put_secret(foreign)
        del house.target.secrets[other]
        secret = house.target.secrets[A]
        house.target.patch_secret(
            SecretPatch(A, secret.uid, secret.resource_version, set_data={"KEY": SecretValue("foreign")})
        )
        wait_for(lambda: bool(house.heard.of(Drifted)))
        house.becomes(a="1")
    assert {A} == {event.secret for event in house.heard.of(Drifted)}


def test_a_failure_that_goes_on_is_one_event(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the Secret; when it works again and fails again, there is another."""
    monkeypatch.setattr("syncd.daemon.backoff.LEAST", 0.05)
    (house.folder / "keys" / "a").unlink()

    def told() -> list[str]:
        return [note.reason for note in house.target.notes if note.secret == A]

    with house.running() as daemon:
        wait_for(lambda: len(house.heard.of(PassFinished)) >= 4)
        assert ["SyncFailed"] == told()
        house.put("a", "late")
        house.becomes(a="late")
        (house.folder / "keys" / "a").unlink()
        daemon._sync(A)
        wait_for(lambda: ["SyncFailed", "Created", "SyncFailed"] == told())


def test_a_store_that_hangs_for_ever_recovers(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its call is given up at the deadline, which is told as a failure; the next one may work."""
    monkeypatch.setattr("syncd.daemon.backoff.LEAST", 0.2)
    right = FakeStore.fetch
    monkeypatch.setattr(FakeStore, "fetch", lambda *_: threading.Event().wait())
    house.store("hang", {"fake": {"data": [{"key": "c", "value": "1"}]}})
    house.declare("c", of="hang")
    house.options = replace(house.options, provider_timeout=0.2)
    with house.running() as daemon:
        house.becomes(a="1", b="1", c="")
        wait_for(lambda: daemon._status.standing(ObjectName("shop", "c")).failures >= 2)
        assert "" == daemon._unhealthy()
        monkeypatch.setattr(FakeStore, "fetch", right)
        house.becomes(c="1")


def test_a_refused_removal_is_refused_at_every_retry_until_the_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retries come name by name, and none slips through; all have the one id, and a yes to it lets all go."""
    monkeypatch.setattr("syncd.daemon.passes.CONFIRM", 0.2)
    monkeypatch.setattr("syncd.daemon.backoff.LEAST", 0.2)
    names = [f"s{number}" for number in range(5)]
    house = House(tmp_path, *names)
    for name in names:
        house.declare(name, target={"deletionPolicy": "Delete"})

    def refused() -> list[str]:
        return [one.id for event in house.heard.of(PassFinished) for one in event.report.plan.refusals]

    house.reload = lambda: replace(house.options, allowed=frozenset(refused()))
    with house.running() as daemon:
        house.becomes(**dict.fromkeys(names, "1"))
        for name in names:
            (house.folder / "keys" / name).unlink()
        daemon._sync(None)
        wait_for(lambda: len(refused()) > 2 * len(names))
        house.becomes(**dict.fromkeys(names, "1"))
        assert 1 == len({*refused()})
        house.signals.give(Signal.SIGHUP)
        house.becomes(**dict.fromkeys(names, ""))


def test_a_fight_over_a_secret_holds_up_no_rotation(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Healing waits ever longer; what is due by schedule comes all the same."""
    monkeypatch.setattr("syncd.daemon.drift.FIRST", 300.0)
    house.declare("a", refreshInterval="1s")
    with house.running():
        house.becomes(a="1", b="1")
        for number in range(3):
            secret = house.target.secrets[A]
            patch = SecretPatch(A, secret.uid, secret.resource_version, set_data={"KEY": SecretValue(f"x{number}")})
            house.target.patch_secret(patch)
            house.becomes(a="1")
        house.put("a", "2")
        house.becomes(a="2")


def test_a_pause_that_ends_some_day_leaves_the_schedule_as_it_is(house: House) -> None:
    """What is paused is read and planned; `/status` says when."""
    house.declare("a", annotations={"syncd.dev/pause": (datetime.now(UTC) + timedelta(days=3)).isoformat()})
    with house.running() as daemon:
        house.becomes(a="", b="1")
        url = f"http://127.0.0.1:{daemon.port}/status"
        wait_for(lambda: "paused" == requests.get(url, timeout=10).json()["externalSecrets"][0]["state"])
        shown = datetime.fromisoformat(requests.get(url, timeout=10).json()["externalSecrets"][0]["nextSync"])
    assert shown < datetime.now(UTC) + timedelta(hours=1, minutes=1)


def test_what_waits_and_what_is_under_way_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a pass begins, not only when it ends; and when what waits is declared no more."""
    monkeypatch.setattr(FakeStore, "fetch", lambda *_: threading.Event().wait())
    for name in ("a", "b"):
        (house.manifests / f"{name}.yaml").unlink()
    house.options = replace(house.options, provider_timeout=30.0)
    house.store("hang", {"fake": {"data": [{"key": "c", "value": "1"}]}})
    house.declare("c", of="hang")

    def depth() -> tuple[int, int]:
        last = house.heard.of(QueueChanged)[-1]
        return last.waiting[Lane.NEW], last.under_way

    with house.running(passes=1):
        wait_for(lambda: (0, 1) == depth())
        house.declare("a")
        wait_for(lambda: (1, 1) == depth())
        (house.manifests / "a.yaml").unlink()
        wait_for(lambda: (0, 1) == depth())
