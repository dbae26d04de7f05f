"""The kubernetes target on a real API server: the conformance suite, and how calls are made."""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from syncd.cluster import resources, watch
from syncd.cluster.api import Note, SecretList, SecretSeen
from syncd.cluster.folder import FolderTarget
from syncd.cluster.keys import new_key
from syncd.cluster.kubeconfig import ClientCertificate
from syncd.cluster.kubernetes import KubernetesTarget
from syncd.errors import Conflict, Rejected, Unreachable, UsageError
from syncd.model import (
    MANAGED,
    RUNNING,
    Missing,
    ObjectName,
    Present,
    SecretObject,
    SecretValue,
    Unreadable,
    WorkloadKind,
    WorkloadName,
)
from tests.cluster.cluster_lab import MERGE, PLURAL, ClusterLab, assert_calls, lab, limited, rule
from tests.cluster.conformance import (
    ConfigMapConformance,
    RecordConformance,
    SecretConformance,
    WatchConformance,
    WorkloadConformance,
    bench,
)
from tests.cluster.conformance.watch import ours
from tests.cluster.conformance.workloads import note_on
from tests.cluster.lab import Bench, Pod
from tests.servers.canary import Canaries
from tests.servers.controlplane import ControlPlane
from tests.servers.faults import FaultServer, answer, hang
from tests.servers.wire import Exchange

__all__ = ["bench", "lab"]


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


def test_conflict_of_a_listed_secret_leaves_the_list(bench: Bench, lab: ClusterLab) -> None:
    """Read by name once, and then with the others again."""
    bench.secret("s0", KEY="1")
    names = [bench.name(f"s{number}") for number in range(5)]
    with pytest.raises(Conflict):
        bench.secret("s0", KEY="2")
    bench.target.read_secrets(names)
    bench.target.read_secrets(names)
    creates = [("create", "secrets")] * 2
    assert_calls(lab, [*creates, ("get", "secrets"), ("list", "secrets"), ("list", "secrets")])


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


def test_rotated_keys_are_newest_first(bench: Bench, lab: ClusterLab) -> None:
    """`syncd-key` may hold two."""
    (old,) = bench.target.create_fingerprint_key()
    new = new_key((old,))
    body = {"data": {new.id: new.secret.base64()}}
    lab.plane.request("PATCH", f"{lab.core('secrets')}/syncd-key", body, content_type=MERGE)
    assert (new, old) == bench.target.fingerprint_keys()


def test_secret_that_holds_no_key_is_unreadable(bench: Bench, lab: ClusterLab) -> None:
    """It is not taken for a missing one, and not written over."""
    lab.plane.request("POST", lab.core("secrets"), {"metadata": {"name": "syncd-key"}, "data": {"other": "eA=="}})
    assert isinstance(bench.target.fingerprint_keys(), Unreadable)
    with pytest.raises(Rejected, match="holds no key of fingerprints"):
        bench.target.create_fingerprint_key()


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


def test_folder_is_applied_by_kubectl(bench: Bench, lab: ClusterLab, tmp_path: Path) -> None:
    """What the folder target writes is the Secret that this target would have made."""
    data = {"KEY": SecretValue(bytes(range(256))), "empty": SecretValue("")}
    annotations = {"text": "two\nlines: 'and' \"quotes\" #ü", "number": "1"}
    secret = SecretObject(bench.name("applied"), "example.com/kind", data, {"on": "true"}, annotations)
    folder = FolderTarget(tmp_path)
    folder.create_secret(secret)
    folder.close()
    lab.plane.kubectl("apply", "-R", "-f", str(tmp_path / "secrets"))
    applied = bench.read("applied")
    kept = {key: value for key, value in applied.annotations.items() if "last-applied" not in key}
    assert secret == replace(applied, uid="", resource_version="", annotations=kept)


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


# Watching


def test_a_watch_is_sent_no_values(bench: Bench, lab: ClusterLab, canary: Canaries) -> None:
    """Neither with its list nor with its changes."""
    value = canary("watched")
    ours(bench, "mine", value)
    stop = threading.Event()
    with FaultServer(lab.plane.server, ca=lab.plane.ca_file) as proxy:
        recorded: list[bytes] = []

        def record(exchange: Exchange) -> None:
            answer = exchange.upstream()
            recorded.append(answer.body)
            exchange.send(answer.raw())

        proxy.inject(record, calls=[1])
        target = KubernetesTarget.for_server(proxy.url, credential=SecretValue(lab.plane.admin_token))
        assert isinstance(next(iter(target.watch_secrets(lab.namespace, stop))), SecretList)
    assert [True, False] == [text.encode() in recorded[0] for text in ("mine", b64encode(value.encode()).decode())]


def test_an_expired_watch_begins_with_a_list_again(bench: Bench, lab: ClusterLab) -> None:
    """Both forms of 410: as the answer, and as an event of the stream."""
    made = ours(bench, "mine")
    gone = b'{"kind": "Status", "apiVersion": "v1", "code": 410, "reason": "Expired", "message": "too old"}'
    event = b'{"type": "ERROR", "object": ' + gone + b"}\n"
    with FaultServer(lab.plane.server, ca=lab.plane.ca_file) as proxy:
        proxy.inject(answer(410, gone), calls=[2])
        proxy.inject(answer(200, event), calls=[3])  # of those that the first rule leaves
        target = KubernetesTarget.for_server(proxy.url, credential=SecretValue(lab.plane.admin_token))
        seen = islice(target.watch_secrets(lab.namespace, threading.Event()), 3)
        assert [SecretList({made.name: made.resource_version})] * 3 == list(seen)


def test_a_watch_goes_on_after_its_window(bench: Bench, lab: ClusterLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what happened in between, and no second list."""
    monkeypatch.setattr(watch, "WINDOW", 1)
    seen = iter(bench.target.watch_secrets(lab.namespace, threading.Event()))
    assert SecretList({}) == next(seen)
    threading.Timer(1.5, lambda: ours(bench, "late")).start()
    late = next(seen)
    assert SecretSeen(bench.name("late"), bench.read("late").resource_version) == late


def test_a_watch_that_is_silent_for_ever_is_noticed(lab: ClusterLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its window and some grace, as an error: whoever watches begins anew."""
    monkeypatch.setattr(watch, "WINDOW", 0)
    monkeypatch.setattr(watch, "GRACE", 1)
    with FaultServer(lab.plane.server, ca=lab.plane.ca_file) as proxy:
        proxy.inject(hang(), calls=[2])
        target = KubernetesTarget.for_server(proxy.url, credential=SecretValue(lab.plane.admin_token))
        seen = iter(target.watch_secrets(lab.namespace, threading.Event()))
        next(seen)
        with pytest.raises(Unreachable, match="did not answer within 1 s"):
            next(seen)


def test_events_are_counted(bench: Bench, lab: ClusterLab) -> None:
    """One object for each Secret and reason, with its last message."""
    for message in ("first", "second"):
        bench.target.note(Note(bench.name("mine"), "Updated", message))
    bench.target.note(Note(bench.name("mine"), "SyncFailed", "denied", warning=True))
    items = lab.plane.request("GET", lab.core("events"))["items"]
    found = {(one["reason"], one["type"], one["message"], one["count"]) for one in items}
    assert {("Updated", "Normal", "second", 2), ("SyncFailed", "Warning", "denied", 1)} == found
    assert {("Secret", "mine")} == {(i["involvedObject"]["kind"], i["involvedObject"]["name"]) for i in items}
