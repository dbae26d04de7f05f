"""What Prometheus makes of the metrics: every documented name and no other, and answers to the queries of the docs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from syncd.metrics import exposition
from syncd.metrics.families import Counter, Histogram
from syncd.metrics.table import FAMILIES
from tests.cli.binary import BINARY, environment, syncd
from tests.cli.shop import SECRET, STORE, Shop
from tests.metering import cleared
from tests.servers.openbao import wait_for
from tests.servers.process import Process, free_port
from tests.servers.prometheus import Prometheus, check_metrics, prometheus

DOCS = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
DOCUMENTED = {*re.findall(r"^### (\w+)$", DOCS, re.MULTILINE)}
LAST_SYNC_AGE, FAILING_STORES, RESTARTS_PER_HOUR, *_ = re.findall(r"```promql\n(.+?)\n```", DOCS, re.DOTALL)


@dataclass(frozen=True, slots=True)
class Running:
    """A `syncd run` over a shop with one store that works and one that does not."""

    shop: Shop
    address: str

    def scrape(self) -> bytes:
        return requests.get(f"http://{self.address}/metrics", timeout=10).content

    def shows(self, sample: str) -> bool:
        return sample in self.scrape().decode().splitlines()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """Every ExternalSecret has been tried."""
    shop = Shop(tmp_path, "api")
    shop.deploy("front", "api")
    often = SECRET.format(name="api", deletion="Retain").replace("spec:", "spec:\n  refreshInterval: 1s", 1)
    lost = SECRET.format(name="lost", deletion="Retain").replace("name: local", "name: broken")
    broken = STORE.replace("name: local", "name: broken").replace("path: store", "path: nowhere")
    (tmp_path / "shop.yaml").write_text(f"{STORE}{often}---\n{broken}{lost}")
    address = f"127.0.0.1:{free_port()}"
    command: list[str | Path] = [BINARY, "run", "-f", tmp_path / "shop.yaml", "--to", shop.out, "--listen", address]
    process = Process(command, log=tmp_path / "syncd.log", env=environment())
    try:
        process.wait_until(lambda: _ready(address))
        yield Running(shop, address)
    finally:
        process.stop()


@pytest.fixture
def server(running: Running, tmp_path: Path) -> Iterator[Prometheus]:
    """It scrapes syncd."""
    with prometheus(tmp_path, running.address) as server:
        yield server


def _ready(address: str) -> bool:
    try:
        return requests.get(f"http://{address}/readyz", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def test_every_documented_metric_is_there_and_no_other() -> None:
    """Promtool finds them in a scrape in which each has a series, and nothing to complain of."""
    with cleared():
        for family in FAMILIES:
            labels = [f"a {label}" for label in family.labels]
            if isinstance(family, Histogram):
                family.observe(0.3, *labels)
            elif isinstance(family, Counter):
                family.add(*labels)
            else:
                family.set(1.0, *labels)
        body, _ = exposition.scrape()
    assert (DOCUMENTED, "") == check_metrics(body)


def test_what_syncd_serves_is_documented(running: Running) -> None:
    """Promtool has nothing to complain of there either."""
    names, complaints = check_metrics(running.scrape())
    assert "" == complaints
    assert {"syncd_pass_duration_seconds", "externalsecret_status_condition", "process_open_fds"} <= names <= DOCUMENTED


def test_a_textfile_is_in_order(tmp_path: Path) -> None:
    """What `syncd sync --metrics-file` writes, too, and without the metrics of the process."""
    Shop(tmp_path, "api")
    given = ("sync", "-f", "shop.yaml", "--to", "out", "--metrics-file", "syncd.prom")
    assert 0 == syncd(*given, cwd=tmp_path).code
    names, complaints = check_metrics((tmp_path / "syncd.prom").read_bytes())
    assert "" == complaints
    assert {"syncd_pass_duration_seconds", "syncd_last_success_timestamp_seconds"} <= names <= DOCUMENTED
    assert [] == [name for name in names if name.startswith("process_")]


def test_the_queries_of_the_docs_are_answered(running: Running, server: Prometheus) -> None:
    """How old the last sync is, which stores fail, and how many restarts there were within the hour."""
    wait_for(lambda: [0.0] == [*server.query('sum(syncd_restarts_total{result="done"})').values()])
    running.shop.store("api", "rotated")
    wait_for(lambda: running.shows('syncd_restarts_total{kind="Deployment",result="done"} 1.0'))
    wait_for(lambda: [1.0] == [*server.query('sum(syncd_restarts_total{result="done"})').values()])
    ages = server.query(LAST_SYNC_AGE)
    assert [(("name", "api"), ("namespace", "shop"))] == [*ages]
    assert all(0 <= age < 60 for age in ages.values())
    (failing,) = server.query(FAILING_STORES)
    assert {"name": "broken", "namespace": "shop", "condition": "Ready", "status": "False"} == {
        key: value for key, value in failing if key != "__name__"
    }
    (restarts,) = server.query(RESTARTS_PER_HOUR).values()
    assert 1 <= restarts < 2  # Prometheus extrapolates to the ends of the hour as far as it dares
