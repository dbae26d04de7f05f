"""A store's config is read with the defaults of External Secrets Operator, and its mistakes are named by path."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from syncd.cluster.kubeconfig import ClientCertificate
from syncd.model import SecretValue
from syncd.providers.api import Failure, StoreError
from syncd.providers.fields import AccountRef, SecretRef
from syncd.providers.given import GivenCredentials, store_config
from syncd.providers.kubernetes_config import CertAuth, KubernetesConfig, read_config

PATH = "spec.provider.kubernetes"
SECRET = {"name": "s", "key": "k"}
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def config(**fields: Any) -> KubernetesConfig:
    return read_config(store_config("kubernetes", fields))


def secret(field: str, key: str = "k") -> SecretRef:
    return SecretRef("s", key, None, f"{PATH}.{field}")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def kubeconfig(*, cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None) -> str:
    server = {"server": "https://far:6443", "certificate-authority-data": encoded(PEM)}
    return json.dumps(
        {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "far", "user": "u"}}],
            "clusters": [{"name": "near", "cluster": {}}, {"name": "far", "cluster": {**server, **(cluster or {})}}],
            "users": [{"name": "u", "user": {"token": "t"} if user is None else user}],
        }
    )


def test_defaults() -> None:
    """The cluster's own address and the namespace `default`."""
    read = config(auth={"serviceAccount": {"name": "sync"}})
    assert ("https://kubernetes.default", "default") == (read.server, read.namespace)


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ({"token": {"bearerToken": SECRET}}, secret("auth.token.bearerToken")),
        ({"serviceAccount": {"name": "sync", "audiences": ["a"]}}, AccountRef("sync", ("a",), None)),
        (
            {"cert": {"clientCert": SECRET, "clientKey": {"name": "s"}}},
            CertAuth(secret("auth.cert.clientCert"), secret("auth.cert.clientKey", "tls.key")),
        ),
    ],
)
def test_each_method(auth: dict[str, Any], expected: object) -> None:
    """The three methods, with the defaults of their keys."""
    assert expected == config(auth=auth).auth


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, f"{PATH}.auth: is required, or `authRef`"),
        ({"auth": {}}, f"{PATH}.auth: needs one of `token`, `serviceAccount` and `cert`"),
        ({"auth": {"token": {}}}, f"{PATH}.auth.token.bearerToken: is required"),
        ({"auth": {"cert": {"clientCert": SECRET}}}, f"{PATH}.auth.cert.clientKey: is required"),
        ({"auth": {"serviceAccount": {}}}, f"{PATH}.auth.serviceAccount.name: is required"),
        ({"authRef": {"name": "s"}}, f"{PATH}.authRef.key: is required"),
        ({"authRef": SECRET, "server": {"url": 1}}, f"{PATH}.server.url: must be text"),
    ],
)
def test_a_mistake_is_named_by_its_path(fields: dict[str, Any], message: str) -> None:
    """Each mistake is MISCONFIGURED and says which field."""
    with pytest.raises(StoreError) as raised:
        config(**fields)
    assert (Failure.MISCONFIGURED, message) == (raised.value.failure, raised.value.message)


def test_a_kubeconfig_with_a_token() -> None:
    """The current context says server, authority and token."""
    endpoint = config(authRef=SECRET).endpoint(GivenCredentials({("s", "k"): kubeconfig()}))
    assert ("https://far:6443", PEM, SecretValue("t")) == (endpoint.server, endpoint.ca, endpoint.credential)


def test_a_kubeconfig_with_a_certificate() -> None:
    """Certificate and key that stand in the kubeconfig itself."""
    user = {"client-certificate-data": encoded("CERT"), "client-key-data": encoded("KEY")}
    endpoint = config(authRef=SECRET).endpoint(GivenCredentials({("s", "k"): kubeconfig(user=user)}))
    assert ClientCertificate("CERT", SecretValue("KEY")) == endpoint.credential


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no kubeconfig"),
        ("text", "is no kubeconfig"),
        ("{}", "is no kubeconfig"),
        (kubeconfig().replace('"far"', '"elsewhere"', 1), "is no kubeconfig"),
        (kubeconfig(cluster={"insecure-skip-tls-verify": True}), "`insecure-skip-tls-verify` is not supported"),
        (kubeconfig(cluster={"certificate-authority": "/ca.crt"}), "`certificate-authority` names a file"),
        (kubeconfig(cluster={"certificate-authority-data": "?"}), "something else than base64"),
        (kubeconfig(user={"exec": {"command": "sh"}}), "has neither `token`"),
        (kubeconfig(user={"client-certificate": "/tls.crt", "client-key": "/tls.key"}), "has neither `token`"),
    ],
)
def test_a_kubeconfig_in_a_secret_uses_no_files_and_no_programs(text: str, message: str) -> None:
    """Whoever may write a Secret must not have programs run or files of this machine read."""
    with pytest.raises(StoreError, match=message) as raised:
        config(authRef=SECRET).endpoint(GivenCredentials({("s", "k"): text}))
    assert Failure.MISCONFIGURED == raised.value.failure
