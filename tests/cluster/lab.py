"""What the conformance suite needs around a target: a namespace of its own, and hands of somebody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import pytest

from syncd.cluster.api import Target
from syncd.cluster.parallel import fan_out
from syncd.model import (
    NamespaceWorkloads,
    ObjectName,
    Present,
    SecretObject,
    SecretValue,
    Workload,
    WorkloadKind,
    WorkloadName,
)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Pod:
    """A workload to be made; the annotations are absent when None, which is another thing than empty."""

    annotations: Mapping[str, str] | None = None
    pod_annotations: Mapping[str, str] | None = None
    secret: str = "app-secret"

    def manifest(self, name: WorkloadName) -> dict[str, object]:
        """The object as JSON."""
        labels = {"app": name.name.name}
        metadata: dict[str, object] = {"name": name.name.name, "namespace": name.name.namespace}
        template: dict[str, object] = {"labels": labels}
        if self.annotations is not None:
            metadata["annotations"] = dict(self.annotations)
        if self.pod_annotations is not None:
            template["annotations"] = dict(self.pod_annotations)
        container = {"name": "app", "image": "example/app:1", "envFrom": [{"secretRef": {"name": self.secret}}]}
        spec: dict[str, object] = {
            "selector": {"matchLabels": labels},
            "template": {"metadata": template, "spec": {"containers": [container]}},
        }
        if name.kind is WorkloadKind.STATEFUL_SET:
            spec["serviceName"] = name.name.name
        return {"apiVersion": "apps/v1", "kind": name.kind.value, "metadata": metadata, "spec": spec}


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    pull_secrets: Sequence[str] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)


class Lab(Protocol):
    target: Target
    namespace: str
    """Nothing is in it, and nobody else uses it."""

    def add_workload(self, name: WorkloadName, pod: Pod) -> None: ...

    def annotate(self, name: WorkloadName, annotations: Mapping[str, str]) -> None:
        """Somebody else writes these annotations of a workload."""
        ...

    def remove_workload(self, name: WorkloadName) -> None: ...

    def add_account(self, account: Account) -> None: ...

    def add_configmap(self, name: str, data: Mapping[str, str]) -> None: ...


class Bench:
    """A lab with short words for what tests do."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.target = lab.target

    def name(self, name: str) -> ObjectName:
        return ObjectName(self.lab.namespace, name)

    def workload_name(self, name: str = "web", kind: WorkloadKind = WorkloadKind.DEPLOYMENT) -> WorkloadName:
        return WorkloadName(kind, self.name(name))

    def secret(self, name: str, **data: str) -> SecretObject:
        """Made in the target."""
        values = {key: SecretValue(value) for key, value in data.items()}
        return self.target.create_secret(SecretObject(self.name(name), data=values))

    def read(self, name: str) -> SecretObject:
        observed = self.target.read_secrets([self.name(name)])[self.name(name)]
        assert isinstance(observed, Present), observed
        return observed.secret

    def values(self, name: str) -> dict[str, bytes]:
        return {key: value.reveal() for key, value in self.read(name).data.items()}

    def workloads(self) -> NamespaceWorkloads:
        found = self.target.read_workloads(self.lab.namespace)
        assert isinstance(found, NamespaceWorkloads), found
        return found

    def workload(self, name: WorkloadName) -> Workload:
        return next(one for one in self.workloads().workloads if one.name == name)

    def deployment(self, pod: Pod | None = None, name: str = "web") -> Workload:
        """Made in the target."""
        self.lab.add_workload(self.workload_name(name), pod or Pod())
        return self.workload(self.workload_name(name))


def at_once(count: int, function: Callable[[int], Result]) -> list[Result]:
    """`function` in so many threads that start together."""
    gate = threading.Barrier(count)

    def one(number: int) -> Result:
        gate.wait()
        return function(number)

    return fan_out(one, range(count), count)


@pytest.fixture
def bench(lab: Lab) -> Bench:
    """The lab that a subclass's module gives as fixture `lab`."""
    return Bench(lab)
