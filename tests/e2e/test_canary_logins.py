"""No command shows a credential, whatever is wrong with it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from tests.e2e.inprocess import home, syncd
from tests.e2e.leaks import Lab
from tests.e2e.manifests import Manifest, external_secret, key, secret, store, token_secret, vault
from tests.providers.vaults import Kv
from tests.servers.canary import Canaries
from tests.servers.openbao import OpenBao, TlsOpenBao

__all__ = ["home"]

NOWHERE = "https://127.0.0.1:1"


class Stores:
    """Stores with one wrong credential each, by name, and the error that is expected of each."""

    def __init__(self, bao: OpenBao, tls: TlsOpenBao, value: str) -> None:
        self.bao, self.tls, self.value = bao, tls, value
        self.manifests: list[Manifest] = []
        self.errors: dict[str, str] = {}
        self.ca = base64.b64encode(tls.ca.encode()).decode()

    def add(self, name: str, error: str, provider: Mapping[str, Any], login: str) -> None:
        """In `provider`, `LOGIN` stands for a reference to the Secret that holds `login`."""
        reference = f"{{name: login-{name}, key: value}}"
        text = yaml.safe_dump(dict(provider)).replace("LOGIN", reference)
        self.manifests += [
            store(yaml.safe_load(text), name),
            secret(f"login-{name}", value=login),
            external_secret(name, {"data": [key("app")]}, name),
        ]
        self.errors[name] = error

    def vault(self, name: str, error: str, login: str, auth: Mapping[str, Any] | None = None, **fields: Any) -> None:
        server = self.tls.url if {"caBundle", "caProvider"} & fields.keys() else self.bao.url
        provider = vault(server, "secret", auth or {"tokenSecretRef": "LOGIN"})
        provider["vault"] |= fields
        self.add(name, error, provider, login)

    def kubernetes(self, name: str, error: str, login: str, auth: Mapping[str, Any], url: str = NOWHERE) -> None:
        server = {"url": url, "caBundle": self.ca}
        self.add(name, error, {"kubernetes": {"server": server, "auth": auth}}, login)

    def kubeconfig(self, name: str, error: str, login: str) -> None:
        self.add(name, error, {"kubernetes": {"authRef": "LOGIN"}}, login)


def pem(kind: str, text: str) -> str:
    return f"-----BEGIN {kind}-----\n{base64.b64encode(text.encode()).decode()}\n-----END {kind}-----\n"


def add_tokens(stores: Stores) -> None:
    value = stores.value
    stores.vault("token", "invalid, expired or revoked", value)
    stores.vault("token-lines", "make no valid request", f"{value}\nX-Other: {value}")
    stores.vault("token-unicode", "make no valid request", f"{value}☃")
    stores.vault("header", "make no valid request", "root", headers={"X-Key": f"{value}\r\nX-Other: {value}"})
    stores.vault("header-unicode", "make no valid request", "root", headers={"X-Key": f"{value}☃"})
    stores.vault("namespace", "make no valid request", "root", namespace=f"{value}\n")
    quoted = quote(value, safe="")
    stores.vault("server-nowhere", "nobody listens", "root", server=f"http://ann:{quoted}@127.0.0.1:1")
    stores.vault("server-broken", "make no valid request", "root", server=f"http://ann:{value}@[::1")
    stores.vault("server-query", "does not lead to its API", "root", server=f"{stores.bao.url}/vault?token={value}")


def add_methods(stores: Stores) -> None:
    client, value = stores.bao.client(), stores.value
    client.sys.enable_auth_method("userpass", path="canary-userpass")
    client.sys.enable_auth_method("approle", path="canary-approle")
    client.sys.enable_auth_method("jwt", path="canary-jwt")
    client.auth.userpass.create_or_update_user("ann", "right-password", mount_point="canary-userpass")
    client.auth.approle.create_or_update_approle("app", mount_point="canary-approle")
    role = client.auth.approle.read_role_id("app", mount_point="canary-approle")["data"]["role_id"]
    password = {"userPass": {"path": "canary-userpass", "username": "ann", "secretRef": "LOGIN"}}
    approle = {"path": "canary-approle", "secretRef": "LOGIN"}
    stores.vault("password", "invalid username or password", value, password)
    stores.vault("password-binary", "invalid username or password", f"{value}\0☃", password)
    stores.vault("secret-id", "invalid role or secret ID", value, {"appRole": {**approle, "roleId": role}})
    stores.vault("role-id", "invalid role or secret ID", value, {"appRole": {**approle, "roleRef": "LOGIN"}})
    jwt = {"jwt": {"path": "canary-jwt", "role": "app", "secretRef": "LOGIN"}}
    stores.vault("jwt", "could not load configuration", f"{value}.{value}.{value}", jwt)
    stores.vault("ldap", "permission denied", value, {"ldap": {"username": "ann", "secretRef": "LOGIN"}})
    stores.vault("kubernetes", "permission denied", value, {"kubernetes": {"role": "app", "secretRef": "LOGIN"}})


def add_certificates(stores: Stores) -> None:
    value = stores.value
    both = pem("CERTIFICATE", value) + pem("PRIVATE KEY", value)
    certificate = {"clientCert": "LOGIN", "secretRef": "LOGIN"}
    tls = {"certSecretRef": "LOGIN", "keySecretRef": "LOGIN"}
    unread = base64.b64encode(pem("CERTIFICATE", value).encode()).decode()
    stores.vault("cert", "no PEM, do not fit", both, {"cert": certificate}, caBundle=stores.ca)
    stores.vault("tls", "no PEM, do not fit", both, tls=tls, caBundle=stores.ca)
    stores.vault("ca", "no PEM that OpenSSL can read", "root", caBundle=unread)
    stores.vault("ca-text", "holds no PEM", "root", caBundle=base64.b64encode(value.encode()).decode())
    provider = {"type": "Secret", "name": "login-ca-secret", "key": "value"}
    stores.vault("ca-secret", "holds no PEM", value, caProvider=provider)
    stores.kubernetes("k8s-cert", "not usable PEM", both, {"cert": {"clientCert": "LOGIN", "clientKey": "LOGIN"}})


def add_kubeconfigs(stores: Stores) -> None:
    value, token = stores.value, {"token": {"bearerToken": "LOGIN"}}
    stores.kubernetes("k8s-token", "cannot be connected to", value, token)
    stores.kubernetes("k8s-token-lines", "gave no answer (ValueError)", f"{value}\nX: {value}", token, stores.tls.url)
    stores.kubernetes("k8s-server", "", value, token, f"https://ann:{quote(value, safe='')}@127.0.0.1:1")
    stores.kubeconfig("config", "is no kubeconfig", f"users: [{value}: {{]")
    stores.kubeconfig("config-server", "", kubeconfig({"server": f"https://ann:{value}@[x"}, {"token": value}))
    data = {"client-key-data": value, "client-certificate-data": value}
    stores.kubeconfig("config-data", "something else than base64", kubeconfig({"server": NOWHERE}, data))


def kubeconfig(cluster: Mapping[str, str], user: Mapping[str, str]) -> str:
    return yaml.safe_dump(
        {
            "current-context": "a",
            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
            "clusters": [{"name": "a", "cluster": dict(cluster)}],
            "users": [{"name": "a", "user": dict(user)}],
        }
    )


@pytest.fixture
def lab(home: Path, canary: Canaries) -> Lab:
    return Lab(home, canary)


def test_wrong_credentials(lab: Lab, openbao: OpenBao, openbao_tls: TlsOpenBao) -> None:
    """Wrong, unfit or broken: what logs in is not shown, nor where a server's answer repeats it."""
    stores = Stores(openbao, openbao_tls, lab.canary("login"))
    for add in (add_tokens, add_methods, add_certificates, add_kubeconfigs):
        add(stores)
    lab.declare(*stores.manifests)
    ran = syncd("plan", "-f", lab.source, "--to", lab.out, "--log-level", "debug")
    assert {} == {name: error for name, error in stores.errors.items() if not said_of(name, error, ran.out)}
    assert [] == lab.leaks(ran.said)


def said_of(name: str, error: str, out: str) -> bool:
    return any(line.split()[1] == f"default/{name}" and error in line for line in out.splitlines() if line[2:3] == "?")


def test_the_guard_names_a_server(lab: Lab, openbao: OpenBao) -> None:
    """It counts by endpoint; a password in the address is neither said nor written down."""
    kv, names = Kv(openbao), ("a", "b")
    server = openbao.url.replace("//", f"//ann:{quote(lab.canary('password'), safe='')}@")
    gone = {"target": {"deletionPolicy": "Delete"}}
    lab.declare(
        token_secret(openbao),
        *(store(vault(server, kv.mount), name) for name in names),
        *(external_secret(name, {**gone, "data": [key(name, property="v")]}, name) for name in names),
    )
    for name in names:
        kv.put(name, v=lab.canary("value"))
    first = syncd("sync", "-f", lab.source, "--to", lab.out)
    for name in names:
        kv.forget(name)
    refused = syncd("sync", "-f", lab.source, "--to", lab.out, "-o", "yaml")
    assert (0, 3) == (first.code, refused.code)
    assert f"too many Secrets of endpoint {openbao.url} " in refused.out
    assert [] == lab.leaks(first.said + refused.said)
