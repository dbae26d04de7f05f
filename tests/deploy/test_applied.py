"""What the API server makes of the manifests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.deploy.installation import Installation
from tests.deploy.rendered import moved, one, overlay, with_component
from tests.servers.controlplane import ControlPlane
from tests.servers.openbao import wait_for

STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
ENDPOINT = {"type": "object", "properties": {name: {"type": "string"} for name in ("port", "path", "interval")}}
SPEC = {
    "type": "object",
    "required": ["endpoints", "selector"],
    "properties": {
        "selector": {"type": "object", "properties": {"matchLabels": STRINGS}},
        "endpoints": {"type": "array", "items": ENDPOINT},
    },
}
SERVICE_MONITORS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "servicemonitors.monitoring.coreos.com"},
    "spec": {
        "group": "monitoring.coreos.com",
        "scope": "Namespaced",
        "names": {"kind": "ServiceMonitor", "plural": "servicemonitors", "singular": "servicemonitor"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": SPEC}}},
            }
        ],
    },
}
"""The part of the Prometheus operator's kind that we use."""


def test_the_pod_is_admitted_under_the_restricted_standard(controlplane: ControlPlane) -> None:
    """The namespace enforces it, and the ReplicaSet makes its pod."""
    installation = Installation.apply(controlplane, overlay("namespaced"))
    namespace = controlplane.request("GET", f"/api/v1/namespaces/{installation.system}")
    assert "restricted" == namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    wait_for(lambda: bool(pods(controlplane, installation.system)))
    (pod,) = pods(controlplane, installation.system)
    assert ("syncd", True) == (pod["spec"]["serviceAccountName"], pod["spec"]["securityContext"]["runAsNonRoot"])


def pods(plane: ControlPlane, namespace: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = plane.request("GET", f"/api/v1/namespaces/{namespace}/pods")["items"]
    return found


def test_a_service_monitor_is_taken(controlplane: ControlPlane, tmp_path: Path) -> None:
    """Strictly, by a definition of the kind that knows the fields in use and no others."""
    controlplane.kubectl("apply", "--filename=-", stdin=yaml.safe_dump(SERVICE_MONITORS))
    controlplane.kubectl("wait", "--for=condition=established", "crd/servicemonitors.monitoring.coreos.com")
    namespace = controlplane.namespace()
    (monitor,) = moved([one(with_component(tmp_path, "service-monitor"), "ServiceMonitor")], {"syncd": namespace})
    controlplane.kubectl("create", "--validate=strict", "--filename=-", stdin=yaml.safe_dump(monitor))
    path = f"/apis/monitoring.coreos.com/v1/namespaces/{namespace}/servicemonitors/syncd"
    assert monitor["spec"] == controlplane.request("GET", path)["spec"]
