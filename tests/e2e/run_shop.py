"""A namespace of the real control plane whose Secrets come from a mount of OpenBao, for tests of `syncd run`."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.running import Running, running
from tests.servers.controlplane import ControlPlane
from tests.servers.openbao import OpenBao, wait_for


class Shop:
    """Two ExternalSecrets of one key each in a namespace of their own, and a Deployment that uses one of them."""

    def __init__(self, plane: ControlPlane, bao: OpenBao, folder: Path) -> None:
        self.plane, self.bao, self.folder = plane, bao, folder
        self.namespace, self.mount = plane.namespace(), bao.kv()
        plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": "syncd"}}, accept=(201, 409))
        for name in ("stripe", "paypal"):
            self.put(name, "1")

    def put(self, name: str, value: str) -> None:
        self.bao.client().secrets.kv.v2.create_or_update_secret(name, {"KEY": value}, mount_point=self.mount)

    def declare(self, url: str, interval: str = "1s") -> Path:
        provider = {"server": url, "path": self.mount, "auth": {"tokenSecretRef": {"name": "bao", "key": "token"}}}
        documents: list[dict[str, Any]] = [
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "bao"},
                "stringData": {"token": self.bao.token},
            },
            {
                "apiVersion": "external-secrets.io/v1",
                "kind": "SecretStore",
                "metadata": {"name": "bao"},
                "spec": {"provider": {"vault": provider}},
            },
            *(self._declaration(name, interval) for name in ("stripe", "paypal")),
        ]
        path = self.folder / "shop.yaml"
        path.write_text(yaml.safe_dump_all(documents))
        return path

    @staticmethod
    def _declaration(name: str, interval: str) -> dict[str, Any]:
        data = [{"secretKey": "KEY", "remoteRef": {"key": name, "property": "KEY"}}]
        return {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {"name": name},
            "spec": {"refreshInterval": interval, "secretStoreRef": {"name": "bao"}, "data": data},
        }

    def deploy(self) -> None:
        env = [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "stripe", "key": "KEY"}}}]
        template = {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "app", "image": "app", "env": env}]},
        }
        spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template}
        body = {"metadata": {"name": "web"}, "spec": spec}
        self.plane.request("POST", f"/apis/apps/v1/namespaces/{self.namespace}/deployments", body)

    @property
    def revision(self) -> str:
        path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments/web"
        annotations = self.plane.request("GET", path)["metadata"].get("annotations", {})
        return str(annotations.get("deployment.kubernetes.io/revision", ""))

    def core(self, resource: str) -> str:
        return f"/api/v1/namespaces/{self.namespace}/{resource}"

    def value(self, name: str) -> str:
        answer = self.plane.request("GET", self.core(f"secrets/{name}"), accept=(200, 404))
        return base64.b64decode(answer.get("data", {}).get("KEY", "")).decode()

    def becomes(self, **values: str) -> None:
        wait_for(lambda: values == {name: self.value(name) for name in values}, seconds=20)

    @contextmanager
    def running(self, manifests: Path, *more: str | Path) -> Iterator[Running]:
        with running(
            self.folder, "-f", manifests, "-n", self.namespace, "--kubeconfig", self.plane.kubeconfig, *more
        ) as run:
            yield run
