"""`syncd run` with 10,000 declarations at an interval of 60 s on a fast fake of AWS, when nothing changes any more.

Each ExternalSecret takes three keys of a secret of its own, in 20 namespaces of a real control plane. After the first
sync it is watched for some minutes: CPU seconds, calls of the store, requests to the API server, resident memory, and
how late refreshes end: the log says when, and the groups of the daemon when each was due.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import requests
import yaml

from syncd.daemon.groups import Every, next_in_phase
from tests.cli.binary import BINARY, environment
from tests.e2e.manifests import Manifest, external_secret, secret, store
from tests.servers.controlplane import ControlPlane, control_plane
from tests.servers.fast_aws import KEYS, FastAws, fast_aws
from tests.servers.process import Process, free_port

INTERVAL = 60
WARM = 60
"""Seconds after the first sync at which the measurement begins."""
NAMESPACES = 20
WRITES = ("create", "update", "patch", "delete", "deletecollection")
_TICKS = 100
"""Of the kernel in a second."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What had been used until a moment."""

    at: float
    cpu: float
    memory: float
    """MiB."""
    calls: Counter[str]
    requests: Counter[str]


class Bench:
    """One syncd over its servers."""

    def __init__(self, plane: ControlPlane, aws: FastAws, folder: Path, declarations: int) -> None:
        self._plane, self._aws, self.count = plane, aws, declarations
        self.manifests = folder / "manifests"
        self.namespaces = [plane.namespace() for _ in range(NAMESPACES)]
        plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": "syncd"}}, accept=(201, 409))
        self._write()
        self._log, self._port = folder / "run.log", free_port()

    def _write(self) -> None:
        self.manifests.mkdir()
        for place, namespace in enumerate(self.namespaces):
            numbers = range(place, self.count, NAMESPACES)
            documents = [*_store(namespace), *(_declaration(number, namespace) for number in numbers)]
            path = self.manifests / f"{namespace}.yaml"
            path.write_text(yaml.dump_all(documents, Dumper=yaml.CSafeDumper))

    @contextmanager
    def running(self) -> Iterator[Process]:
        """From its start; in the block every declaration has been tried."""
        command: list[str | Path] = [BINARY, "run", "-f", self.manifests, "--kubeconfig", self._plane.kubeconfig]
        command += ["--listen", f"127.0.0.1:{self._port}", "--log-format", "json"]
        process = Process(command, log=self._log, env=environment(**self._aws.variables()))
        try:
            process.wait_until(self._ready, seconds=600)
            yield process
        finally:
            process.stop()

    def _ready(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self._port}/readyz", timeout=10).status_code == 200
        except requests.ConnectionError:
            return False

    def lateness(self, process: Process, since: datetime) -> list[float]:
        """Of every refresh by schedule since then, seconds from when it was due to the end of its pass; sorted."""
        late: list[float] = []
        for line in map(json.loads, process.log.read_text().splitlines()):
            ended = datetime.fromisoformat(line["time"])
            if line["message"] == "pass finished" and line["lane"] == "periodic" and ended > since:
                now = ended.timestamp()
                due = next_in_phase(f"{line['store']} {Every(INTERVAL)}", INTERVAL, now) - INTERVAL
                late += [now - due] * line["declarations"]
        return sorted(late)

    def problems(self, process: Process) -> list[str]:
        lines = map(json.loads, process.log.read_text().splitlines())
        return [line["message"] for line in lines if line["level"] != "info"]

    def sample(self, process: Process) -> Sample:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        resident = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * 4096 / 2**20
        cpu = (int(fields[11]) + int(fields[12])) / _TICKS
        return Sample(time.monotonic(), cpu, resident, self._aws.calls(), self._requests())

    def _requests(self) -> Counter[str]:
        """Those of the administrator, whose token syncd uses."""
        return Counter(
            f"{event['verb']} {event['objectRef']['resource']}"
            for event in self._plane.audited(user="admin")
            if event["stage"] == "ResponseComplete" and "objectRef" in event
        )


def _store(namespace: str) -> list[Manifest]:
    keys = {
        "accessKeyIDSecretRef": {"name": "aws", "key": "id"},
        "secretAccessKeySecretRef": {"name": "aws", "key": "key"},
    }
    provider = {"aws": {"service": "SecretsManager", "region": "eu-central-1", "auth": {"secretRef": keys}}}
    login = secret("aws", id="reader", key="reader")
    login["metadata"]["namespace"] = namespace
    return [store(provider, namespace=namespace), login]


def _declaration(number: int, namespace: str) -> Manifest:
    data = [{"secretKey": key, "remoteRef": {"key": f"app-{number}", "property": key}} for key in KEYS]
    return external_secret(f"app-{number}", {"refreshInterval": f"{INTERVAL}s", "data": data}, namespace=namespace)


def show(before: Sample, after: Sample, late: list[float]) -> None:
    minutes = (after.at - before.at) / 60
    calls, asked = after.calls - before.calls, after.requests - before.requests
    writes = sum(count for name, count in asked.items() if name.split()[0] in WRITES)
    print(f"steady     {(after.cpu - before.cpu) / minutes:7.2f} CPU s a minute, for {minutes:.1f} minutes")
    print(f"memory     {before.memory:7.1f} MiB at the start, {after.memory:.1f} MiB at the end")
    print(f"lateness   {statistics.median(late):7.2f} s in the middle, {late[int(len(late) * 0.99)]:.2f} s p99,")
    print(f"           {late[-1]:7.2f} s at most, of {len(late)} refreshes")
    print(f"calls      {calls.total() / minutes:7.1f} a minute: {dict(calls)}")
    print(f"requests   {asked.total() / minutes:7.1f} a minute: {dict(asked)}")
    print(f"writes     {writes:7}")


def measure(bench: Bench, minutes: float) -> list[str]:
    """Prints the figures; what syncd complained of."""
    began = time.monotonic()
    with bench.running() as process:
        first = bench.sample(process)
        print(f"{bench.count} declarations in {NAMESPACES} groups, one refresh every {INTERVAL} s")
        print(f"first sync {first.at - began:7.2f} s, {first.cpu:.2f} CPU s, {first.calls.total()} calls")
        time.sleep(WARM)  # every group has been refreshed once
        before, since = bench.sample(process), datetime.now(UTC)
        time.sleep(minutes * 60)
        after = bench.sample(process)
        show(before, after, bench.lateness(process, since))
        return bench.problems(process)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--declarations", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=5)
    asked = parser.parse_args()
    count = asked.declarations
    with tempfile.TemporaryDirectory() as name, control_plane() as plane, fast_aws(Path(name), count) as aws:
        wrong = measure(Bench(plane, aws, Path(name), count), asked.minutes)
    for line in wrong:
        print(f"WRONG: {line}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
