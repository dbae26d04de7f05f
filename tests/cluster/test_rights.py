"""The kubernetes target under tokens that may do little: what cannot be seen is unreadable, and the right is named."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest

from syncd.cluster import secret_reader
from syncd.cluster.kubernetes import KubernetesTarget
from syncd.errors import Denied, Unauthenticated
from syncd.model import MANAGED, NamespaceWorkloads, ObjectName, Present, SecretObject, SecretValue, Unreadable
from tests.cluster.cluster_lab import PLURAL, ClusterLab, assert_calls, lab, limited, rule
from tests.cluster.conformance import bench
from tests.cluster.conformance.secrets import patch_of
from tests.cluster.conformance.workloads import note_on
from tests.cluster.lab import Bench
from tests.servers.faults import FaultServer, answer
from tests.servers.openbao import wait_for

__all__ = ["bench", "lab"]


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


def test_namespaces_that_are_named_are_all_that_is_listed(bench: Bench, lab: ClusterLab) -> None:
    """No list of all namespaces is tried, so that nothing is denied."""
    bench.target.create_secret(SecretObject(bench.name("ours"), labels={MANAGED: "true"}))
    token = lab.plane.service_account_token(lab.namespace, "limited")
    lab.plane.grant(lab.namespace, "limited", rule(["list"], "secrets"))
    kubeconfig = str(lab.plane.kubeconfig_for(token))
    with closing(KubernetesTarget.connect(kubeconfig, namespaces=[lab.namespace])) as target:
        owned = target.owned_secrets([lab.namespace])
    assert ([bench.name("ours")], True) == ([secret.name for secret in owned.secrets], owned.complete)
    user = f"system:serviceaccount:{lab.namespace}:limited"
    wait_for(lambda: bool(lab.plane.audited(user=user)))
    assert {lab.namespace} == {event["objectRef"].get("namespace") for event in lab.plane.audited(user=user)}


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


def test_refused_credentials_are_no_missing_list() -> None:
    """One call for all names of a namespace, which is listed again when the credentials are accepted."""
    with FaultServer() as server:
        server.inject(answer(401))
        target = KubernetesTarget.for_server(server.url, credential=SecretValue("expired"))
        names = [ObjectName("shop", f"s{number}") for number in range(5)]
        for _ in range(2):
            assert {Unreadable} == {type(one) for one in target.read_secrets(names).values()}
        with pytest.raises(Unauthenticated):
            target.owned_secrets(["shop"])
        assert {"/api/v1/namespaces/shop/secrets", "/api/v1/secrets"} == {
            call.path.partition("?")[0] for call in server.calls
        }
    assert [] == target.warnings


def test_lists_that_were_denied_long_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their namespaces may be gone."""
    monkeypatch.setattr(secret_reader, "FORGET", -1.0)
    with FaultServer() as server:
        server.inject(answer(403))
        target = KubernetesTarget.for_server(server.url, credential=SecretValue("x"))
        for namespace in ("shop", "web"):
            target.read_secrets([ObjectName(namespace, f"s{number}") for number in range(5)])
    (warning,) = target.warnings
    assert "namespace `web`" in warning


def test_a_list_that_works_again_is_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """The right was granted."""
    monkeypatch.setattr(secret_reader, "FORGET", -1.0)
    names = [ObjectName("shop", f"s{number}") for number in range(5)]
    with FaultServer() as server:
        server.inject(answer(403), calls=range(1, 7))
        server.inject(answer(body=b'{"kind": "SecretList", "apiVersion": "v1", "metadata": {}, "items": []}'))
        target = KubernetesTarget.for_server(server.url, credential=SecretValue("x"))
        target.read_secrets(names)
        denied = len(target.warnings)
        target.read_secrets(names)
    assert (1, []) == (denied, target.warnings)


def test_credentials_that_are_refused(lab: ClusterLab) -> None:
    """401 is a missing right, not an outage."""
    target = KubernetesTarget.for_server(lab.plane.server, ca=lab.plane.ca, credential=SecretValue("wrong"))
    observed = target.read_secrets([ObjectName("default", "x")])[ObjectName("default", "x")]
    assert isinstance(observed, Unreadable)
    assert "does not accept the credentials" in observed.reason
