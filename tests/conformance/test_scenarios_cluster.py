"""A sample of the scenarios on a real API server, whose rules the target in memory only imitates."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncd.cluster.kubernetes import KubernetesTarget
from tests.conformance.play import Manifest, Play, scenarios
from tests.servers.controlplane import ControlPlane

SAMPLE = [
    "create-createormerge-absent",
    "create-foreign-own-type",
    "create-foreign-sealed",
    "create-immutable",
    "create-immutable-on-later",
    "create-merge-absent",
    "create-none-absent",
    "create-orphan-absent",
    "create-owner-foreign",
    "create-switch-merge-owner",
    "drift-merge",
    "drift-owner",
    "gone-all-delete-data",
    "gone-all-delete-template",
    "gone-all-merge-data",
    "gone-all-retain-extract",
    "keys-dotdot",
    "merge-metadata",
    "merge-two",
    "refresh-created-once-again",
    "refresh-force-sync",
    "refresh-window-closed",
    "refresh-zero",
    "target-renamed-owner",
    "template-dockerconfig",
    "template-label-invalid",
    "template-type",
    "template-type-invalid",
]
MERGE = "application/merge-patch+json"


class ClusterWorld:
    def __init__(self, plane: ControlPlane) -> None:
        self.plane, self.namespace = plane, plane.namespace()
        self.target = KubernetesTarget.connect(str(plane.kubeconfig), system_namespace=self.namespace)

    def put(self, manifest: Manifest) -> None:
        self.plane.request("POST", self._path(f"{manifest['kind'].lower()}s"), manifest)

    def patch(self, name: str, patch: Manifest) -> None:
        self.plane.request("PATCH", self._path(f"secrets/{name}"), patch, content_type=MERGE)

    def remove(self, name: str) -> None:
        self.plane.request("DELETE", self._path(f"secrets/{name}"))

    def _path(self, rest: str) -> str:
        return f"/api/v1/namespaces/{self.namespace}/{rest}"


@pytest.fixture
def world(controlplane: ControlPlane) -> Iterator[ClusterWorld]:
    made = ClusterWorld(controlplane)
    yield made
    made.target.close()


@pytest.mark.parametrize("name", SAMPLE)
def test_scenario(name: str, world: ClusterWorld) -> None:
    """As in memory."""
    [scenario] = [one for one in scenarios() if one["id"] == name]
    play = Play(world)
    for step in scenario["steps"]:
        assert (step["title"], step["expect"]) == (step["title"], play.step(step))
