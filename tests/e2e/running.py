"""`syncd run` as a process of its own, and what can be asked of it."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.cli.binary import BINARY, environment
from tests.servers.openbao import wait_for
from tests.servers.process import free_port


class Running:
    """The process; its log is in JSON, line by line."""

    def __init__(self, log: Path, *arguments: str | Path, port: int, scheme: str = "http", ca: str = "") -> None:
        self.url = f"{scheme}://127.0.0.1:{port}"
        self._log = log
        self._verify: str | bool = ca or True
        command = [str(BINARY), "run", *map(str, arguments), "--listen", f"127.0.0.1:{port}", "--log-format", "json"]
        with log.open("ab") as sink:
            self.process = subprocess.Popen(command, stdout=sink, stderr=sink, env=environment(), cwd=log.parent)

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, timeout=10, verify=self._verify)

    def post(self, path: str, token: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.post(self.url + path, timeout=10, verify=self._verify, headers=headers)

    def code(self, path: str) -> int:
        """0 when nobody answers."""
        try:
            return self.get(path).status_code
        except requests.ConnectionError:
            return 0

    def await_ready(self) -> None:
        wait_for(lambda: self.code("/readyz") == 200 or self._ended(), seconds=30)

    def _ended(self) -> bool:
        assert self.process.poll() is None, self._log.read_text()
        return False

    def states(self) -> dict[str, str]:
        """Of each ExternalSecret, by name."""
        return {one["name"]: one["state"] for one in self.get("/status").json()["externalSecrets"]}

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it has logged."""
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def said(self, words: str) -> bool:
        return any(words in line["message"] for line in self.lines)

    def stop(self) -> float:
        """Seconds that it took to end after SIGTERM, in order."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0, self._log.read_text()
        return time.monotonic() - began


@contextmanager
def running(folder: Path, *arguments: str | Path, **how: Any) -> Iterator[Running]:
    one = Running(folder / "run.log", *arguments, port=free_port(), **how)
    try:
        one.await_ready()
        yield one
    finally:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
