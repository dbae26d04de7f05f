"""`syncd run` on the real control plane, with OpenBao as the store: rotations, drift, and outages on either side."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest

from tests.e2e.run_shop import Shop
from tests.servers.controlplane import ControlPlane
from tests.servers.faults import FaultServer, error
from tests.servers.openbao import OpenBao, wait_for

OUTAGE = 60.0
"""Seconds that the API server is away: long enough for back-offs to have grown."""
MERGE = "application/merge-patch+json"


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


def test_an_api_server_that_is_away_for_a_minute_is_waited_for(shop: Shop) -> None:
    """It is said, health stays good, and what was rotated meanwhile arrives within one back-off when it is back."""
    with shop.running(shop.declare(shop.bao.url)) as run:
        shop.becomes(stripe="1", paypal="1")
        wait_for(lambda: run.said("Secrets are watched"))
        shop.plane.stop_apiserver()
        try:
            shop.put("stripe", "2")
            wait_for(lambda: run.said("Secrets are not watched for now"))
            time.sleep(OUTAGE)
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
