"""The in-process fake is a target like the others, and does what tests tell it to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from syncd.errors import Unreachable
from syncd.model import (
    MANAGED,
    NamespaceWorkloads,
    ObjectName,
    Present,
    SecretObject,
    SecretValue,
    Unreadable,
    WorkloadKind,
    WorkloadName,
)
from tests.cluster.conformance import (
    ConfigMapConformance,
    RecordConformance,
    SecretConformance,
    WatchConformance,
    WorkloadConformance,
    bench,
)
from tests.cluster.lab import Account, Pod
from tests.servers.fake_target import FakeTarget, Killed

__all__ = ["bench"]


@dataclass
class FakeLab:
    target: FakeTarget = field(default_factory=FakeTarget)
    namespace: str = "lab"

    def add_workload(self, name: WorkloadName, pod: Pod) -> None:
        container = {"name": "app", "envFrom": [{"secretRef": {"name": pod.secret}}]}
        annotations, pod_annotations = dict(pod.annotations or {}), dict(pod.pod_annotations or {})
        self.target.add_workload(
            name.kind, name.name, {"containers": [container]}, annotations=annotations, pod_annotations=pod_annotations
        )

    def annotate(self, name: WorkloadName, annotations: Mapping[str, str]) -> None:
        self.target.annotate(name, annotations)

    def remove_workload(self, name: WorkloadName) -> None:
        del self.target.workloads[name]

    def add_account(self, account: Account) -> None:
        name = ObjectName(self.namespace, account.name)
        self.target.service_accounts[name] = (tuple(account.pull_secrets), account.annotations)

    def add_configmap(self, name: str, data: Mapping[str, str]) -> None:
        self.target.configmaps[ObjectName(self.namespace, name)] = data


@pytest.fixture
def lab() -> FakeLab:
    return FakeLab()


class TestSecrets(SecretConformance):
    pass


class TestConfigMaps(ConfigMapConformance):
    """ConfigMaps."""


class TestWorkloads(WorkloadConformance):
    pass


class TestRecords(RecordConformance):
    pass


class TestWatch(WatchConformance):
    pass


def names(count: int) -> list[ObjectName]:
    return [ObjectName("shop", f"secret-{number}") for number in range(count)]


def test_reads_in_bulk_are_lists() -> None:
    """As the cluster target: from four names of a namespace on."""
    fake = FakeTarget()
    fake.read_secrets(names(3))
    fake.read_secrets(names(4))
    assert {"get secrets": 3, "list secrets": 1} == fake.calls


def test_denied_list_is_read_one_by_one() -> None:
    """With a hint that names the right."""
    fake = FakeTarget()
    fake.put_secret(SecretObject(names(1)[0]))
    fake.deny("list", "secrets", "shop")
    assert isinstance(fake.read_secrets(names(5))[names(1)[0]], Present)
    assert ["grant `list` on `secrets` in namespace `shop`"] == fake.warnings


def test_denied_get_is_unreadable() -> None:
    """Never missing."""
    fake = FakeTarget()
    fake.deny("get", "secrets")
    assert isinstance(fake.read_secrets(names(1))[names(1)[0]], Unreadable)


def test_denied_namespace_makes_owned_secrets_incomplete() -> None:
    """What may be listed still is."""
    fake = FakeTarget()
    for namespace in ("a", "b"):
        fake.put_secret(SecretObject(ObjectName(namespace, "x"), labels={MANAGED: "true"}))
    fake.deny("list", "secrets", "b")
    owned = fake.owned_secrets(["a", "b"])
    assert (["a"], False) == ([one.name.namespace for one in owned.secrets], owned.complete)


def test_denied_deployments_are_unreadable() -> None:
    """Of that namespace alone."""
    fake = FakeTarget()
    fake.deny("list", "deployments", "shop")
    assert isinstance(fake.read_workloads("shop"), Unreadable)
    assert isinstance(fake.read_workloads("web"), NamespaceWorkloads)


def test_denied_service_accounts_leave_the_workloads() -> None:
    """Only the pull secrets are unreadable."""
    fake = FakeTarget()
    fake.add_workload(WorkloadKind.DEPLOYMENT, ObjectName("shop", "web"))
    fake.deny("list", "serviceaccounts")
    found = fake.read_workloads("shop")
    assert isinstance(found, NamespaceWorkloads)
    assert isinstance(found.pull_secrets, Unreadable)
    assert 1 == len(found.workloads)


def test_write_fails_before_it_is_done() -> None:
    """The n-th from now on; the next ones work."""
    fake = FakeTarget()
    fake.fail_at(2, Unreachable("no answer"))
    fake.create_secret(SecretObject(names(1)[0], data={"KEY": SecretValue("1")}))
    with pytest.raises(Unreachable):
        fake.create_secret(SecretObject(names(2)[1]))
    assert names(1) == list(fake.secrets)
    fake.create_secret(SecretObject(names(2)[1]))


def test_process_dies_after_a_write_is_done() -> None:
    """The write stands, and no handler of errors sees the death."""
    fake = FakeTarget()
    fake.die_at(1, after=True)
    with pytest.raises(Killed):
        fake.create_secret(SecretObject(names(1)[0]))
    assert names(1) == list(fake.secrets)
    assert ["create secrets shop/secret-0"] == fake.writes
