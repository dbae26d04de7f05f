"""The provider `kubernetes` reads Secrets of a real API server with the rights of a store."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from syncd.model import SecretValue
from syncd.providers.api import Absent, Credentials, Dialect, Failure, FindQuery, Found, Matched, Provider, RemoteKey
from syncd.providers.documents import lookup, split
from syncd.providers.given import GivenCredentials, store_config
from syncd.providers.kubernetes import KubernetesPlugin, KubernetesStore
from syncd.providers.testing import DeniedContract, ProviderContract, UnreachableContract
from tests.providers.vaults import failed, text
from tests.servers.controlplane import ControlPlane
from tests.servers.pki import Authority
from tests.servers.process import free_port

READ = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}
TOKEN_AUTH = {"token": {"bearerToken": {"name": "login", "key": "token"}}}


class Remote:
    """A namespace of the real cluster, written past the provider, and a service account that may read it."""

    def __init__(self, plane: ControlPlane, *rules: dict[str, list[str]]) -> None:
        self.plane, self.namespace = plane, plane.namespace()
        self.path = f"/api/v1/namespaces/{self.namespace}/secrets"
        self.token = plane.service_account_token(self.namespace, "reader")
        if rules:
            plane.grant(self.namespace, "reader", *rules)

    def put(self, name: str, data: dict[str, bytes], **metadata: dict[str, str]) -> None:
        encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        body = {"metadata": {"name": name, **metadata}, "data": encoded}
        self.plane.request("DELETE", f"{self.path}/{name}", accept=(200, 404))
        self.plane.request("POST", self.path, body)

    def store(self, token: str | None = None) -> KubernetesStore:
        given = GivenCredentials({("login", "token"): self.token if token is None else token})
        return open_kubernetes(self.config(auth=TOKEN_AUTH), given)

    def config(self, **config: Any) -> dict[str, Any]:
        ca = base64.b64encode(self.plane.ca.encode()).decode()
        server = {"url": self.plane.server, "caBundle": ca}
        return {"remoteNamespace": self.namespace, "server": server, **config}


def open_kubernetes(config: dict[str, Any], credentials: Credentials) -> KubernetesStore:
    provider = KubernetesPlugin.open(store_config("kubernetes", config), credentials)
    assert isinstance(provider, KubernetesStore)
    return provider


def read(store: KubernetesStore, name: str, *, metadata: bool = False) -> Any:
    key = RemoteKey(name, metadata=metadata)
    return store.fetch([key])[key]


@pytest.fixture
def remote(controlplane: ControlPlane) -> Remote:
    return Remote(controlplane, READ)


class TestContract(ProviderContract, DeniedContract, UnreachableContract):
    """What every provider promises; a value is the Secret's key `value`."""

    remote: Remote

    @pytest.fixture
    def provider(self, remote: Remote) -> Provider:
        self.remote = remote
        return remote.store()

    @pytest.fixture
    def denied(self, controlplane: ControlPlane) -> Provider:
        return Remote(controlplane).store()

    @pytest.fixture
    def unreachable(self) -> Provider:
        server = {"url": f"http://127.0.0.1:{free_port()}"}
        given = GivenCredentials({("login", "token"): "t"})
        store = store_config("kubernetes", {"server": server, "auth": TOKEN_AUTH}, timeout=0.5)
        return KubernetesPlugin.open(store, given)

    def put(self, key: str, value: bytes) -> None:
        data = json.loads(value)
        if not hasattr(data, "items"):
            raise ValueError("a Secret is a mapping")
        self.remote.put(key, {name: text.encode() for name, text in data.items()})

    def delete(self, key: str) -> None:
        self.remote.plane.request("DELETE", f"{self.remote.path}/{key}")


def test_a_secret_is_a_json_object(remote: Remote) -> None:
    """Keys sorted, values as text, no escapes for the sake of HTML."""
    remote.put("a", {"user": b"ann", "html": b"<foobar>"})
    found = read(remote.store(), "a")
    assert isinstance(found, Found)
    assert b'{"html":"<foobar>","user":"ann"}' == lookup(Dialect.KUBERNETES, found.value.reveal(), "")


def test_bytes_survive(remote: Remote) -> None:
    """A property, and `extract`, give the very bytes of a key."""
    keystore = b"\x00\xff\xfe\xac"
    remote.put("a", {"keystore.jks": keystore})
    found = read(remote.store(), "a")
    assert isinstance(found, Found)
    assert keystore == lookup(Dialect.KUBERNETES, found.value.reveal(), "keystore.jks")
    assert {"keystore.jks": keystore} == split(Dialect.KUBERNETES, found.value.reveal())


def test_metadata(remote: Remote) -> None:
    """`metadataPolicy: Fetch` gives labels and annotations."""
    remote.put("a", {"user": b"ann"}, labels={"dev": "seb"}, annotations={"date": "today"})
    found = read(remote.store(), "a", metadata=True)
    assert isinstance(found, Found)
    assert {"annotations": {"date": "today"}, "labels": {"dev": "seb"}} == json.loads(text(found))
    assert b"seb" == lookup(Dialect.KUBERNETES, found.value.reveal(), "labels.dev")


def test_metadata_that_is_not_there_is_null(remote: Remote) -> None:
    """As the reference writes it."""
    remote.put("a", {"user": b"ann"})
    found = read(remote.store(), "a", metadata=True)
    assert isinstance(found, Found)
    assert b'{"annotations":null,"labels":null}' == lookup(Dialect.KUBERNETES, found.value.reveal(), "")


def test_value_and_metadata_of_one_secret(remote: Remote) -> None:
    """Both can be asked for at once; each key has its own answer."""
    remote.put("a", {"user": b"ann"}, labels={"dev": "seb"})
    value, metadata = RemoteKey("a"), RemoteKey("a", metadata=True)
    answers = remote.store().fetch([value, metadata])
    assert ["user"] == list(json.loads(text(answers[value])))
    assert ["annotations", "labels"] == list(json.loads(text(answers[metadata])))


def test_many_names_are_one_list(remote: Remote) -> None:
    """A batch of names costs one call."""
    names = [f"s-{number}" for number in range(8)]
    for name in names:
        remote.put(name, {"user": b"ann"})
    keys = [RemoteKey(name) for name in (*names, "nobody")]
    answers = remote.store().fetch(keys)
    assert [Found] * 8 + [Absent] == [type(answers[key]) for key in keys]
    reader = f"system:serviceaccount:{remote.namespace}:reader"
    assert ["list"] == [event["verb"] for event in remote.plane.audited(user=reader)]


def test_a_name_that_no_secret_can_have_is_absent(remote: Remote) -> None:
    """There is certainly no such Secret."""
    assert Absent() == read(remote.store(), "path/to/secret")


def test_find_by_labels(remote: Remote) -> None:
    """All given labels must be there."""
    remote.put("a", {"user": b"ann"}, labels={"app": "web", "env": "prod"})
    remote.put("b", {"user": b"bob"}, labels={"app": "web"})
    found = remote.store().find(FindQuery(tags={"app": "web", "env": "prod"}))
    assert isinstance(found, Matched)
    assert {"a": '{"user": "ann"}'} == {name: text(outcome) for name, outcome in found.values.items()}


def test_find_goes_by_labels_before_names(remote: Remote) -> None:
    """As in External Secrets Operator, `name` is passed over when there are `tags`."""
    remote.put("a", {"user": b"ann"}, labels={"app": "web"})
    found = remote.store().find(FindQuery(name="nobody", tags={"app": "web"}))
    assert isinstance(found, Matched)
    assert ["a"] == list(found.values)


@pytest.mark.parametrize("query", [FindQuery(), FindQuery(path="a"), FindQuery(tags={"app": "web,env=prod"})])
def test_a_find_that_means_nothing_is_a_mistake(remote: Remote, query: FindQuery) -> None:
    """No criterion, and what would be read as another selector."""
    assert Failure.MISCONFIGURED == failed(remote.store().find(query)).failure


def test_a_right_for_one_name_is_enough_for_it(controlplane: ControlPlane) -> None:
    """Without `list` Secrets are read by name; what is not granted is denied."""
    rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["a"]}
    remote = Remote(controlplane, rule)
    remote.put("a", {"user": b"ann"})
    keys = [RemoteKey(name) for name in "abcde"]
    answers = remote.store().fetch(keys)
    assert isinstance(answers[keys[0]], Found)
    assert [Failure.DENIED] * 4 == [failed(answers[key]).failure for key in keys[1:]]


def test_a_wrong_token_is_denied(remote: Remote) -> None:
    """The API server does not know us."""
    assert Failure.DENIED == failed(read(remote.store("nonsense"), "a")).failure


def test_an_unknown_authority_fails(remote: Remote) -> None:
    """Without the authority of the API server nothing is read, and nothing absent."""
    config = {**remote.config(auth=TOKEN_AUTH), "server": {"url": remote.plane.server}}
    failure = failed(read(open_kubernetes(config, GivenCredentials({("login", "token"): remote.token})), "a"))
    assert "certificate that is not trusted" in failure.message


def test_check(remote: Remote, controlplane: ControlPlane) -> None:
    """Who we are, and which right is missing."""
    health, bare = remote.store().check(), Remote(controlplane)
    assert (f"system:serviceaccount:{remote.namespace}:reader", "") == (health.identity, health.missing_permission)
    assert f"`get` on secrets in namespace `{bare.namespace}`" == bare.store().check().missing_permission


class AccountCredentials(GivenCredentials):
    """Tokens of real service accounts."""

    def __init__(self, remote: Remote) -> None:
        super().__init__()
        self._remote = remote
        self.asked: list[tuple[str, Sequence[str], int]] = []

    def service_account_token(
        self, name: str, audiences: Sequence[str], namespace: str | None = None, expiration: int = 600
    ) -> SecretValue:
        self.asked.append((name, audiences, expiration))
        return SecretValue(self._remote.plane.service_account_token(self._remote.namespace, name))


def test_service_account(remote: Remote) -> None:
    """A token is requested once, when the first Secret is read."""
    remote.put("a", {"user": b"ann"})
    credentials = AccountCredentials(remote)
    store = open_kubernetes(remote.config(auth={"serviceAccount": {"name": "reader"}}), credentials)
    assert [] == credentials.asked
    assert [Found, Found] == [type(read(store, "a")) for _ in range(2)]
    assert [("reader", (), 3600)] == credentials.asked


def test_a_kubeconfig_in_a_secret(remote: Remote) -> None:
    """`authRef` says server, authority and token, whatever else the store says."""
    remote.put("a", {"user": b"ann"})
    kubeconfig = remote.plane.kubeconfig_for(remote.token).read_text()
    config = {"remoteNamespace": remote.namespace, "authRef": {"name": "login", "key": "config"}}
    assert isinstance(read(open_kubernetes(config, GivenCredentials({("login", "config"): kubeconfig})), "a"), Found)


@contextmanager
def mutual_server(folder: Path, authority: Authority) -> Iterator[str]:
    """An API server with one Secret, for holders of a client certificate; yields its address."""
    data = {"user": base64.b64encode(b"ann").decode()}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "default"}, "data": data}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(secret).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue_server("127.0.0.1").write(folder, "server"))
    context.load_verify_locations(cadata=authority.pem)
    context.verify_mode = ssl.CERT_REQUIRED
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def test_client_certificate(tmp_path: Path) -> None:
    """A certificate and its key out of Secrets; the authority out of a ConfigMap."""
    authority = Authority()
    pair = authority.issue_client("reader")
    given = GivenCredentials(
        {("pair", "tls.crt"): pair.certificate, ("pair", "tls.key"): pair.key}, {("ca", "ca.crt"): authority.pem}
    )
    cert = {"clientCert": {"name": "pair"}, "clientKey": {"name": "pair"}}
    with mutual_server(tmp_path, authority) as url:
        server = {"url": url, "caProvider": {"type": "ConfigMap", "name": "ca"}}
        store = open_kubernetes({"server": server, "auth": {"cert": cert}}, given)
        assert '{"user": "ann"}' == text(read(store, "a"))


class Replaceable(GivenCredentials):
    """A Secret whose pair, and a ConfigMap whose authority, are replaced."""

    def __init__(self, authority: Authority) -> None:
        super().__init__()
        self.reads = 0
        self.replace(authority)

    def replace(self, authority: Authority) -> None:
        self._authority, self._pair = authority.pem, authority.issue_client("reader")

    def secret_key(self, name: str, key: str, namespace: str | None = None) -> SecretValue:
        return SecretValue(self._pair.certificate if key == "tls.crt" else self._pair.key)

    def configmap_key(self, name: str, key: str, namespace: str | None = None) -> str:
        self.reads += 1
        return self._authority


def mutual_store(url: str, credentials: Credentials) -> KubernetesStore:
    server = {"url": url, "caProvider": {"type": "ConfigMap", "name": "ca"}}
    cert = {"clientCert": {"name": "pair"}, "clientKey": {"name": "pair"}}
    return open_kubernetes({"server": server, "auth": {"cert": cert}}, credentials)


def test_a_replaced_authority_is_picked_up(tmp_path: Path) -> None:
    """What a store trusts and shows is read again after a failure; no restart is needed."""
    old, new = Authority(), Authority()
    credentials = Replaceable(old)
    with mutual_server(tmp_path, new) as url:
        store = mutual_store(url, credentials)
        assert "certificate that is not trusted" in failed(read(store, "a")).message
        store._looked_at = float("-inf")
        credentials.replace(new)
        assert '{"user": "ann"}' == text(read(store, "a"))


def test_an_authority_is_not_looked_at_with_every_failure(tmp_path: Path) -> None:
    """A server that stays wrong does not cost a read of the ConfigMap for each Secret."""
    credentials = Replaceable(Authority())
    with mutual_server(tmp_path, Authority()) as url:
        store = mutual_store(url, credentials)
        for _ in range(3):
            assert "certificate that is not trusted" in failed(read(store, "a")).message
    assert 2 == credentials.reads
