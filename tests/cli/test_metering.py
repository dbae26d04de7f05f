"""`sync --metrics-file`, as cron runs it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.cli.binary import Ran, syncd
from tests.cli.shop import CANARY, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Two ExternalSecrets, and a Deployment that uses one of their Secrets."""
    shop = Shop(tmp_path, "api", "web")
    shop.deploy("front", "api")
    return shop


def sync(shop: Shop, *arguments: str) -> Ran:
    return syncd("sync", "-f", "shop.yaml", "--to", "out", "--metrics-file", "syncd.prom", *arguments, cwd=shop.root)


def metrics(shop: Shop) -> dict[str, float]:
    """The samples of the file, by name and labels as they stand there."""
    lines = (shop.root / "syncd.prom").read_text().splitlines()
    return {key: float(value) for key, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def of(name: str, metric: str, **more: str) -> str:
    """The key of an object's series."""
    labels = {**more, "name": name, "namespace": "shop"}
    pairs = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    return f"{metric}{{{pairs}}}"


def test_a_pass_is_written_for_all_to_read(shop: Shop) -> None:
    """What was done, what was read, and nothing else in the folder."""
    assert 0 == sync(shop).code
    found = metrics(shop)
    assert 2.0 == found['syncd_changes_total{action="create",result="done"}']
    assert 1.0 == found[of("local", "secretstore_status_condition", condition="Ready", status="True")]
    assert 1.0 == found[of("api", "externalsecret_sync_calls_total")]
    assert 0o644 == stat.S_IMODE((shop.root / "syncd.prom").stat().st_mode)
    assert {"syncd.prom", "shop.yaml", "store", "out"} == {path.name for path in shop.root.iterdir()}
    assert CANARY not in (shop.root / "syncd.prom").read_text()


def test_runs_add_up(shop: Shop) -> None:
    """Counters count on from run to run, so that `increase` sees each of them."""
    sync(shop)
    shop.store("api", "other")
    assert 0 == sync(shop).code
    found = metrics(shop)
    assert 2.0 == found[of("api", "externalsecret_sync_calls_total")]
    assert 2.0 == found['syncd_changes_total{action="create",result="done"}']
    assert 1.0 == found['syncd_restarts_total{kind="Deployment",result="done"}']
    assert 2.0 == found['syncd_pass_duration_seconds_count{result="clean"}']


def test_a_run_that_fails_keeps_the_last_success(shop: Shop) -> None:
    """That is what tells for how long it has failed."""
    sync(shop)
    before = metrics(shop)
    shop.forget("api")
    assert 1 == sync(shop).code
    found = metrics(shop)
    assert 1.0 == found[of("api", "externalsecret_status_condition", condition="Ready", status="False")]
    last = "syncd_last_success_timestamp_seconds"
    assert before[of("api", last)] == found[of("api", last)]
    assert before[of("web", last)] < found[of("web", last)]


def test_what_a_run_does_not_look_at_keeps_its_word(shop: Shop) -> None:
    """And what is declared no more is forgotten."""
    sync(shop)
    before = metrics(shop)
    sync(shop, "web")
    last = "syncd_last_success_timestamp_seconds"
    assert before[of("api", last)] == metrics(shop)[of("api", last)]
    shop.declare("web")
    sync(shop)
    assert [] == [key for key in metrics(shop) if 'name="api"' in key]
    assert 1.0 == metrics(shop)["syncd_orphaned_secrets"]


@pytest.mark.parametrize("text", ["KEY: value\n", "node_load1 0.5\n"])
def test_another_file_is_not_written_over(shop: Shop, text: str) -> None:
    """Its name may be a mistake; nothing is synced then."""
    (shop.root / "syncd.prom").write_text(text)
    ran = sync(shop)
    assert (1, text) == (ran.code, (shop.root / "syncd.prom").read_text())
    assert "`syncd.prom` holds something else than the metrics of syncd" in ran.err
    assert not shop.secret("api").exists()


def test_a_folder_must_be_there(shop: Shop) -> None:
    """Said before anything is written."""
    ran = sync(shop, "--metrics-file", "none/syncd.prom")
    assert (1, "Error: `--metrics-file`: there is no folder `none`\n") == (ran.code, ran.err)
    assert not shop.secret("api").exists()


def test_plan_measures_nothing(shop: Shop) -> None:
    """The variable may be set for all commands; the flag is sync's alone."""
    given = ("plan", "-f", "shop.yaml", "--to", "out")
    assert 2 == syncd(*given, cwd=shop.root, env={"SYNCD_METRICS_FILE": "syncd.prom"}).code
    assert not (shop.root / "syncd.prom").exists()
    assert "`syncd plan` has no flag `--metrics-file`" in syncd(*given, "--metrics-file", "x", cwd=shop.root).err
