"""The daemon as a whole, over a target in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import Signals as Signal
from typing import Any

import pytest
import requests
import yaml

from syncd.cluster.api import SecretPatch
from syncd.daemon import passes, run
from syncd.daemon.events import Drifted, Loaded, PassFailed, PassFinished, Swept, WatchHolds
from syncd.daemon.manifests import Manifests
from syncd.daemon.outcomes import Outcome, outcomes
from syncd.errors import ManifestError, UsageError
from syncd.model import ObjectName, SecretValue, TargetKind
from syncd.providers.fake import FakeStore
from syncd.reconcile.options import Options
from syncd.reconcile.report import Report
from tests.daemon.house import House
from tests.servers.openbao import wait_for

A = ObjectName("shop", "a")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, "a", "b")


@pytest.fixture
def hangs(house: House, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set as soon as the store `hang` is asked, which never answers."""
    asked = threading.Event()

    def hang(*_: object) -> None:
        asked.set()
        threading.Event().wait()

    monkeypatch.setattr(FakeStore, "fetch", hang)
    house.store("hang", {"fake": {"data": [{"key": "c", "value": "1"}]}})
    return asked


def test_everything_is_synced_at_the_start(house: House) -> None:
    """In one pass for a group."""
    with house.running():
        house.becomes(a="1", b="1")
    assert [2] == [len(event.names) for event in house.heard.of(PassFinished)]


def test_a_rotation_arrives_by_schedule(house: House) -> None:
    """Without anybody asking."""
    house.declare("a", refreshInterval="1s")
    with house.running():
        house.becomes(a="1", b="1")
        house.put("a", "2")
        house.put("b", "2")
        house.becomes(a="2", b="1")


def test_an_unchanged_refresh_writes_nothing(house: House) -> None:
    """Nor does drift that is none."""
    house.declare("a", refreshInterval="1s")
    with house.running():
        house.becomes(a="1", b="1")
        writes = list(house.target.writes)
        begun = len(house.heard.of(PassFinished))
        wait_for(lambda: len(house.heard.of(PassFinished)) >= begun + 2)
    assert (writes, []) == (house.target.writes, house.heard.of(Drifted))


def test_new_and_edited_files_are_read(house: House) -> None:
    """Each declaration that changed is synced at once, and no other."""
    with house.running():
        house.becomes(a="1", b="1")
        house.put("c", "1")
        house.declare("c")
        house.becomes(c="1")
    assert frozenset({ObjectName("shop", "c")}) == house.heard.of(Loaded)[-1].changed


def test_a_mounted_configmap_is_read_when_its_link_turns(house: House, tmp_path: Path) -> None:
    """As the kubelet does it: files are links through `..data`, which is replaced."""
    mount = tmp_path / "mount"
    for version, key in (("..1", "a"), ("..2", "b")):
        (mount / version).mkdir(parents=True)
        text = (house.manifests / f"{key}.yaml").read_text().replace(f"name: {key}", "name: mounted")
        (mount / version / "one.yaml").write_text(text)
    (mount / "..data").symlink_to("..1")
    (mount / "one.yaml").symlink_to("..data/one.yaml")
    house.put("b", "other")
    with house.running(paths=[str(house.manifests), str(mount)]):
        house.becomes(mounted="1")
        (mount / "..next").symlink_to("..2")
        (mount / "..next").rename(mount / "..data")
        house.becomes(mounted="other")


def test_the_last_good_version_of_a_broken_file_stays(house: House) -> None:
    """Its declarations are refreshed as before, the problem is shown, and other files go on."""
    house.declare("a", refreshInterval="1s")
    with house.running() as daemon:
        house.becomes(a="1")
        house.save("a", "kind: [")
        house.put("c", "1")
        house.declare("c")
        house.becomes(c="1")
        house.put("a", "2")
        house.becomes(a="2")
        status = requests.get(f"http://127.0.0.1:{daemon.port}/status", timeout=10).json()
    assert [True] == ["a.yaml:2" in problem["message"] for problem in status["problems"]]


def test_a_file_that_goes_takes_its_declarations_with_it(house: House) -> None:
    """Their Secrets are kept, and shown as orphaned."""
    with house.running():
        house.becomes(a="1")
        (house.manifests / "a.yaml").unlink()
        wait_for(lambda: [A] == [one.name for event in house.heard.of(Swept) for one in event.report.plan.orphans])
    assert "1" == house.value("a")


def test_a_start_without_anything_to_do_fails(house: House) -> None:
    """A typing error in a path is told at once."""
    daemon = run.Daemon(replace(house.setup(), paths=["nowhere.yaml"]), house.target, metrics=lambda _: (b"", ""))
    with pytest.raises(ManifestError):
        daemon.run(house.signals)


def test_drift_is_healed(house: House) -> None:
    """A value that somebody wrote, and a Secret that somebody deleted."""
    with house.running():
        house.becomes(a="1", b="1")
        secret = house.target.secrets[A]
        patch = SecretPatch(A, secret.uid, secret.resource_version, set_data={"KEY": SecretValue("foreign")})
        house.target.patch_secret(patch)
        house.becomes(a="1")
        other = house.target.secrets[ObjectName("shop", "b")]
        house.target.delete_secret(other.name, other.uid, other.resource_version)
        house.becomes(b="1")
    assert {A, other.name} == {event.secret for event in house.heard.of(Drifted)}


def test_drift_of_configmaps_is_healed(house: House) -> None:
    """Where they may be written; the pass that compares them, and finds nothing that differs, writes nothing."""
    house.options = replace(house.options, configmaps=True)
    house.declare("a", target={"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}})
    name = replace(A, kind=TargetKind.CONFIG_MAP)

    def value() -> str:
        made = house.target.secrets.get(name)
        return made.data["KEY"].reveal().decode() if made else ""

    def change(**patch: Any) -> None:
        made = house.target.secrets[name]
        house.target.patch_secret(SecretPatch(name, made.uid, made.resource_version, **patch))

    with house.running() as daemon:
        wait_for(lambda: "1" == value() and daemon._passes.queue.idle)
        change(set_data={"KEY": SecretValue("foreign")})
        wait_for(lambda: "1" == value() and daemon._passes.queue.idle)
        made = house.target.secrets[name]
        house.target.delete_secret(name, made.uid, made.resource_version)
        wait_for(lambda: "1" == value() and daemon._passes.queue.idle)
        change(set_labels={"example.com/theirs": "yes"})
        writes = list(house.target.writes)
        wait_for(lambda: 3 == len(house.heard.of(Drifted)))
        wait_for(lambda: not daemon._passes.backoff.waiting() and daemon._passes.queue.idle, seconds=30)
    assert (writes, {name}) == (house.target.writes, {event.secret for event in house.heard.of(Drifted)})


def test_configmaps_that_may_not_be_written_are_not_watched(house: House) -> None:
    """Nobody has granted it either."""
    with house.running():
        house.becomes(a="1")
        wait_for(lambda: bool(house.heard.of(WatchHolds)))
    assert {TargetKind.SECRET} == {event.kind for event in house.heard.of(WatchHolds)}


def test_our_own_writes_are_no_drift(house: House) -> None:
    """Ten rotations in a row bring ten passes."""
    with house.running() as daemon:
        house.becomes(a="1", b="1")
        for number in range(10):
            house.put("a", str(number + 2))
            daemon._sync(A)
            house.becomes(a=str(number + 2))
        wait_for(lambda: daemon._passes.queue.idle)
    assert (11, []) == (len(house.heard.of(PassFinished)), house.heard.of(Drifted))


def test_a_watch_that_breaks_begins_again(house: House) -> None:
    """What happened meanwhile is seen."""
    with house.running():
        house.becomes(a="1")
        house.target.cut_watches = True
        time.sleep(0.1)
        del house.target.secrets[A]
        house.target.cut_watches = False
        house.becomes(a="1")


def test_an_absence_deletes_after_a_second_fetch(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which comes soon, whatever the interval is."""
    monkeypatch.setattr(passes, "CONFIRM", 0.3)
    house.declare("a", target={"deletionPolicy": "Delete"})
    with house.running() as daemon:
        house.becomes(a="1", b="1")
        (house.folder / "keys" / "a").unlink()
        daemon._sync(A)
        wait_for(lambda: len(house.heard.of(PassFinished)) > 1)
        assert "1" == house.value("a")
        house.becomes(a="", b="1")


def test_a_failure_is_tried_again_by_itself(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long before its interval."""
    monkeypatch.setattr("syncd.daemon.backoff.LEAST", 0.2)
    (house.folder / "keys" / "a").unlink()
    with house.running():
        house.becomes(a="", b="1")
        house.put("a", "late")
        house.becomes(a="late")


def test_a_paused_declaration_is_not_written(house: House) -> None:
    """And says so."""
    with house.running() as daemon:
        house.becomes(a="1", b="1")
        house.put("a", "2")
        house.declare("a", annotations={"syncd.dev/pause": "true"})
        url = f"http://127.0.0.1:{daemon.port}/status"
        wait_for(lambda: "paused" == requests.get(url, timeout=10).json()["externalSecrets"][0]["state"])
    assert "1" == house.value("a")


def test_a_pause_that_ends_is_over_by_itself(house: House) -> None:
    """Whatever the interval is."""
    end = datetime.now(UTC) + timedelta(seconds=0.8)
    house.declare("a", annotations={"syncd.dev/pause": end.isoformat()}, refreshInterval="0")
    with house.running():
        house.becomes(a="", b="1")
        house.becomes(a="1")


def test_the_pause_of_a_namespace_ends_by_itself(house: House) -> None:
    """What it held back is written then, whatever the interval is."""
    end = datetime.now(UTC) + timedelta(seconds=0.8)
    metadata = {"name": "shop", "annotations": {"syncd.dev/pause": end.isoformat()}}
    house.save("namespace", yaml.safe_dump({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}))
    house.declare("a", refreshInterval="0")
    with house.running():
        house.becomes(a="1", b="1")
    assert datetime.now(UTC) >= end


def test_an_end_in_the_middle_of_a_pass_is_no_failure(house: House, hangs: threading.Event) -> None:
    """Nobody is told that stores failed because syncd stops."""
    house.declare("c", of="hang")
    house.options = replace(house.options, provider_timeout=30.0)
    with house.running():
        assert hangs.wait(10)
        house.becomes(a="1", b="1")
    assert [("a", "b")] == [tuple(one.name for one in event.names) for event in house.heard.of(PassFinished)]


def test_what_goes_in_the_middle_of_its_pass_is_not_tried_again(house: House, hangs: threading.Event) -> None:
    """Though that pass fails: else it would be waited for as long as syncd runs."""
    house.declare("c", of="hang")
    with house.running() as daemon:
        assert hangs.wait(10)
        (house.manifests / "c.yaml").unlink()
        c = ObjectName("shop", "c")
        wait_for(lambda: any(c in event.names for event in house.heard.of(PassFinished)))
        wait_for(lambda: daemon._passes.queue.idle)
        assert {} == daemon._passes.backoff._names


def test_a_report_that_cannot_be_read_fails_its_pass(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, so that drift is judged again, and tried again."""
    broken = [True]

    def once_broken(report: Report, secrets: Mapping[ObjectName, ObjectName]) -> dict[ObjectName, Outcome]:
        if broken:
            broken.clear()
            raise RuntimeError("broken")
        return outcomes(report, secrets)

    monkeypatch.setattr("syncd.daemon.backoff.LEAST", 0.1)
    monkeypatch.setattr(passes, "outcomes", once_broken)
    with house.running() as daemon:
        wait_for(lambda: bool(house.heard.of(PassFailed)) and bool(house.heard.of(PassFinished)))
        wait_for(lambda: not daemon._drift._under_way)


def test_all_that_is_waited_for_at_the_end_ends_in_time() -> None:
    """Five seconds are promised: stores and passes, answers under way, and the rest of the process."""
    assert 5.0 > run.DRAIN + run.REST


def test_writes_can_be_paused_by_a_signal(house: House) -> None:
    """SIGHUP reads the settings again; when the pause ends, what was due is written."""
    house.options = replace(house.options, pause_writes=True)
    house.reload = lambda: Options(pause_writes=False)
    with house.running():
        wait_for(lambda: bool(house.heard.of(PassFinished)))
        assert [] == house.target.writes
        house.signals.give(Signal.SIGHUP)
        house.becomes(a="1", b="1")


def test_wrong_settings_change_nothing(house: House) -> None:
    """It goes on with the old ones."""

    def broken() -> Options:
        raise UsageError("`passes` is not a number")

    house.reload = broken
    with house.running():
        house.signals.give(Signal.SIGHUP)
        house.becomes(a="1", b="1")


def test_manifests_that_cannot_be_read_again_end_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong on SIGHUP: what is in force stays in force, and the settings are read all the same."""
    read = threading.Event()

    def reload() -> Options:
        read.set()
        return house.options

    def broken(_: object) -> None:
        raise RuntimeError("broken")

    house.declare("a", refreshInterval="1s")
    house.reload = reload
    with house.running():
        house.becomes(a="1", b="1")
        with monkeypatch.context() as patched:
            patched.setattr(Manifests, "read", broken)
            house.signals.give(Signal.SIGHUP)
            assert read.wait(10)
        house.put("a", "2")
        house.becomes(a="2")


@pytest.mark.usefixtures("hangs")
def test_a_store_that_hangs_holds_up_nobody_else(house: House) -> None:
    """Neither at the start nor later; and syncd ends although it hangs."""
    house.declare("c", of="hang", refreshInterval="1s")
    house.declare("a", refreshInterval="1s")
    with house.running():
        house.becomes(a="1", b="1")
        house.put("a", "2")
        house.becomes(a="2")


@pytest.mark.parametrize(("passes", "states"), [(1, ["waiting", "waiting"]), (2, ["synced", "waiting"])])
def test_as_many_passes_run_as_are_allowed(
    house: House, hangs: threading.Event, passes: int, states: list[str]
) -> None:
    """With one, a store that hangs holds up everybody until its deadline; with two, itself alone."""
    for name in ("a", "b"):
        (house.manifests / f"{name}.yaml").unlink()
    house.declare("0", of="hang")
    house.declare("a")
    house.options = replace(house.options, provider_timeout=30.0)
    with house.running(passes=passes) as daemon:
        assert hangs.wait(10)
        if passes > 1:
            house.becomes(a="1")
        wait_for(lambda: passes == 1 or "synced" in map(state, daemon._status.document()["externalSecrets"]))
        assert states == sorted(map(state, daemon._status.document()["externalSecrets"]))


def state(one: dict[str, str]) -> str:
    return one["state"]


def test_the_server_can_be_left_out(house: House) -> None:
    """`--listen off`."""
    daemon = run.Daemon(replace(house.setup(), address=None), house.target, metrics=lambda _: (b"", ""))
    house.signals.give(Signal.SIGTERM)
    daemon.run(house.signals)
    assert 0 == daemon.port
