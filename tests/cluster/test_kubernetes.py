"""The kubernetes target on a real API server: the conformance suite, limited rights, and how calls are made."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest

from syncd.cluster import resources
from syncd.cluster.kubeconfig import ClientCertificate
from syncd.cluster.kubernetes import KubernetesTarget
from syncd.errors import Conflict, Denied, Rejected, UsageError
from syncd.model import (
    MANAGED,
    RUNNING,
    Missing,
    NamespaceWorkloads,
    ObjectName,
    Present,
    SecretObject,
    SecretValue,
    Unreadable,
    WorkloadKind,
    WorkloadName,
)
from tests.cluster.conformance import RecordConformance, SecretConformance, WorkloadConformance, bench
from tests.cluster.conformance.secrets import patch_of
from tests.cluster.conformance.workloads import note_on
from tests.cluster.lab import Account, Bench, Pod
from tests.servers.controlplane import ControlPlane

__all__ = ["bench"]

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


class TestSecrets(SecretConformance):
    pass


class TestWorkloads(WorkloadConformance):
    pass


class TestRecords(RecordConformance):
    pass


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


# Reading with few calls


def test_few_names_are_read_one_by_one(bench: Bench, lab: ClusterLab) -> None:
    """Three names are three GETs."""
    bench.target.read_secrets([bench.name(f"s{number}") for number in range(3)])
    assert_calls(lab, [("get", "secrets")] * 3)


def test_many_names_are_one_list(bench: Bench, lab: ClusterLab) -> None:
    """From four on."""
    bench.target.read_secrets([bench.name(f"s{number}") for number in range(40)])
    assert_calls(lab, [("list", "secrets")])


def test_lists_are_read_in_pages(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages, in order."""
    monkeypatch.setattr(resources, "PAGE", 2)
    for number in range(5):
        bench.secret(f"s{number}", KEY=str(number))
    observed = bench.target.read_secrets([bench.name(f"s{number}") for number in range(6)])
    assert [True] * 5 + [False] == [isinstance(one, Present) for one in observed.values()]


def test_releases_of_helm_are_not_listed(bench: Bench, lab: ClusterLab) -> None:
    """They are large and never ours; one that is asked for is found by its name once it stands in the way."""
    release = SecretObject(bench.name("s0"), "helm.sh/release.v1", {"release": SecretValue("1")})
    lab.plane.request(
        "POST",
        lab.core("secrets"),
        {"metadata": {"name": "s0"}, "type": release.type, "data": {"release": release.data["release"].base64()}},
    )
    names = [bench.name(f"s{number}") for number in range(4)]
    assert Missing() == bench.target.read_secrets(names)[release.name]
    with pytest.raises(Conflict):
        bench.target.create_secret(release)
    assert isinstance(bench.target.read_secrets(names)[release.name], Present)


def test_owned_secrets_of_all_namespaces_are_one_list(bench: Bench, lab: ClusterLab) -> None:
    """By the label, wherever they are."""
    bench.target.create_secret(SecretObject(bench.name("ours"), labels={MANAGED: "true"}))
    owned = bench.target.owned_secrets([])
    assert bench.name("ours") in {secret.name for secret in owned.secrets}


def test_secrets_are_listed_by_labels(lab: ClusterLab, bench: Bench) -> None:
    """For stores that are a cluster."""
    bench.target.create_secret(SecretObject(bench.name("blue"), labels={"color": "blue", "size": "1"}))
    bench.secret("plain")
    assert ["blue"] == [one.name.name for one in lab.target.list_secrets(lab.namespace, {"color": "blue", "size": "1"})]
    assert ["blue", "plain"] == [one.name.name for one in lab.target.list_secrets(lab.namespace)]


# Rights


def test_named_secrets_alone_may_be_read(bench: Bench, lab: ClusterLab) -> None:
    """LIST is denied, so each is read by name, and a warning names the right that would save calls."""
    for number in range(5):
        bench.secret(f"s{number}", KEY=str(number))
    named = [f"s{number}" for number in range(4)]
    target = limited(lab, rule(["get"], "secrets", named))
    observed = target.read_secrets([bench.name(f"s{number}") for number in range(5)])
    assert [Present] * 4 + [Unreadable] == [type(one) for one in observed.values()]
    last = observed[bench.name("s4")]
    assert isinstance(last, Unreadable)
    assert f"grant `get` on `secrets` in namespace `{lab.namespace}`" == last.hint
    (warning,) = target.warnings
    assert f"grant `list` on `secrets` in namespace `{lab.namespace}` to save calls" in warning


def test_denied_list_is_remembered(bench: Bench, lab: ClusterLab) -> None:
    """The second read does not ask again."""
    target = limited(lab, rule(["get"], "secrets"))
    names = [bench.name(f"s{number}") for number in range(4)]
    target.read_secrets(names)
    target.read_secrets(names)
    expected = [("get", "secrets")] * 8 + [("list", "secrets")]
    assert_calls(lab, expected, user=f"system:serviceaccount:{lab.namespace}:limited")
    assert 1 == len(target.warnings)


def test_owned_secrets_of_one_namespace(bench: Bench, lab: ClusterLab) -> None:
    """Where all namespaces may not be listed, those that may be are; one that may not makes it incomplete."""
    bench.target.create_secret(SecretObject(bench.name("ours"), labels={MANAGED: "true"}))
    target = limited(lab, rule(["list"], "secrets"))
    owned = target.owned_secrets([lab.namespace])
    assert ([bench.name("ours")], True) == ([secret.name for secret in owned.secrets], owned.complete)
    partly = target.owned_secrets([lab.namespace, "kube-system"])
    assert (1, False) == (len(partly.secrets), partly.complete)
    assert "grant `list` on `secrets` in namespace `kube-system`" == partly.hint


def test_deployments_that_may_not_be_listed_are_unreadable(lab: ClusterLab) -> None:
    """The hint names the right."""
    target = limited(
        lab, rule(["list"], "statefulsets"), rule(["list"], "daemonsets"), rule(["list"], "serviceaccounts")
    )
    found = target.read_workloads(lab.namespace)
    assert isinstance(found, Unreadable)
    assert f"grant `list` on `deployments.apps` in namespace `{lab.namespace}`" == found.hint


def test_service_accounts_that_may_not_be_listed_hide_pull_secrets(bench: Bench, lab: ClusterLab) -> None:
    """The workloads are read all the same."""
    bench.deployment()
    target = limited(lab, *(rule(["list"], plural) for plural in PLURAL.values()))
    found = target.read_workloads(lab.namespace)
    assert isinstance(found, NamespaceWorkloads)
    assert 1 == len(found.workloads)
    assert isinstance(found.pull_secrets, Unreadable)
    assert f"grant `list` on `serviceaccounts` in namespace `{lab.namespace}`" == found.pull_secrets.hint


@pytest.mark.parametrize("verb", ["create", "patch", "delete"])
def test_denied_writes_name_the_right(bench: Bench, lab: ClusterLab, verb: str) -> None:
    """And who lacks it."""
    made = bench.secret("there", KEY="1")
    target = limited(lab)
    calls: dict[str, Callable[[], object]] = {
        "create": lambda: target.create_secret(replace(made, name=bench.name("new"))),
        "patch": lambda: target.patch_secret(patch_of(made)),
        "delete": lambda: target.delete_secret(made.name, made.uid, made.resource_version),
    }
    with pytest.raises(Denied) as caught:
        calls[verb]()
    assert f"grant `{verb}` on `secrets` in namespace `{lab.namespace}`" == caught.value.hint
    assert f"`system:serviceaccount:{lab.namespace}:limited`" in str(caught.value)


def test_denied_restart_names_the_right(bench: Bench, lab: ClusterLab) -> None:
    """`patch` on the kind of workload."""
    workload = bench.deployment()
    with pytest.raises(Denied) as caught:
        limited(lab).patch_workload(note_on(workload, "1"))
    assert f"grant `patch` on `deployments.apps` in namespace `{lab.namespace}`" == caught.value.hint


def test_denied_token_names_the_right(lab: ClusterLab) -> None:
    """The subresource is part of it."""
    with pytest.raises(Denied) as caught:
        limited(lab).service_account_token(ObjectName(lab.namespace, "limited"), ["vault"], 600)
    assert f"grant `create` on `serviceaccounts/token` in namespace `{lab.namespace}`" == caught.value.hint


def test_key_that_may_not_be_read_is_unreadable(lab: ClusterLab) -> None:
    """Never missing: a note of an unknown key would be written anew."""
    target = limited(lab)
    assert isinstance(target.fingerprint_keys(), Unreadable)


def test_credentials_that_are_refused(lab: ClusterLab) -> None:
    """401 is a missing right, not an outage."""
    target = KubernetesTarget.for_server(lab.plane.server, ca=lab.plane.ca, credential=SecretValue("wrong"))
    observed = target.read_secrets([ObjectName("default", "x")])[ObjectName("default", "x")]
    assert isinstance(observed, Unreadable)
    assert "does not accept the credentials" in observed.reason


# Writing


def test_secret_in_a_missing_namespace_is_rejected(lab: ClusterLab) -> None:
    """The hint makes the namespace."""
    with pytest.raises(Rejected) as caught:
        lab.target.create_secret(SecretObject(ObjectName("not-there", "x")))
    assert "namespace `not-there` does not exist" == str(caught.value)
    assert "kubectl create namespace not-there" == caught.value.hint


def test_key_without_its_namespace(lab: ClusterLab) -> None:
    """Missing when read, and a hint when made."""
    target = KubernetesTarget.connect(str(lab.plane.kubeconfig), system_namespace="not-there")
    assert Missing() == target.fingerprint_keys()
    with pytest.raises(Rejected) as caught:
        target.create_fingerprint_key()
    assert "kubectl create namespace not-there" == caught.value.hint


def test_quota_is_named(bench: Bench, lab: ClusterLab) -> None:
    """It answers 403 too, and is no missing right."""
    quota = {"metadata": {"name": "few"}, "spec": {"hard": {"count/secrets": "0"}}}
    lab.plane.request("POST", lab.core("resourcequotas"), quota)
    status = {"status": {"hard": {"count/secrets": "0"}, "used": {"count/secrets": "0"}}}
    lab.plane.request("PATCH", f"{lab.core('resourcequotas')}/few/status", status, content_type=MERGE)

    def fill() -> None:
        for number in range(2000):  # the admission plugin hears of a quota some milliseconds later
            bench.secret(f"s{number}", KEY="1")

    with pytest.raises(Rejected, match="would exceed the quota `few`"):
        fill()


def test_secrets_written_by_syncd_say_so(bench: Bench, lab: ClusterLab) -> None:
    """The field manager is what `kubectl --show-managed-fields` shows."""
    bench.secret("managed", KEY="1")
    item = lab.plane.request("GET", f"{lab.core('secrets')}/managed")
    assert {"syncd"} == {entry["manager"] for entry in item["metadata"]["managedFields"]}


def test_restart_starts_a_rollout(bench: Bench, lab: ClusterLab) -> None:
    """The controller makes a second ReplicaSet; for a note alone it makes none."""
    workload = bench.deployment()
    bench.target.patch_workload(note_on(workload, "1"))
    assert 1 == replica_sets(lab, workload.name)
    bench.target.patch_workload(note_on(workload, "2", previous="1", trigger="now"))
    assert 2 == replica_sets(lab, workload.name)


def replica_sets(lab: ClusterLab, name: WorkloadName) -> int:
    """How many there are once the controller has seen the workload as it stands."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        item = lab.get(name)
        if item["metadata"]["generation"] == item["status"].get("observedGeneration"):
            path = f"/apis/apps/v1/namespaces/{lab.namespace}/replicasets"
            return len(lab.plane.request("GET", path)["items"])
        time.sleep(0.02)
    raise AssertionError("the controller does not look at the workload")


def test_status_writes_do_not_conflict(bench: Bench, lab: ClusterLab) -> None:
    """The controller writes all the time; only the note is tested."""
    workload = bench.deployment()
    over = threading.Event()

    def write_status() -> None:
        number = 0
        while not over.is_set():
            number += 1
            body = {"status": {"observedGeneration": number}, "metadata": {"annotations": {"busy": str(number)}}}
            path = f"{lab.apps(WorkloadKind.DEPLOYMENT)}/web/status"
            lab.plane.request("PATCH", path, body, content_type=MERGE)

    controller = threading.Thread(target=write_status)
    controller.start()
    try:
        previous = None
        for number in range(30):
            bench.target.patch_workload(note_on(workload, str(number), previous=previous, trigger=f"t{number}"))
            previous = str(number)
    finally:
        over.set()
        controller.join()
    assert "29" == bench.workload(workload.name).annotations[RUNNING]


def test_first_restart_is_one_call(bench: Bench, lab: ClusterLab) -> None:
    """What was read says which annotation maps must be made."""
    bench.lab.add_workload(bench.workload_name("db", WorkloadKind.STATEFUL_SET), Pod())
    workload = bench.workload(bench.workload_name("db", WorkloadKind.STATEFUL_SET))
    bench.target.patch_workload(note_on(workload, "1", trigger="t1"))
    lists = [("list", plural) for plural in (*PLURAL.values(), "serviceaccounts")]
    assert_calls(lab, sorted([("create", "statefulsets"), *lists, ("patch", "statefulsets")]))


def test_note_too_large_is_rejected(bench: Bench) -> None:
    """That is no conflict: deciding again would not help."""
    workload = bench.deployment()
    with pytest.raises(Rejected, match="may not be more than 262144 bytes"):
        bench.target.patch_workload(note_on(workload, "x" * 270_000))


def test_token_of_a_service_account(lab: ClusterLab) -> None:
    """It is who it says, for the audience that was asked for."""
    lab.plane.service_account_token(lab.namespace, "robot")
    token = lab.target.service_account_token(ObjectName(lab.namespace, "robot"), [], 600)
    as_robot = KubernetesTarget.for_server(lab.plane.server, ca=lab.plane.ca, credential=token)
    assert f"system:serviceaccount:{lab.namespace}:robot" == as_robot.identity()


def test_token_that_lives_too_short_is_rejected(lab: ClusterLab) -> None:
    """Ten minutes are the least."""
    lab.plane.service_account_token(lab.namespace, "robot")
    with pytest.raises(Rejected, match=r"`spec.expirationSeconds` is not valid"):
        lab.target.service_account_token(ObjectName(lab.namespace, "robot"), [], 60)


def test_rights_can_be_asked_for(lab: ClusterLab) -> None:
    """For `check`."""
    target = limited(lab, rule(["get"], "secrets"))
    assert target.may("get", "secrets", lab.namespace)
    assert not target.may("list", "secrets", lab.namespace)


# Connecting


def test_description_names_the_server(lab: ClusterLab) -> None:
    """For people."""
    assert f"cluster {lab.plane.server}" == lab.target.description


def test_token_function_is_called_again_after_401(lab: ClusterLab) -> None:
    """Tokens of service accounts end; the next one is asked for."""
    tokens = iter(["expired", lab.plane.admin_token])
    target = KubernetesTarget.for_server(
        lab.plane.server, ca=lab.plane.ca, credential=lambda: SecretValue(next(tokens))
    )
    assert "admin" == target.identity()


def test_certificates_that_are_none(lab: ClusterLab) -> None:
    """The message does not hold them."""
    for ca, credential in (
        ("canary", SecretValue("x")),
        (lab.plane.ca, ClientCertificate("canary", SecretValue("canary"))),
    ):
        with pytest.raises(UsageError, match="not usable PEM") as caught:
            KubernetesTarget.for_server(lab.plane.server, ca=ca, credential=credential)
        assert "canary" not in str(caught.value)


def test_outage_is_survived(controlplane: ControlPlane, lab: ClusterLab, bench: Bench) -> None:
    """Connections that died with the server are not used again, and reads wait for it within their deadline."""
    bench.secret("before", KEY="1")
    controlplane.stop_apiserver()
    results: list[object] = []
    reader = threading.Thread(target=lambda: results.append(bench.values("before")))
    reader.start()
    controlplane.start_apiserver()
    reader.join()
    assert [{"KEY": b"1"}] == results
