"""Debian's Prometheus with its promtool, which `.ci/run` installs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.servers.process import Process, free_port

_CONFIG = """
global:
  scrape_interval: 250ms
scrape_configs:
  - job_name: syncd
    static_configs:
      - targets: ["{target}"]
"""


def binary(name: str) -> str:
    """The path of a program of the package; without it the test is skipped, which CI does not let pass."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"no `{name}` on PATH: apt-get install --no-install-recommends prometheus")
    return path


def check_metrics(body: bytes) -> tuple[set[str], str]:
    """The names that `promtool check metrics` finds in a scrape, and what it complains of."""
    command = [binary("promtool"), "check", "metrics", "--extended"]
    done = subprocess.run(command, input=body, capture_output=True, check=False, timeout=30)
    rows = done.stdout.decode().splitlines()[1:]
    return {row.split()[0] for row in rows if row.strip()} - {"Total"}, done.stderr.decode()


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A server that scrapes one target four times a second."""

    url: str

    def query(self, expression: str) -> Mapping[tuple[tuple[str, str], ...], float]:
        """The answer of now, by labels without those of the target."""
        answer = requests.get(f"{self.url}/api/v1/query", params={"query": expression}, timeout=10).json()
        assert "success" == answer["status"], answer
        return {
            tuple(
                sorted((key, value) for key, value in one["metric"].items() if key not in ("instance", "job"))
            ): float(one["value"][1])
            for one in answer["data"]["result"]
        }


@contextmanager
def prometheus(folder: Path, target: str) -> Iterator[Prometheus]:
    """`target` is `host:port`; its `/metrics` is scraped."""
    program, port = binary("prometheus"), free_port()
    config = folder / "prometheus.yml"
    config.write_text(_CONFIG.format(target=target))
    command = [program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    process = Process([*command, f"--web.listen-address=127.0.0.1:{port}"], log=folder / "prometheus.log")
    url = f"http://127.0.0.1:{port}"
    try:
        process.wait_until(lambda: _ready(url))
        yield Prometheus(url)
    finally:
        process.stop()


def _ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/-/ready", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
