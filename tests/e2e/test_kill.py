"""syncd is killed at each of its writes, and the next pass neither loses nor doubles a restart."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from syncd.cluster.kubernetes import KubernetesTarget
from syncd.manifests import Declarations, Validation
from syncd.reconcile.options import Options
from syncd.reconcile.reconciler import Reconciler
from syncd.reconcile.report import ExitCode
from syncd.sources.files import load
from tests.servers.controlplane import ControlPlane
from tests.servers.faults import FaultServer
from tests.servers.openbao import wait_for
from tests.servers.wire import Exchange

WRITES = ("POST", "PUT", "PATCH", "DELETE")
SECRETS = ("a", "b", "c")
USERS = {"one": ("a",), "two": ("a", "b"), "three": ("c",), "all": ("a", "b", "c")}


@dataclass(slots=True)
class Killer:
    """Kills a process at its n-th write: before the server sees it, or after the server has answered."""

    at: int = 0
    after: bool = False
    victim: subprocess.Popen[bytes] | None = None
    seen: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, exchange: Exchange) -> None:
        if exchange.call.method not in WRITES:
            exchange.relay()
            return
        with self.lock:
            self.seen.append(f"{exchange.call.method} {exchange.call.path}")
            kills = len(self.seen) == self.at
        if kills and self.after:
            exchange.upstream()
        if kills and self.victim:
            os.kill(self.victim.pid, signal.SIGKILL)
            self.victim.wait()
            exchange.close()
        else:
            exchange.relay()


class Shop:
    """Three Secrets from a folder of keys, and four Deployments that use them."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self.plane, self.folder, self.namespace = plane, folder, plane.namespace()
        (folder / "keys").mkdir(parents=True)
        store = {
            "apiVersion": "external-secrets.io/v1",
            "kind": "SecretStore",
            "metadata": {"name": "keys"},
            "spec": {"provider": {"file": {"path": "keys"}}},
        }
        (folder / "shop.yaml").write_text(yaml.safe_dump_all([store, *map(self._external_secret, SECRETS)]))
        self.rotate("1")

    @staticmethod
    def _external_secret(name: str) -> dict[str, Any]:
        data = [{"secretKey": "KEY", "remoteRef": {"key": name}}]
        return {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {"name": name},
            "spec": {"secretStoreRef": {"name": "keys"}, "data": data},
        }

    def rotate(self, value: str) -> None:
        for name in SECRETS:
            (self.folder / "keys" / name).write_text(f"{name}-{value}")

    def deploy(self) -> None:
        for name, secrets in USERS.items():
            env = [{"name": s, "valueFrom": {"secretKeyRef": {"name": s, "key": "KEY"}}} for s in secrets]
            template = {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "app", "image": "app", "env": env}]},
            }
            body = {
                "metadata": {"name": name},
                "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template},
            }
            self.plane.request("POST", self._deployments, body)
        self._settled()  # else the controller may see a Deployment for the first time after its restart

    def sync(self, kubeconfig: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "syncd", "sync", "-f", str(self.folder / "shop.yaml"), "-n", self.namespace]
        return subprocess.Popen(
            [*command, f"--kubeconfig={kubeconfig}", f"--installation={self.namespace}"], stdout=subprocess.DEVNULL
        )

    def sync_wholly(self) -> None:
        """In this process, which is quicker."""
        target = KubernetesTarget.connect(str(self.plane.kubeconfig))
        reconciler = Reconciler(self._load, target, Options(installation=self.namespace))
        assert ExitCode.CLEAN == reconciler.sync().exit_code
        reconciler.close()
        target.close()

    def _load(self) -> Declarations:
        path = str(self.folder / "shop.yaml")
        return load([path], namespace=self.namespace, validation=Validation.STRICT, stdin=None)

    @property
    def values(self) -> dict[str, str]:
        path = f"/api/v1/namespaces/{self.namespace}/secrets"
        items = self.plane.request("GET", path)["items"]
        return {item["metadata"]["name"]: base64.b64decode(item["data"]["KEY"]).decode() for item in items}

    @property
    def rollouts(self) -> dict[str, int]:
        """How often each Deployment was rolled out, by the revisions that its controller counts."""
        return {item["metadata"]["name"]: _revision(item) - 1 for item in self._settled()}

    @property
    def _deployments(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/deployments"

    def _settled(self) -> list[dict[str, Any]]:
        """The Deployments, once their controller has seen the last change of each."""
        items: list[dict[str, Any]] = []

        def settled() -> bool:
            items[:] = self.plane.request("GET", self._deployments)["items"]
            return all(i["status"].get("observedGeneration") == i["metadata"]["generation"] for i in items)

        wait_for(settled)
        return items


def _revision(deployment: dict[str, Any]) -> int:
    return int(deployment["metadata"].get("annotations", {}).get("deployment.kubernetes.io/revision", "1"))


def interrupted(plane: ControlPlane, folder: Path, killer: Killer) -> Shop:
    """A rotation of all three Secrets, of which no workload has a note yet, through a killer."""
    shop = Shop(plane, folder)
    shop.sync_wholly()
    shop.deploy()
    shop.rotate("2")
    with FaultServer(plane.server, ca=plane.ca_file) as proxy:
        proxy.inject(killer)
        config = yaml.safe_load(plane.kubeconfig.read_text())
        config["clusters"][0]["cluster"] = {"server": proxy.url}
        kubeconfig = folder / "kubeconfig.yaml"
        kubeconfig.write_text(yaml.safe_dump(config))
        killer.victim = shop.sync(kubeconfig)
        killer.victim.communicate(timeout=60)
    return shop


@pytest.mark.timeout(600)
def test_killed_at_any_write_no_restart_is_lost_or_doubled(
    controlplane: ControlPlane, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """4 baselines, 3 Secrets and 4 restarts, killed before and after each; one more pass makes it whole."""
    controlplane.request("POST", "/api/v1/namespaces", {"metadata": {"name": "syncd"}}, accept=(201, 409))
    undisturbed = Killer()
    interrupted(controlplane, tmp_path / "first", Killer())  # makes the fingerprint key
    interrupted(controlplane, tmp_path / "undisturbed", undisturbed)
    points = [(at, after) for at in range(1, len(undisturbed.seen) + 1) for after in (False, True)]
    outcomes = {}
    for at, after in points:
        killer = Killer(at, after)
        shop = interrupted(controlplane, tmp_path / f"{at}-{after}", killer)
        assert killer.victim is not None
        assert -signal.SIGKILL == killer.victim.returncode
        shop.sync_wholly()
        outcomes[at, after] = (shop.values, shop.rollouts)
    whole = ({name: f"{name}-2" for name in SECRETS}, dict.fromkeys(USERS, 1))
    with capsys.disabled():
        print(f"\nkilled at {len(points)} points of {len(undisturbed.seen)} writes")
    assert dict.fromkeys(points, whole) == outcomes
    assert 11 == len(undisturbed.seen)
