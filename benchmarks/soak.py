"""`syncd run` for half an hour over a store that fails one call in five, killed and started again at random.

OpenBao and the control plane are real. Keys rotate all the time; syncd is killed (or ended in order) every few seconds
in the first half, and left alone in the second, in which its memory is measured. Then the faults end, and after one
settle period every Secret must equal its source, and every workload must have been restarted after the last change of
the keys that it uses, and never without one. Both are judged by watches of the API server, whose versions order the
writes of Secrets and workloads. Exit code 1 when anything is wrong.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.run_history import History, Key, Verdict, watched
from tests.e2e.running import Running
from tests.servers import faults
from tests.servers.controlplane import ControlPlane, control_plane
from tests.servers.faults import Fault, FaultServer
from tests.servers.openbao import OpenBao, dev_server
from tests.servers.process import free_port
from tests.servers.wire import Exchange

SHARE = 0.2
"""Of the calls of the store that go wrong."""
SECRETS = tuple(f"secret-{number}" for number in range(18))
INTERVALS = ("2s", "3s", "5s")
WORKLOADS = tuple(f"web-{number}" for number in range(12))
SETTLE = 90.0
"""Seconds for everything to be in step when the faults are over: a whole back-off, and a pass."""
WARM = 60.0
"""Seconds after its start at which the memory of a process counts."""
GROWTH = 0.1
"""By which memory may grow, as fitted, while it is measured."""
CANARY = "canary"


def used(workload: str) -> frozenset[Key]:
    """Secrets and keys: one key of one Secret, for every other workload all of a second one, for some a shared key."""
    number = WORKLOADS.index(workload)
    keys = {(SECRETS[number], "A")}
    if number % 2:
        keys |= {(SECRETS[(number + 5) % len(SECRETS)], key) for key in "AB"}
    if number % 3 == 0:
        keys.add((SECRETS[0], "A"))
    return frozenset(keys)


class Chaos:
    """A fault for one call in five; all others are passed on."""

    def __init__(self, seed: int) -> None:
        self.calls = 0
        self.broken: Counter[str] = Counter()
        self.on = True
        self._random, self._lock = random.Random(seed), threading.Lock()  # noqa: S311 - no secret
        self._faults: Mapping[str, Fault] = {
            "429": faults.throttled(),
            "500": faults.error(500),
            "503": faults.error(503),
            "slow": faults.slow(2),
            "hang": _hang,
            "drip": faults.drip(),
            "reset": faults.reset(),
            "truncated": faults.truncated(),
            "empty": faults.empty(),
            "no json": faults.wrong_json(),
            "other json": faults.wrong_json({"data": []}),
        }

    def __call__(self, exchange: Exchange) -> None:
        with self._lock:
            self.calls += 1
            name = self._random.choice(list(self._faults)) if self.on and self._random.random() < SHARE else ""
            self.broken.update([name] if name else [])
        (self._faults[name] if name else Exchange.relay)(exchange)


def _hang(exchange: Exchange) -> None:
    exchange.pause(300)  # longer than anybody waits; for ever would leave a thread here for each
    exchange.close()


class Scene:
    """The Secrets, the workloads that use them, and the store behind the faults."""

    def __init__(self, plane: ControlPlane, bao: OpenBao, folder: Path) -> None:
        self.plane, self.folder, self.namespace = plane, folder, plane.namespace()
        self.client = bao.client()
        self.mounts = (bao.kv(), bao.kv())
        self.source: dict[str, dict[str, str]] = {name: {} for name in SECRETS}
        self.history = History()
        self.rotations = 0
        plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": "syncd"}})
        for name in SECRETS:
            self.rotate(name, "AB")

    def rotate(self, name: str, keys: str) -> None:
        self.rotations += 1
        self.source[name] |= {key: f"{CANARY}-{name}-{key}-{self.rotations}" for key in keys}
        mount = self.mounts[SECRETS.index(name) % 2]
        self.client.secrets.kv.v2.create_or_update_secret(name, self.source[name], mount_point=mount)

    def declare(self, url: str) -> Path:
        self.client.sys.enable_auth_method("approle")
        self.client.sys.create_or_update_policy("read", 'path "*" { capabilities = ["read", "list", "update"] }')
        login = self.client.auth.approle
        login.create_or_update_approle("syncd", token_policies=["read"], token_ttl="20s", token_max_ttl="60s")
        ids = (login.read_role_id("syncd"), login.generate_secret_id("syncd"))
        login_with = {"role": ids[0]["data"]["role_id"], "secret": ids[1]["data"]["secret_id"]}
        path = self.folder / "soak.yaml"
        stores = [_store(number, url, mount, login_with["role"]) for number, mount in enumerate(self.mounts)]
        login_secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "stringData": login_with}
        path.write_text(yaml.safe_dump_all([login_secret, *stores, *map(_external_secret, SECRETS)]))
        return path

    def verdict(self, workload: str) -> Verdict:
        return self.history.judge(workload, used(workload))

    def deploy(self) -> None:
        for name in WORKLOADS:
            self.plane.request("POST", self._path("deployments"), _deployment(name))

    def in_step(self) -> bool:
        items = self.plane.request("GET", self._path("secrets"))["items"]
        found = {item["metadata"]["name"]: _decoded(item.get("data", {})) for item in items}
        return self.source == {name: found.get(name) for name in SECRETS}

    def _path(self, resource: str) -> str:
        api = "apis/apps/v1" if resource == "deployments" else "api/v1"
        return f"/{api}/namespaces/{self.namespace}/{resource}"


def _store(number: int, url: str, mount: str, role: str) -> dict[str, Any]:
    login = {"roleId": role, "secretRef": {"name": "login", "key": "secret"}}
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": {"name": f"bao-{number}"},
        "spec": {"provider": {"vault": {"server": url, "path": mount, "auth": {"appRole": login}}}},
    }


def _external_secret(name: str) -> dict[str, Any]:
    number = SECRETS.index(name)
    spec = {
        "refreshInterval": INTERVALS[number % len(INTERVALS)],
        "secretStoreRef": {"name": f"bao-{number % 2}"},
        "dataFrom": [{"extract": {"key": name}}],
    }
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": name},
        "spec": spec,
    }


def _deployment(name: str) -> dict[str, Any]:
    env = [
        {"name": f"X{place}", "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
        for place, (secret, key) in enumerate(sorted(used(name)))
    ]
    container = {"name": "app", "image": "app", "env": env}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"metadata": {"name": name}, "spec": spec}


def _decoded(data: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


class Soak:
    """One syncd after the other, and what happens to it."""

    def __init__(self, scene: Scene, manifests: Path, seed: int) -> None:
        self._scene, self._manifests = scene, manifests
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self.log = scene.folder / "run.log"
        self.kills = self.ends = 0
        self.slowest_end = 0.0
        self.leaks: set[str] = set()
        self.memory: list[tuple[float, float]] = []
        """Minutes since the last start, MiB."""
        self.begin()

    def begin(self) -> None:
        arguments: list[str | Path] = [
            "-f",
            self._manifests,
            "-n",
            self._scene.namespace,
            "--kubeconfig",
            self._scene.plane.kubeconfig,
        ]
        self.run = Running(self.log, *arguments, port=free_port())
        self._began = time.monotonic()
        self.memory.clear()

    def disturb(self) -> None:
        """Kills it, or ends it in order where it is up, and starts it again after a while."""
        if self._random.random() < 0.75 or self.run.code("/healthz") != 200:
            self.run.process.kill()
            self.run.process.wait()
            self.kills += 1
        else:
            self.slowest_end = max(self.slowest_end, self.run.stop())
            self.ends += 1
        time.sleep(self._random.uniform(0, 2))
        self.begin()

    def rotate(self) -> None:
        for name in self._random.sample(SECRETS, self._random.choice((1, 1, 2, 6))):
            self._scene.rotate(name, self._random.choice(("A", "B", "AB")))

    def look(self) -> None:
        """At its memory, and at whether its pages show values."""
        resident = Path(f"/proc/{self.run.process.pid}/statm").read_text().split()[1]
        self.memory.append(((time.monotonic() - self._began) / 60, int(resident) * 4096 / 2**20))
        self.leaks |= {page for page in ("/status", "/metrics") if CANARY in self.run.get(page).text}

    def last(self, seconds: float) -> None:
        """Rotates all the time; disturbs in the first half."""
        start = time.monotonic()
        rotation = disturbance = start
        sample = start + seconds / 2 + WARM
        while (now := time.monotonic()) < start + seconds:
            assert self.run.process.poll() is None, "syncd ended by itself"
            if now >= rotation:
                self.rotate()
                rotation = now + self._random.uniform(0.5, 5)
            if disturbance <= now < start + seconds / 2:
                self.disturb()
                disturbance = now + self._random.choice((self._random.uniform(0.5, 6), self._random.uniform(6, 40)))
            if now >= sample:
                self.look()
                sample = now + 10
            time.sleep(0.05)

    def settle(self) -> float:
        """Seconds until everything is in step and no restart is due; as many as it may take when it never is."""
        start = time.monotonic()
        while time.monotonic() < start + SETTLE:
            if self._scene.in_step() and not any(
                self._scene.verdict(name).lost for name in self._scene.history.workloads
            ):
                break
            time.sleep(0.5)
        return time.monotonic() - start


def verdict(soak: Soak, scene: Scene) -> list[str]:
    """Prints the figures; what is wrong."""
    wrong = [] if scene.in_step() else ["Secrets differ from their source"]
    print(f"{'workload':10} {'changes':>8} {'restarts':>8} {'needless':>8}  lost")
    for name in WORKLOADS:
        one = scene.verdict(name)
        print(f"{name:10} {one.changes:8} {one.restarts:8} {one.needless:8}  {'yes' if one.lost else '-'}")
        wrong += [f"{name}: the last change was not followed by a restart"] * one.lost
        wrong += [f"{name}: {one.needless} restarts without a change"] * bool(one.needless)
    emptied = sum(not data for _, _, data in scene.history.secrets)
    wrong += [f"{emptied} times a Secret was deleted or emptied"] * bool(emptied)
    wrong += [f"{page} shows values" for page in soak.leaks]
    return [*wrong, *_judge_memory(soak.memory), *_judge_log(soak.log.read_text())]


def _judge_memory(samples: Sequence[tuple[float, float]]) -> list[str]:
    if len(samples) < 3:
        return ["too few samples of the memory; run it for longer"]
    minutes, sizes = zip(*samples, strict=True)
    slope, begin = statistics.linear_regression(minutes, sizes)
    for minute, size in samples[:: max(1, 60 // 10)]:
        print(f"memory after {minute:5.1f} min: {size:6.1f} MiB")
    growth = slope * (minutes[-1] - minutes[0])
    print(f"memory: {begin:.1f} MiB {slope:+.3f} MiB/min; {growth:+.1f} MiB in {minutes[-1] - minutes[0]:.1f} min")
    return [f"memory grew by {growth:.1f} MiB"] * (growth > GROWTH * statistics.mean(sizes))


def _judge_log(text: str) -> list[str]:
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    print("log lines:", ", ".join(f"{level} {count}" for level, count in Counter(x["level"] for x in lines).items()))
    traced = sum("exception" in line for line in lines) + text.count("\nTraceback")
    return ["the log shows values"] * (CANARY in text) + [f"{traced} tracebacks in the log"] * bool(traced)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep-log", type=Path, help="where the log of syncd is copied to")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, control_plane() as plane, dev_server(Path(name)) as bao:
        scene, chaos = Scene(plane, bao.plain, Path(name)), Chaos(asked.seed)
        watches = [watched(plane, scene.namespace, kind, scene.history) for kind in ("secrets", "deployments")]
        with FaultServer(bao.plain.url) as proxy, watches[0], watches[1]:
            proxy.inject(chaos)
            soak = Soak(scene, scene.declare(proxy.url), asked.seed)
            try:
                wrong = _whole(soak, scene, chaos, asked.minutes)
            finally:
                with suppress(ProcessLookupError):
                    soak.run.process.kill()
                soak.run.process.wait()
                if asked.keep_log:
                    asked.keep_log.write_text(soak.log.read_text())
    for line in wrong:
        print(f"WRONG: {line}")
    print("failed" if wrong else "passed")
    return bool(wrong)


def _whole(soak: Soak, scene: Scene, chaos: Chaos, minutes: float) -> list[str]:
    chaos.on = False
    soak.settle()
    chaos.on = True
    scene.deploy()
    soak.last(minutes * 60)
    chaos.on = False
    took = soak.settle()
    time.sleep(10)  # restarts that nobody needs would come now
    print(f"{minutes:g} minutes, {scene.rotations} rotations, {soak.kills} kills, {soak.ends} ends in order")
    print(f"calls {chaos.calls}, of them broken {chaos.broken.total()}: {dict(sorted(chaos.broken.items()))}")
    print(f"in step {took:.1f} s after the faults; slowest end {soak.slowest_end:.1f} s")
    wrong = verdict(soak, scene)
    end = soak.run.stop()
    return wrong + [f"an end took {max(end, soak.slowest_end):.1f} s"] * (max(end, soak.slowest_end) > 5)


if __name__ == "__main__":
    sys.exit(main())
