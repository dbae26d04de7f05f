"""`syncd run` on the real control plane, with OpenBao as the store: rotations, drift, and outages on either side."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.running import Running, running
from tests.servers.controlplane import ControlPlane
from tests.servers.faults import FaultServer, error
from tests.servers.openbao import OpenBao, wait_for

MERGE = "application/merge-patch+json"


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


@pytest.fixture
def shop(controlplane: ControlPlane, openbao: OpenBao, tmp_path: Path) -> Shop:
    return Shop(controlplane, openbao, tmp_path)


def test_a_rotation_arrives_restarts_and_is_told(shop: Shop) -> None:
    """By schedule; the Deployment rolls once, and Events on the Secret say what was done."""
    shop.deploy()
    with shop.running(shop.declare(shop.bao.url)) as run:
        shop.becomes(stripe="1", paypal="1")
        wait_for(lambda: shop.revision == "1")
        shop.put("stripe", "2")
        shop.becomes(stripe="2", paypal="1")
        wait_for(lambda: shop.revision == "2")

        def events() -> set[tuple[str, str, int]]:
            items = shop.plane.request("GET", shop.core("events"))["items"]
            ours = [one for one in items if one["source"].get("component") == "syncd"]
            return {(one["involvedObject"]["name"], one["reason"], one["count"]) for one in ours}

        expected = {
            ("stripe", "Created", 1),
            ("paypal", "Created", 1),
            ("stripe", "Updated", 1),
            ("stripe", "RestartedUsers", 1),
        }
        wait_for(lambda: expected == events())
        assert run.stop() < 5
    assert "2" == shop.revision


def test_drift_is_healed_and_nothing_else_is_written(shop: Shop) -> None:
    """A foreign value, and a Secret that was deleted; two healings are two writes, whatever the schedule does."""
    with shop.running(shop.declare(shop.bao.url)) as run:
        shop.becomes(stripe="1", paypal="1")
        wait_for(lambda: run.said("Secrets are watched"))
        foreign = base64.b64encode(b"foreign").decode()
        shop.plane.request("PATCH", shop.core("secrets/stripe"), {"data": {"KEY": foreign}}, content_type=MERGE)
        shop.becomes(stripe="1")
        shop.plane.request("DELETE", shop.core("secrets/paypal"))
        shop.becomes(paypal="1")
        passes = sum(line["message"] == "pass finished" for line in run.lines)
        wait_for(lambda: sum(line["message"] == "pass finished" for line in run.lines) >= passes + 2)
        run.stop()
    writes = [line["action"] for line in run.lines if "action" in line]
    assert ["create", "create", "update", "create"] == writes


def test_a_store_that_is_away_is_waited_for(shop: Shop) -> None:
    """It is said, Secrets stay as they are, and after one back-off what was missed is there."""
    with FaultServer(shop.bao.url) as proxy, shop.running(shop.declare(proxy.url)) as run:
        shop.becomes(stripe="1", paypal="1")
        proxy.inject(error(503))
        wait_for(lambda: {"failed"} == {*run.states().values()})
        shop.put("stripe", "2")
        during = proxy.count()
        assert (200, 200, "1") == (run.code("/healthz"), run.code("/readyz"), shop.value("stripe"))
        proxy.clear()
        shop.becomes(stripe="2", paypal="1")
        assert {"stripe": "synced", "paypal": "synced"} == run.states()
        assert proxy.count() - during < 20
        run.stop()


def test_an_api_server_that_is_away_is_waited_for(shop: Shop) -> None:
    """It is said, health stays good, and what was rotated meanwhile arrives when it is back."""
    with shop.running(shop.declare(shop.bao.url)) as run:
        shop.becomes(stripe="1", paypal="1")
        wait_for(lambda: run.said("Secrets are watched"))
        shop.plane.stop_apiserver()
        try:
            shop.put("stripe", "2")
            wait_for(lambda: run.said("Secrets are not watched for now"))
            assert 200 == run.code("/healthz")
        finally:
            shop.plane.start_apiserver()
        shop.becomes(stripe="2", paypal="1")
        wait_for(lambda: {"stripe": "synced", "paypal": "synced"} == run.states())
        run.stop()


def test_rights_in_one_namespace_are_enough(shop: Shop) -> None:
    """Then that namespace is watched; Events that may not be written are told once, and stop nothing."""
    token = shop.plane.service_account_token(shop.namespace, "syncd")
    verbs = ["get", "list", "watch", "create", "patch", "delete"]
    rights = {"apiGroups": ["", "apps"], "resources": ["secrets"], "verbs": verbs}
    users = {
        "apiGroups": ["", "apps"],
        "resources": ["deployments", "statefulsets", "daemonsets", "serviceaccounts"],
        "verbs": ["list", "patch"],
    }
    shop.plane.grant(shop.namespace, "syncd", rights, users)
    shop.plane.kubeconfig = shop.plane.kubeconfig_for(token)
    try:
        with shop.running(shop.declare(shop.bao.url)) as run:
            shop.becomes(stripe="1", paypal="1")
            wait_for(lambda: run.said(f"Secrets in namespace `{shop.namespace}` are watched"))
            shop.plane.request("DELETE", shop.core("secrets/paypal"))
            shop.becomes(paypal="1")
            run.stop()
    finally:
        shop.plane.kubeconfig = shop.plane.kubeconfig_for(shop.plane.admin_token)
    assert 1 == sum("no Events are written" in line["message"] for line in run.lines)
