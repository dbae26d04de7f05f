"""A store's config is read with the defaults of External Secrets Operator, and its mistakes are named by path."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from syncd.providers.api import Failure, StoreError
from syncd.providers.fields import AccountRef, SecretRef
from syncd.providers.given import store_config
from syncd.providers.vault_config import (
    AppRoleAuth,
    Auth,
    CertAuth,
    JwtAuth,
    KubernetesAuth,
    PasswordAuth,
    TokenAuth,
    VaultConfig,
    read_config,
)
from syncd.providers.vault_paths import KvVersion

SECRET = {"name": "s", "key": "k"}
ACCOUNT = {"name": "sync"}
PATH = "spec.provider.vault"


def config(*, base: str = "manifests", **more: Any) -> VaultConfig:
    return read_config(store_config("vault", {"server": "https://vault:8200", **more}, base=base))


def auth(**method: Any) -> Auth | None:
    return config(auth=method).auth


def secret(field: str, key: str = "k") -> SecretRef:
    return SecretRef("s", key, None, f"{PATH}.auth.{field}")


def test_defaults() -> None:
    """Without more than a server: KV version 2, no mount, no login, the machine's authorities."""
    read = config()
    assert ("https://vault:8200", "", KvVersion.V2) == (read.server, read.paths.mount, read.paths.version)
    assert (None, None, "") == (read.auth, read.client_certificate, read.trust.bundle)


def test_the_login_has_the_namespace_of_the_store_unless_it_names_its_own() -> None:
    """`auth.namespace` is for the login only."""
    token = {"tokenSecretRef": SECRET}
    assert ("team", "team") == _namespaces(config(namespace="team", auth=token))
    assert ("team", "root") == _namespaces(config(namespace="team", auth={**token, "namespace": "root"}))


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ({"tokenSecretRef": SECRET}, TokenAuth(secret("tokenSecretRef"))),
        (
            {"appRole": {"roleId": " id ", "secretRef": SECRET}},
            AppRoleAuth("approle", "id", secret("appRole.secretRef")),
        ),
        (
            {"appRole": {"path": "p", "roleRef": SECRET, "secretRef": SECRET}},
            AppRoleAuth("p", secret("appRole.roleRef"), secret("appRole.secretRef")),
        ),
        (
            {"kubernetes": {"role": "r", "serviceAccountRef": {**ACCOUNT, "audiences": ["vault"]}}},
            KubernetesAuth("kubernetes", "r", AccountRef("sync", ("vault",), None)),
        ),
        (
            {"kubernetes": {"mountPath": "k8s", "role": "r", "secretRef": {"name": "s"}}},
            KubernetesAuth("k8s", "r", secret("kubernetes.secretRef", "token")),
        ),
        ({"kubernetes": {"role": "r"}}, KubernetesAuth("kubernetes", "r", None)),
        (
            {"ldap": {"username": "u", "secretRef": SECRET}},
            PasswordAuth("ldap", "ldap", "u", secret("ldap.secretRef")),
        ),
        (
            {"userPass": {"username": "u", "secretRef": SECRET}},
            PasswordAuth("userpass", "userpass", "u", secret("userPass.secretRef")),
        ),
        ({"jwt": {"role": "r", "secretRef": SECRET}}, JwtAuth("jwt", "r", secret("jwt.secretRef"))),
        (
            {"jwt": {"kubernetesServiceAccountToken": {"serviceAccountRef": ACCOUNT}}},
            JwtAuth("jwt", "", AccountRef("sync", ("vault",), None)),
        ),
        (
            {
                "jwt": {
                    "kubernetesServiceAccountToken": {
                        "serviceAccountRef": {**ACCOUNT, "audiences": ["a"]},
                        "audiences": ["b"],
                        "expirationSeconds": 900,
                    }
                }
            },
            JwtAuth("jwt", "", AccountRef("sync", ("a", "b"), None), 900),
        ),
        (
            {"cert": {"vaultRole": "r", "clientCert": {"name": "s"}, "secretRef": {"name": "s"}}},
            CertAuth("cert", "r", secret("cert.clientCert", "tls.crt"), secret("cert.secretRef", "tls.key")),
        ),
    ],
)
def test_each_method_has_the_defaults_of_the_reference(method: dict[str, Any], expected: Auth) -> None:
    """Paths, audiences, keys and lifetimes that the manifest leaves out."""
    assert expected == auth(**method)


def test_the_first_method_in_the_order_of_the_reference_wins() -> None:
    """Of several methods the token goes first, AppRole before Kubernetes."""
    kubernetes, approle = {"role": "r"}, {"roleId": "id", "secretRef": SECRET}
    assert isinstance(auth(kubernetes=kubernetes, appRole=approle), AppRoleAuth)
    assert isinstance(auth(kubernetes=kubernetes, tokenSecretRef=SECRET), TokenAuth)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"server": ""}, f"{PATH}.server: is required"),
        ({"server": "vault:8200"}, f"{PATH}.server: must begin with http:// or https://"),
        ({"server": 1}, f"{PATH}.server: must be text"),
        ({"version": "v3"}, f"{PATH}.version: must be one of v2, v1"),
        ({"readYourWrites": "yes"}, f"{PATH}.readYourWrites: must be true or false"),
        ({"auth": {}}, f"{PATH}.auth: has no auth method"),
        ({"auth": {"iam": {}}}, f"{PATH}.auth.iam.vaultRole: is required"),
        ({"auth": {"gcp": {}}}, f"{PATH}.auth.gcp.role: is required"),
        ({"auth": {"tokenSecretRef": {"name": "s"}}}, f"{PATH}.auth.tokenSecretRef.key: is required"),
        ({"auth": {"appRole": {"secretRef": SECRET}}}, f"{PATH}.auth.appRole.roleId: is required, or `roleRef`"),
        ({"auth": {"appRole": {"roleId": "r"}}}, f"{PATH}.auth.appRole.secretRef: is required"),
        ({"auth": {"kubernetes": {}}}, f"{PATH}.auth.kubernetes.role: is required"),
        (
            {"auth": {"jwt": {"role": "r"}}},
            f"{PATH}.auth.jwt: needs `secretRef` or `kubernetesServiceAccountToken.serviceAccountRef`",
        ),
        ({"auth": {"ldap": {"secretRef": SECRET}}}, f"{PATH}.auth.ldap.username: is required"),
        ({"auth": {"userPass": {"username": "u"}}}, f"{PATH}.auth.userPass.secretRef: is required"),
        ({"auth": {"cert": {"clientCert": SECRET}}}, f"{PATH}.auth.cert.secretRef: is required"),
        ({"tls": {"certSecretRef": SECRET}}, f"{PATH}.tls: needs both `certSecretRef` and `keySecretRef`"),
        ({"caProvider": {"type": "File", "name": "x"}}, f"{PATH}.caProvider.type: must be one of Secret, ConfigMap"),
    ],
)
def test_a_mistake_is_named_by_its_path(wrong: dict[str, Any], message: str) -> None:
    """Each mistake is MISCONFIGURED and says which field."""
    with pytest.raises(StoreError) as raised:
        config(**wrong)
    assert (Failure.MISCONFIGURED, message) == (raised.value.failure, raised.value.message)


def test_the_token_of_the_pod_is_for_stores_from_files() -> None:
    """A store from the cluster cannot have syncd's own token sent to a server of its choice."""
    with pytest.raises(StoreError, match="serves only stores from files"):
        config(base="", auth={"kubernetes": {"role": "r"}})


def test_a_ca_bundle_is_base64_or_pem() -> None:
    """The API says base64; PEM as it is works too."""
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    assert pem == config(caBundle=pem).trust.bundle
    assert pem == config(caBundle=base64.b64encode(pem.encode()).decode()).trust.bundle


def _namespaces(read: VaultConfig) -> tuple[str, str]:
    return read.namespace, read.auth_namespace
