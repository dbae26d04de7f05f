"""Secrets of External Secrets Operator are taken over as docs/migration.md says, and given back."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.binary import BINARY, environment
from tests.e2e.pages import Command, File, steps
from tests.generate import ROOT
from tests.servers.controlplane import ControlPlane

PAGE = (ROOT / "docs" / "migration.md").read_text()
NAMESPACE = "team-a"
SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/stripe"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/web"
OWNER = {
    "apiVersion": "external-secrets.io/v1",
    "kind": "ExternalSecret",
    "name": "stripe",
    "uid": "8f1d2c3b-0000-4000-8000-000000000001",
    "controller": True,
    "blockOwnerDeletion": True,
}
ESO_LABELS = {"reconcile.external-secrets.io/managed": "true", "reconcile.external-secrets.io/created-by": "0a1b"}
ESO_ANNOTATIONS = {"reconcile.external-secrets.io/data-hash": "2c3d"}


@pytest.fixture
def plane(controlplane: ControlPlane) -> ControlPlane:
    """With a Secret as External Secrets Operator leaves it, and a Deployment that uses it."""
    controlplane.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    metadata = {"name": "stripe", "labels": ESO_LABELS, "annotations": ESO_ANNOTATIONS, "ownerReferences": [OWNER]}
    body = {"metadata": metadata, "stringData": {"KEY": "sk_live_1"}}
    controlplane.request("POST", SECRET.rpartition("/")[0], body)
    container = {"name": "main", "image": "registry.invalid/web", "envFrom": [{"secretRef": {"name": "stripe"}}]}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template}
    controlplane.request("POST", DEPLOYMENT.rpartition("/")[0], {"metadata": {"name": "web"}, "spec": spec})
    return controlplane


def run(command: str, folder: Path, plane: ControlPlane) -> str:
    """What it prints, on either stream."""
    env = environment(KUBECONFIG=str(plane.kubeconfig), PATH=f"{BINARY.parent}{os.pathsep}{os.environ['PATH']}")
    ran = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60
    )
    return ran.stdout + ran.stderr


def test_the_page(plane: ControlPlane, tmp_path: Path) -> None:
    """Its commands do what it shows; data, identity and pods stay, and only the marks come and go."""
    before, pods = plane.request("GET", SECRET), plane.request("GET", DEPLOYMENT)["spec"]
    adopted: dict[str, Any] = {}
    for step in steps(PAGE):
        if isinstance(step, File):
            (tmp_path / step.name).parent.mkdir(exist_ok=True)
            (tmp_path / step.name).write_text(step.text)
        if isinstance(step, Command):
            output = run(step.text, tmp_path, plane)
            assert [] == step.missing_in(output), output
            if step.text.startswith("syncd sync"):
                adopted = plane.request("GET", SECRET)
    after = plane.request("GET", SECRET)
    assert {"syncd.dev/managed": "true", **ESO_LABELS} == adopted["metadata"]["labels"]
    assert {"syncd.dev/owner": "default/files/team-a/stripe", **ESO_ANNOTATIONS} == adopted["metadata"]["annotations"]
    assert (ESO_LABELS, ESO_ANNOTATIONS) == (after["metadata"]["labels"], after["metadata"]["annotations"])
    for one in (adopted, after):
        assert (before["data"], before["metadata"]["uid"]) == (one["data"], one["metadata"]["uid"])
    assert pods == plane.request("GET", DEPLOYMENT)["spec"]
