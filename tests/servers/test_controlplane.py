"""The control plane of the rig is real, and its fixture keeps its promises."""

from __future__ import annotations

import json

import pytest
import requests

from tests.servers.controlplane import ControlPlane
from tests.servers.controlplane.build import kubernetes_version
from tests.servers.openbao import wait_for


def test_the_version_is_the_pinned_one(controlplane: ControlPlane) -> None:
    """The API server says the version that `go.mod` names."""
    assert f"v{kubernetes_version()}" == controlplane.request("GET", "/version")["gitVersion"]


def test_a_service_account_has_only_its_own_rights(controlplane: ControlPlane) -> None:
    """What is granted to a ServiceAccount is what its kubeconfig allows."""
    namespace = controlplane.namespace()
    token = controlplane.service_account_token(namespace, "reader")
    controlplane.grant(namespace, "reader", {"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]})
    options = ("auth", "can-i", "--list", f"--kubeconfig={controlplane.kubeconfig_for(token, namespace=namespace)}")
    allowed = controlplane.kubectl(*options)
    assert "secrets" in allowed
    assert "pods" not in allowed


def test_calls_are_audited_without_values(controlplane: ControlPlane) -> None:
    """Each call of a namespace stands in the audit log, by verb and resource, and no value does."""
    namespace = controlplane.namespace()
    secret = {"metadata": {"name": "a"}, "stringData": {"k": "audited-value"}}
    controlplane.request("POST", f"/api/v1/namespaces/{namespace}/secrets", secret)
    controlplane.request("GET", f"/api/v1/namespaces/{namespace}/secrets/a")
    events = controlplane.audited(namespace=namespace, user="admin")
    calls = [f"{event['verb']} {event['objectRef']['resource']}" for event in events]
    assert ["create secrets", "get secrets"] == calls[-2:]
    assert "audited-value" not in json.dumps(events)


def test_a_deployment_gets_its_replica_set(controlplane: ControlPlane) -> None:
    """The controllers run: a new Deployment is observed and makes a ReplicaSet."""
    namespace = controlplane.namespace()
    controlplane.kubectl("create", "deployment", "web", "--image=web", f"--namespace={namespace}")
    path = f"/apis/apps/v1/namespaces/{namespace}/replicasets"
    wait_for(lambda: len(controlplane.request("GET", path)["items"]) == 1, seconds=30)


def test_an_outage_keeps_data_and_tokens(controlplane: ControlPlane) -> None:
    """While the API server is away nobody answers; afterwards everything is as it was."""
    namespace = controlplane.namespace()
    controlplane.stop_apiserver()
    try:
        with pytest.raises(requests.ConnectionError):
            controlplane.request("GET", "/readyz")
    finally:
        controlplane.start_apiserver()
    assert namespace == controlplane.request("GET", f"/api/v1/namespaces/{namespace}")["metadata"]["name"]
