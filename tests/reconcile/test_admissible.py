"""What the API server would refuse is found by the plan."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing, nullcontext, suppress

import pytest

from syncd.cluster.kubernetes import KubernetesTarget
from syncd.errors import ClusterError, RenderError
from syncd.model import ObjectName, SecretObject, SecretValue
from syncd.reconcile.admissible import check_metadata, check_type
from tests.servers.controlplane import ControlPlane

TYPES: list[tuple[str, Mapping[str, bytes], bool]] = [
    ("Opaque", {}, True),
    ("example.com/own", {}, True),
    ("kubernetes.io/tls", {"tls.crt": b"", "tls.key": b""}, True),
    ("kubernetes.io/tls", {"tls.crt": b"x"}, False),
    ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": b"{}"}, True),
    ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": b"null"}, True),
    ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": b"[]"}, False),
    ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": b"e30="}, False),
    ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": b""}, False),
    ("kubernetes.io/dockerconfigjson", {"config.json": b"{}"}, False),
    ("kubernetes.io/dockercfg", {".dockercfg": b'{"a": 1}'}, True),
    ("kubernetes.io/dockercfg", {".dockercfg": b"{"}, False),
    ("kubernetes.io/basic-auth", {"username": b""}, True),
    ("kubernetes.io/basic-auth", {"user": b"x"}, False),
    ("kubernetes.io/ssh-auth", {"ssh-privatekey": b"x"}, True),
    ("kubernetes.io/ssh-auth", {"ssh-privatekey": b""}, False),
    ("kubernetes.io/service-account-token", {}, False),
]
METADATA: list[tuple[dict[str, str], dict[str, str], bool]] = [
    ({"example.com/a": "", "b": "x_Y.z-1"}, {"Example.com/A": "anything at all"}, True),
    ({"a": "two words"}, {}, False),
    ({"a": "x" * 64}, {}, False),
    ({"a b": "x"}, {}, False),
    ({"/a": "x"}, {}, False),
    ({}, {"a/b/c": ""}, False),
    ({}, {"a": "x" * 262144}, False),
]

FINALIZERS = [("example.com/a", True), ("kubernetes", True), ("nodomain", False), ("a/b/c", False), ("a b/c", False)]


def refused(kind: str, data: Mapping[str, bytes], labels: dict[str, str], annotations: dict[str, str]) -> bool:
    try:
        check_type(kind, data, annotations)
        check_metadata(labels, annotations)
    except RenderError:
        return True
    return False


@pytest.mark.parametrize(("kind", "data", "valid"), TYPES)
def test_types(kind: str, data: Mapping[str, bytes], valid: bool) -> None:
    """The keys and values that types of Kubernetes need."""
    assert valid is not refused(kind, data, {}, {})


@pytest.mark.parametrize(("labels", "annotations", "valid"), METADATA)
def test_metadata(labels: dict[str, str], annotations: dict[str, str], valid: bool) -> None:
    """Names of labels and annotations, and values of labels."""
    assert valid is not refused("Opaque", {}, labels, annotations)


@pytest.mark.parametrize(("finalizer", "valid"), FINALIZERS)
def test_finalizers(finalizer: str, valid: bool) -> None:
    """Most need a domain."""
    with nullcontext() if valid else pytest.raises(RenderError, match="finalizer"):
        check_metadata({}, {}, (finalizer,))


def test_the_api_server_agrees_on_finalizers(controlplane: ControlPlane) -> None:
    """It takes and refuses the same."""
    namespace = controlplane.namespace()
    taken = []
    with closing(KubernetesTarget.connect(str(controlplane.kubeconfig), system_namespace=namespace)) as target:
        for number, (finalizer, _) in enumerate(FINALIZERS):
            with suppress(ClusterError):
                secret = SecretObject(ObjectName(namespace, f"case-{number}"), finalizers=(finalizer,))
                taken.append(target.create_secret(secret).finalizers)
    assert [(finalizer,) for finalizer, valid in FINALIZERS if valid] == taken


def test_the_api_server_agrees(controlplane: ControlPlane) -> None:
    """It takes and refuses the same Secrets."""
    cases: list[tuple[str, Mapping[str, bytes], dict[str, str], dict[str, str], bool]]
    cases = [(kind, data, {}, {}, valid) for kind, data, valid in TYPES]
    cases += [("Opaque", {}, labels, annotations, valid) for labels, annotations, valid in METADATA]
    namespace = controlplane.namespace()
    wrong = []
    with closing(KubernetesTarget.connect(str(controlplane.kubeconfig), system_namespace=namespace)) as target:
        for number, (kind, data, labels, annotations, valid) in enumerate(cases):
            values = {key: SecretValue(value) for key, value in data.items()}
            name = ObjectName(namespace, f"case-{number}")
            try:
                target.create_secret(SecretObject(name, kind, values, labels, annotations))
                taken = True
            except ClusterError:
                taken = False
            if taken is not valid:
                wrong.append(cases[number])
    assert [] == wrong


def test_the_message_names_the_keys_that_there_are() -> None:
    """So that a wrong name is seen at once."""
    with pytest.raises(RenderError, match=r"type `kubernetes.io/tls` needs the key `tls.crt` and `tls.key`") as raised:
        check_type("kubernetes.io/tls", {"cert": b"", "key": b""}, {})
    assert "its keys: `cert`, `key`" == raised.value.hint
