"""Every auth method logs in to a real OpenBao; LDAP, which it would need a directory for, to a scripted login."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jwcrypto.jwk
import jwcrypto.jwt
import pytest

from syncd.model import SecretValue
from syncd.providers import vault_auth
from syncd.providers.api import Failure, StoreError
from syncd.providers.given import GivenCredentials
from syncd.providers.vault_store import VaultStore
from tests.providers.vaults import failed, open_vault, open_with_token, read, text
from tests.servers.controlplane import ControlPlane
from tests.servers.faults import FaultServer, answer
from tests.servers.openbao import OpenBao, TlsOpenBao

PASSWORD = {"name": "login", "key": "password"}


class Login:
    """One auth method mounted at a path of its own, a secret to read, and a policy that allows it."""

    def __init__(self, bao: OpenBao, method: str) -> None:
        self.bao, self.root = bao, bao.client()
        self.path, self.policy, self.mount = bao.fresh_name(method), bao.fresh_name("policy"), bao.kv()
        self.root.sys.enable_auth_method(method, path=self.path)
        self.root.sys.create_or_update_policy(self.policy, f'path "{self.mount}/data/a" {{ capabilities = ["read"] }}')
        self.root.secrets.kv.v2.create_or_update_secret("a", secret={"user": "ann"}, mount_point=self.mount)

    def write(self, path: str, **data: object) -> Any:
        return self.root.write_data(f"auth/{self.path}/{path}", data=data)

    def store(self, auth: dict[str, Any], credentials: GivenCredentials | None = None, **config: Any) -> VaultStore:
        base = {"server": self.bao.url, "path": self.mount, "auth": auth}
        return open_vault({**base, **config}, credentials, base="manifests")


def logged_in(store: VaultStore) -> bool:
    """Whether the secret can be read, as the identity of a login."""
    return text(read(store, "a")) == '{"user":"ann"}' and bool(store.check().identity)


def refused(store: VaultStore) -> str:
    """The message of a login that must be DENIED."""
    failure = failed(read(store, "a"))
    assert failure.failure is Failure.DENIED
    return failure.message


def test_token(openbao: OpenBao) -> None:
    """A token out of a Secret, without the newline that editors add."""
    login = Login(openbao, "approle")
    assert logged_in(open_with_token(openbao, login.mount, token=f"{openbao.token}\n"))


@pytest.mark.parametrize("form", ["roleId", "roleRef"])
def test_approle(openbao: OpenBao, form: str) -> None:
    """The role id in the manifest or in a Secret, the secret id in a Secret."""
    login = Login(openbao, "approle")
    login.write("role/sync", token_policies=[login.policy])
    role = login.root.auth.approle.read_role_id("sync", mount_point=login.path)["data"]["role_id"]
    secret = login.root.auth.approle.generate_secret_id("sync", mount_point=login.path)["data"]["secret_id"]
    given = GivenCredentials({("login", "role"): role, ("login", "password"): secret})
    named = {"roleId": role, "roleRef": {"name": "login", "key": "role"}}
    assert logged_in(login.store({"appRole": {"path": login.path, form: named[form], "secretRef": PASSWORD}}, given))


def test_approle_with_a_wrong_secret_id(openbao: OpenBao) -> None:
    """The refusal names method, path and what to check."""
    login = Login(openbao, "approle")
    given = GivenCredentials({("login", "password"): "wrong"})
    message = refused(login.store({"appRole": {"path": login.path, "roleId": "r", "secretRef": PASSWORD}}, given))
    assert (
        f"Vault refused the login as AppRole at `{login.path}` with Secret login: invalid role or secret ID" == message
    )


@pytest.mark.parametrize("username", ["bob", "bob.smith-2"])
def test_userpass(openbao: OpenBao, username: str) -> None:
    """A user and a password out of a Secret."""
    login = Login(openbao, "userpass")
    login.write(f"users/{username}", password="pw", token_policies=[login.policy])
    auth = {"userPass": {"path": login.path, "username": username, "secretRef": PASSWORD}}
    assert logged_in(login.store(auth, GivenCredentials({("login", "password"): "pw\n"})))


def test_userpass_with_a_wrong_password(openbao: OpenBao) -> None:
    """The password is not in the message."""
    login = Login(openbao, "userpass")
    auth = {"userPass": {"path": login.path, "username": "bob", "secretRef": PASSWORD}}
    message = refused(login.store(auth, GivenCredentials({("login", "password"): "kanarie-userpass-77"})))
    assert message.endswith(": invalid username or password")
    assert "kanarie" not in message


def test_ldap() -> None:
    """The login that Vault's LDAP method documents: user in the path, password in the body."""
    auth = {"ldap": {"path": "corp", "username": "ann b", "secretRef": PASSWORD}}
    secret = {"data": {"data": {"user": "ann"}, "metadata": {"version": 1}}}
    with FaultServer() as server:
        server.inject(answer(body=b'{"auth":{"client_token":"t"}}'), method="POST", path="/v1/auth/corp/login/ann%20b")
        server.inject(answer(body=json.dumps(secret).encode()), path="/v1/secret/data/a")
        given = GivenCredentials({("login", "password"): "pw"})
        found = read(open_vault({"server": server.url, "path": "secret", "auth": auth}, given), "a")
        login, reading = server.calls[:2]
    assert {"password": "pw"} == json.loads(login.body)
    assert "X-Vault-Token" not in login.headers
    assert "t" == reading.headers["X-Vault-Token"]
    assert json.loads(text(found)) == {"user": "ann"}


@pytest.fixture
def jwt_login(openbao: OpenBao) -> tuple[Login, jwcrypto.jwk.JWK]:
    """A JWT mount that trusts one key."""
    login, key = Login(openbao, "jwt"), jwcrypto.jwk.JWK.generate(kty="EC", crv="P-256")
    login.write("config", jwt_validation_pubkeys=[key.export_to_pem().decode()])
    bound = {"bound_audiences": ["vault"], "user_claim": "sub", "token_policies": [login.policy]}
    login.write("role/sync", role_type="jwt", bound_subject="syncd", **bound)
    return login, key


def signed(key: jwcrypto.jwk.JWK, audience: str = "vault") -> str:
    now = int(time.time())
    claims = {"sub": "syncd", "aud": audience, "iat": now, "exp": now + 600}
    token = jwcrypto.jwt.JWT(header={"alg": "ES256"}, claims=claims)
    token.make_signed_token(key)
    return str(token.serialize())


def test_jwt_from_a_secret(jwt_login: tuple[Login, jwcrypto.jwk.JWK]) -> None:
    """A JWT that lies in a Secret."""
    login, key = jwt_login
    auth = {"jwt": {"path": login.path, "role": "sync", "secretRef": PASSWORD}}
    assert logged_in(login.store(auth, GivenCredentials({("login", "password"): signed(key)})))


def test_jwt_of_a_service_account(jwt_login: tuple[Login, jwcrypto.jwk.JWK]) -> None:
    """A JWT that is requested for a service account."""
    login, key = jwt_login
    account = {"serviceAccountRef": {"name": "sync"}}
    auth = {"jwt": {"path": login.path, "role": "sync", "kubernetesServiceAccountToken": account}}
    assert logged_in(login.store(auth, GivenCredentials(tokens={"sync": signed(key)})))


def test_jwt_for_somebody_else(jwt_login: tuple[Login, jwcrypto.jwk.JWK]) -> None:
    """A wrong audience is refused, with the reason."""
    login, key = jwt_login
    auth = {"jwt": {"path": login.path, "role": "sync", "secretRef": PASSWORD}}
    message = refused(login.store(auth, GivenCredentials({("login", "password"): signed(key, "other")})))
    assert "invalid audience (aud) claim" in message


def test_cert(openbao_tls: TlsOpenBao) -> None:
    """A client certificate out of Secrets, on a listener that insists on one."""
    login = Login(openbao_tls, "cert")
    login.write("certs/web", certificate=openbao_tls.ca, token_policies=[login.policy])
    pair = openbao_tls.issue_client("web")
    given = GivenCredentials({("pair", "tls.crt"): pair.certificate, ("pair", "tls.key"): pair.key})
    auth = {"cert": {"path": login.path, "clientCert": {"name": "pair"}, "secretRef": {"name": "pair"}}}
    ca = {"caBundle": openbao_tls.ca, "server": openbao_tls.mutual_url}
    assert logged_in(login.store(auth, given, **ca))
    assert logged_in(login.store({"cert": {**auth["cert"], "vaultRole": "web"}}, given, **ca))
    assert "Vault refused the login" in refused(
        login.store({"cert": {**auth["cert"], "vaultRole": "nobody"}}, given, **ca)
    )


def test_a_certificate_that_is_none_is_a_mistake(openbao_tls: TlsOpenBao) -> None:
    """What is no PEM is said to be none, and not shown."""
    given = GivenCredentials({("pair", "tls.crt"): "kanarie-cert-31", ("pair", "tls.key"): "kanarie-key-31"})
    auth = {"cert": {"clientCert": {"name": "pair"}, "secretRef": {"name": "pair"}}}
    failure = failed(read(open_vault({"server": openbao_tls.url, "path": "secret", "auth": auth}, given), "a"))
    assert Failure.MISCONFIGURED == failure.failure
    assert "kanarie" not in failure.message


class ClusterCredentials(GivenCredentials):
    """Tokens of real service accounts."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        super().__init__()
        self._plane, self._namespace = plane, namespace

    def service_account_token(
        self, name: str, audiences: Sequence[str], namespace: str | None = None, expiration: int = 600
    ) -> SecretValue:
        return SecretValue(self._plane.service_account_token(self._namespace, name, audiences=audiences))


@pytest.fixture
def kubernetes_login(openbao: OpenBao, controlplane: ControlPlane) -> tuple[Login, ClusterCredentials]:
    """A Kubernetes auth mount that asks the real API server, and takes the service account `sync`."""
    login, namespace = Login(openbao, "kubernetes"), controlplane.namespace()
    reviewer = controlplane.service_account_token(namespace, "reviewer")
    binding = {
        "metadata": {"name": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"},
        "subjects": [{"kind": "ServiceAccount", "name": "reviewer", "namespace": namespace}],
    }
    controlplane.request("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
    at = {"kubernetes_host": controlplane.server, "kubernetes_ca_cert": controlplane.ca}
    login.write("config", **at, token_reviewer_jwt=reviewer, disable_local_ca_jwt=True)
    bound = {"bound_service_account_names": ["sync"], "bound_service_account_namespaces": [namespace]}
    login.write("role/sync", **bound, token_policies=[login.policy])
    return login, ClusterCredentials(controlplane, namespace)


def test_kubernetes_by_service_account(kubernetes_login: tuple[Login, ClusterCredentials]) -> None:
    """A token is requested for the service account, and the API server vouches for it."""
    login, credentials = kubernetes_login
    auth = {"kubernetes": {"mountPath": login.path, "role": "sync", "serviceAccountRef": {"name": "sync"}}}
    assert logged_in(login.store(auth, credentials))


def test_kubernetes_by_secret(kubernetes_login: tuple[Login, ClusterCredentials]) -> None:
    """A token that lies in a Secret, under `token` unless another key is named."""
    login, credentials = kubernetes_login
    token = credentials.service_account_token("sync", ()).reveal().decode()
    auth = {"kubernetes": {"mountPath": login.path, "role": "sync", "secretRef": {"name": "login"}}}
    assert logged_in(login.store(auth, GivenCredentials({("login", "token"): token})))


def test_kubernetes_by_the_pods_own_token(
    kubernetes_login: tuple[Login, ClusterCredentials], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a reference the token file of the pod is used; without such a file the error says so."""
    login, credentials = kubernetes_login
    monkeypatch.setattr(vault_auth, "POD_TOKEN", tmp_path / "token")
    auth = {"kubernetes": {"mountPath": login.path, "role": "sync"}}
    assert "does not run in a pod" in failed(read(login.store(auth), "a")).message
    (tmp_path / "token").write_bytes(credentials.service_account_token("sync", ()).reveal())
    assert logged_in(login.store(auth))


def test_kubernetes_refuses_other_accounts(kubernetes_login: tuple[Login, ClusterCredentials]) -> None:
    """A service account that the role does not name, and a role that does not exist."""
    login, credentials = kubernetes_login
    auth = {"mountPath": login.path, "role": "sync", "serviceAccountRef": {"name": "other"}}
    assert "service account name not authorized" in refused(login.store({"kubernetes": auth}, credentials))
    assert "invalid role name" in refused(login.store({"kubernetes": {**auth, "role": "nobody"}}, credentials))


def test_an_auth_mount_that_does_not_exist(openbao: OpenBao) -> None:
    """Vault says "permission denied"; the hint names what may be wrong."""
    auth = {"userPass": {"path": "no-such-mount", "username": "bob", "secretRef": PASSWORD}}
    given = GivenCredentials({("login", "password"): "pw"})
    failure = failed(read(open_vault({"server": openbao.url, "path": "secret", "auth": auth}, given), "a"))
    assert Failure.DENIED == failure.failure
    assert "check the credentials, the role, the auth path and its namespace" == failure.hint


def test_the_login_has_a_namespace_of_its_own(openbao: OpenBao) -> None:
    """`auth.namespace` is for the login; the secret is read where `namespace` says."""
    team = openbao.fresh_name("team")
    openbao.client().sys.create_namespace(team)
    inside = openbao.client(namespace=team)
    inside.sys.enable_auth_method("userpass")
    inside.sys.create_or_update_policy("ro", 'path "kv/*" { capabilities = ["read"] }')
    inside.auth.userpass.create_or_update_user("bob", password="pw", policies=["ro"])
    inside.sys.enable_secrets_engine("kv", path="kv", options={"version": "1"})
    inside.secrets.kv.v1.create_or_update_secret("a", secret={"user": "ann"}, mount_point="kv")
    auth = {"userPass": {"username": "bob", "secretRef": PASSWORD}}
    given = GivenCredentials({("login", "password"): "pw"})
    config = {"server": openbao.url, "path": "kv", "version": "v1", "namespace": team}
    assert logged_in(open_vault({**config, "auth": auth}, given))
    assert refused(open_vault({**config, "auth": {**auth, "namespace": "root"}}, given))


def test_a_missing_secret_of_credentials_is_the_failure(openbao: OpenBao) -> None:
    """What the credentials say is handed on."""
    store = open_vault({"server": openbao.url, "path": "secret", "auth": {"tokenSecretRef": PASSWORD}})
    assert "Secret `login`" in failed(read(store, "a")).message
    with pytest.raises(StoreError, match="Secret `login`"):
        store.check()


def test_a_login_without_a_token_is_a_mistake() -> None:
    """A login that wants a second factor answers without a token."""
    auth = {"userPass": {"username": "bob", "secretRef": PASSWORD}}
    with FaultServer() as server:
        server.inject(answer(body=b'{"auth":null,"mfa_requirement":{}}'))
        given = GivenCredentials({("login", "password"): "pw"})
        failure = failed(read(open_vault({"server": server.url, "path": "secret", "auth": auth}, given), "a"))
    assert (Failure.MISCONFIGURED, "Vault took the login and gave no token for it") == (
        failure.failure,
        failure.message,
    )
