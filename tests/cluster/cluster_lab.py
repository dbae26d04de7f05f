"""A lab on the real control plane."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from syncd.cluster.kubernetes import KubernetesTarget
from syncd.model import SecretValue, WorkloadKind, WorkloadName
from tests.cluster.lab import Account, Pod
from tests.servers.controlplane import ControlPlane

PLURAL = {
    WorkloadKind.DEPLOYMENT: "deployments",
    WorkloadKind.STATEFUL_SET: "statefulsets",
    WorkloadKind.DAEMON_SET: "daemonsets",
}
MERGE = "application/merge-patch+json"


@dataclass
class ClusterLab:
    target: KubernetesTarget
    plane: ControlPlane
    namespace: str

    def add_workload(self, name: WorkloadName, pod: Pod) -> None:
        self.plane.request("POST", self.apps(name.kind), pod.manifest(name))

    def annotate(self, name: WorkloadName, annotations: Mapping[str, str]) -> None:
        body = {"metadata": {"annotations": dict(annotations)}}
        self.plane.request("PATCH", f"{self.apps(name.kind)}/{name.name.name}", body, content_type=MERGE)

    def remove_workload(self, name: WorkloadName) -> None:
        self.plane.request("DELETE", f"{self.apps(name.kind)}/{name.name.name}")

    def add_account(self, account: Account) -> None:
        metadata = {"name": account.name, "annotations": dict(account.annotations)}
        body = {"metadata": metadata, "imagePullSecrets": [{"name": name} for name in account.pull_secrets]}
        self.plane.request("POST", self.core("serviceaccounts"), body)

    def add_configmap(self, name: str, data: Mapping[str, str]) -> None:
        self.plane.request("POST", self.core("configmaps"), {"metadata": {"name": name}, "data": dict(data)})

    def apps(self, kind: WorkloadKind) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/{PLURAL[kind]}"

    def core(self, plural: str) -> str:
        return f"/api/v1/namespaces/{self.namespace}/{plural}"

    def get(self, name: WorkloadName) -> dict[str, Any]:
        return self.plane.request("GET", f"{self.apps(name.kind)}/{name.name.name}")


@pytest.fixture
def lab(controlplane: ControlPlane) -> Iterator[ClusterLab]:
    namespace = controlplane.namespace()
    target = KubernetesTarget.connect(str(controlplane.kubeconfig), system_namespace=namespace)
    yield ClusterLab(target, controlplane, namespace)
    target.close()


def audited(lab: ClusterLab, user: str) -> list[tuple[str, str]]:
    """Verb and resource of the calls in the lab's namespace."""
    events = lab.plane.audited(namespace=lab.namespace, user=user)
    done = [event for event in events if event["stage"] == "ResponseComplete"]
    return sorted((event["verb"], event["objectRef"]["resource"]) for event in done)


def assert_calls(lab: ClusterLab, expected: list[tuple[str, str]], *, user: str = "admin") -> None:
    """The API server writes its log after the answer, so it is given some time."""
    end = time.monotonic() + 10
    seen: list[tuple[str, str]] = []
    while seen != expected and time.monotonic() < end:
        with suppress(ValueError):  # a line that is half-written
            seen = audited(lab, user)
        time.sleep(0.02)
    assert expected == seen


def limited(lab: ClusterLab, *rules: dict[str, list[str]]) -> KubernetesTarget:
    """A target whose token has these rights in the lab's namespace and no others."""
    token = lab.plane.service_account_token(lab.namespace, "limited")
    if rules:
        lab.plane.grant(lab.namespace, "limited", *rules)
    return KubernetesTarget.for_server(lab.plane.server, ca=lab.plane.ca, credential=SecretValue(token))


def rule(verbs: list[str], resource: str, names: list[str] | None = None) -> dict[str, list[str]]:
    group = "apps" if resource in PLURAL.values() else ""
    return {
        "apiGroups": [group],
        "resources": [resource],
        "verbs": verbs,
        **({"resourceNames": names} if names else {}),
    }
