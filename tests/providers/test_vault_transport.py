"""TLS, redirects, proxies and broken answers on the way to Vault."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from syncd.providers.api import Failed, Failure, Found, SecretValue
from syncd.providers.given import GivenCredentials
from syncd.providers.vault_store import VaultStore
from syncd.providers.vault_transport import TlsContexts
from tests.providers.vaults import TOKEN_AUTH, failed, open_vault, read, text
from tests.servers.faults import (
    Fault,
    FaultServer,
    answer,
    drip,
    empty,
    error,
    hang,
    reset,
    throttled,
    truncated,
    wrong_json,
)
from tests.servers.openbao import OpenBao, TlsOpenBao
from tests.servers.pki import Authority
from tests.servers.process import free_port

SECRET = b'{"data":{"data":{"user":"ann"},"metadata":{"version":1}}}'


def store(url: str, given: GivenCredentials | None = None, *, timeout: float = 5.0, **config: Any) -> VaultStore:
    """A store with a token of the root user, and what else `given` has."""
    credentials = given or GivenCredentials({("vault-token", "token"): "root"})
    return open_vault({"server": url, "path": "secret", "auth": TOKEN_AUTH, **config}, credentials, timeout=timeout)


def failure(url: str, given: GivenCredentials | None = None, *, timeout: float = 5.0, **config: Any) -> Failed:
    return failed(read(store(url, given, timeout=timeout, **config), "a"))


@pytest.fixture
def vault_tls(openbao_tls: TlsOpenBao) -> TlsOpenBao:
    """A server with the secret `a`."""
    openbao_tls.client().secrets.kv.v2.create_or_update_secret("a", secret={"user": "ann"})
    return openbao_tls


def test_a_ca_bundle_is_trusted(vault_tls: TlsOpenBao) -> None:
    """As PEM and as base64 of it."""
    for bundle in (vault_tls.ca, base64.b64encode(vault_tls.ca.encode()).decode()):
        assert text(read(store(vault_tls.url, caBundle=bundle), "a"))


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
def test_a_ca_provider_is_trusted(vault_tls: TlsOpenBao, kind: str) -> None:
    """The authority out of a Secret or a ConfigMap."""
    token = {("vault-token", "token"): "root"}
    given = GivenCredentials({**token, ("ca", "pem"): vault_tls.ca}, {("ca", "pem"): vault_tls.ca})
    assert text(read(store(vault_tls.url, given, caProvider={"type": kind, "name": "ca", "key": "pem"}), "a"))


def test_an_unknown_authority_is_a_mistake(vault_tls: TlsOpenBao) -> None:
    """The message says why the certificate is not trusted, the hint what to set."""
    said = failure(vault_tls.url)
    assert Failure.MISCONFIGURED == said.failure
    assert said.message.startswith("Vault's certificate is not trusted: ")
    assert "caBundle" in said.hint


def test_a_ca_bundle_takes_the_place_of_other_authorities(
    vault_tls: TlsOpenBao, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a bundle of its own a store trusts nobody else, whatever the environment says."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(vault_tls._ca_file))
    assert text(read(store(vault_tls.url), "a"))
    assert Failure.MISCONFIGURED == failure(vault_tls.url, caBundle=Authority().pem).failure


def test_a_bundle_that_is_no_pem_is_a_mistake(vault_tls: TlsOpenBao) -> None:
    """Named by its field, and by what OpenSSL makes of it."""
    assert "spec.provider.vault.caBundle: holds no PEM certificate" == failure(vault_tls.url, caBundle="bm8=").message
    broken = "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n"
    assert Failure.MISCONFIGURED == failure(vault_tls.url, caBundle=broken).failure


def test_client_certificates(vault_tls: TlsOpenBao) -> None:
    """A server that wants a client certificate gets the one of `tls`, and says so where there is none."""
    pair = vault_tls.issue_client("web")
    given = GivenCredentials(
        {("vault-token", "token"): "root", ("pair", "tls.crt"): pair.certificate, ("pair", "tls.key"): pair.key}
    )
    tls = {"certSecretRef": {"name": "pair"}, "keySecretRef": {"name": "pair"}}
    assert text(read(store(vault_tls.mutual_url, given, caBundle=vault_tls.ca, tls=tls), "a"))
    assert "tls.certSecretRef" in failure(vault_tls.mutual_url, given, caBundle=vault_tls.ca).hint


def test_a_wrong_scheme_is_a_mistake(openbao: OpenBao) -> None:
    """https:// for a server without TLS."""
    said = failure(openbao.url.replace("http:", "https:"))
    assert (Failure.MISCONFIGURED, "Vault's address speaks no TLS") == (said.failure, said.message)


def test_plain_http_to_a_tls_port_is_a_mistake(openbao_tls: TlsOpenBao) -> None:
    """http:// for a server with TLS."""
    said = failure(openbao_tls.url.replace("https:", "http:"))
    assert (Failure.MISCONFIGURED, "Vault's address speaks TLS") == (said.failure, said.message)


def test_a_redirect_at_home_is_followed() -> None:
    """Within the same address the token goes along."""
    with FaultServer() as server:
        server.inject(answer(307, Location="/v1/elsewhere"), path="/v1/secret/data/a")
        server.inject(answer(body=SECRET), path="/v1/elsewhere")
        assert text(read(store(server.url), "a"))
        assert "root" == server.calls[-1].headers["X-Vault-Token"]


def test_a_redirect_elsewhere_is_refused() -> None:
    """A token is never sent to another address; the hint says what to set instead."""
    with FaultServer() as server, FaultServer() as other:
        server.inject(answer(307, Location=f"{other.url}/v1/secret/data/a"))
        said = failure(server.url)
        assert [] == other.calls
    assert (Failure.MISCONFIGURED, True) == (said.failure, "redirects to `127.0.0.1`" in said.message)


def test_a_redirect_to_no_address_is_a_failure() -> None:
    """What stands in the header is not shown."""
    with FaultServer() as server:
        server.inject(answer(307, Location="http://[canary"))
        assert Failed(Failure.UNAVAILABLE, "the connection to Vault broke (`ValueError`)") == failure(server.url)


def test_redirects_in_a_circle_end() -> None:
    """After some hops it is a mistake."""
    with FaultServer() as server:
        server.inject(answer(307, Location="/v1/secret/data/a"))
        assert "Vault's address redirects in a circle" == failure(server.url).message
        assert 3 == len(server.calls)


def test_a_redirected_login_keeps_its_body() -> None:
    """A 307 asks for the same request again."""
    auth = {"userPass": {"username": "bob", "secretRef": {"name": "login", "key": "password"}}}
    with FaultServer() as server:
        server.inject(answer(307, Location="/v1/login"), method="POST", path="/v1/auth/*")
        server.inject(answer(body=b'{"auth":{"client_token":"t"}}'), method="POST", path="/v1/login")
        server.inject(answer(body=SECRET), method="GET")
        assert text(read(store(server.url, GivenCredentials({("login", "password"): "pw"}), auth=auth), "a"))
        assert b'{"password": "pw"}' == server.calls[1].body


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (error(500), Failure.UNAVAILABLE),
        (error(503), Failure.UNAVAILABLE),
        (error(412), Failure.UNAVAILABLE),
        (throttled(), Failure.THROTTLED),
        (reset(), Failure.UNAVAILABLE),
        (empty(), Failure.UNAVAILABLE),
        (truncated(), Failure.UNAVAILABLE),
        (wrong_json(), Failure.UNAVAILABLE),
        (wrong_json([1]), Failure.UNAVAILABLE),
        (wrong_json({"data": {"other": 1}}), Failure.MISCONFIGURED),
        (wrong_json({"data": {"data": "text"}}), Failure.MISCONFIGURED),
        (wrong_json({"data": "text"}), Failure.UNAVAILABLE),
        (wrong_json({"data": ["text"]}), Failure.UNAVAILABLE),
        (wrong_json({"data": None, "errors": ["no"]}), Failure.UNAVAILABLE),
        (wrong_json({"errors": []}), Failure.UNAVAILABLE),
        (answer(404, b"<html>not found</html>"), Failure.UNAVAILABLE),
        (answer(404, b"{}"), Failure.MISCONFIGURED),
        (error(404), Failure.MISCONFIGURED),
        (error(400), Failure.MISCONFIGURED),
        (error(405), Failure.MISCONFIGURED),
    ],
)
def test_broken_answers_are_failures(openbao: OpenBao, fault: Fault, expected: Failure) -> None:
    """No broken answer is taken for an absent secret."""
    openbao.client().secrets.kv.v2.create_or_update_secret("a", secret={"user": "ann"})
    with FaultServer(openbao.url) as server:
        server.inject(fault)
        assert expected == failure(server.url).failure
        assert 1 == server.count("/v1/secret/data/a")


@pytest.mark.parametrize("status", [401, 403, 405, 407])
def test_the_refusal_of_a_proxy_is_none_of_vaults(status: int) -> None:
    """It is held neither against the token nor against a policy, and asking again is of no use."""
    with FaultServer() as server:
        server.inject(answer(status, b"<html>blocked</html>"))
        refused = failure(server.url)
        assert 1 == server.count()
    assert Failure.MISCONFIGURED is refused.failure
    assert f"something that is not Vault refuses (HTTP {status})" == refused.message


@pytest.mark.parametrize("document", [{"data": {"keys": []}}, {"data": {"custom_metadata": "text"}}])
def test_broken_metadata_is_a_failure(document: object) -> None:
    """Metadata that no KV engine would write is not taken for empty metadata."""
    with FaultServer() as server:
        server.inject(wrong_json(document))
        assert Failure.MISCONFIGURED == failed(read(store(server.url), "a", metadata=True)).failure


def test_a_version_that_is_none_is_left_out() -> None:
    """The secret is there; what is said beside it counts for nothing."""
    with FaultServer() as server:
        server.inject(wrong_json({"data": {"data": {"a": "1"}, "metadata": "text"}}))
        assert Found(SecretValue('{"a": "1"}'), "") == read(store(server.url), "a")


def test_retry_after_is_handed_on() -> None:
    """What Vault says about when to come again is for the lane."""
    with FaultServer() as server:
        server.inject(throttled("7"))
        assert 7.0 == failure(server.url).retry_after


def test_a_silent_server_is_a_timeout() -> None:
    """A call ends when the store's time is over."""
    with FaultServer() as server:
        server.inject(hang())
        assert Failure.TIMEOUT == failure(server.url, timeout=0.2).failure


def test_a_slow_answer_that_comes_is_an_answer(openbao: OpenBao) -> None:
    """A server that drips is the lane's to give up on; what comes is read to its end."""
    openbao.client().secrets.kv.v2.create_or_update_secret("a", secret={"user": "ann"})
    with FaultServer(openbao.url) as server:
        server.inject(drip(0.0))
        assert text(read(store(server.url), "a"))


def test_nobody_listens() -> None:
    """A port without a server."""
    said = failure(f"http://127.0.0.1:{free_port()}")
    assert (Failure.UNAVAILABLE, "nobody listens at Vault's address") == (said.failure, said.message)


def test_a_name_that_is_none() -> None:
    """A host that does not resolve."""
    said = failure("http://vault.invalid:8200")
    assert (Failure.UNAVAILABLE, "the name of Vault's host cannot be resolved") == (said.failure, said.message)


def test_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """`HTTP_PROXY` and `NO_PROXY` mean what they mean to requests."""
    with FaultServer() as proxy, FaultServer() as server:
        proxy.inject(answer(body=SECRET))
        server.inject(answer(body=SECRET))
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        assert text(read(store(server.url), "a"))
        assert (1, 0) == (len(proxy.calls), len(server.calls))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert text(read(store(server.url), "a"))
        assert (1, 1) == (len(proxy.calls), len(server.calls))


def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the proxy, not Vault."""
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NO_PROXY", "")
    said = failure("http://vault.invalid:8200")
    assert (Failure.UNAVAILABLE, True) == (said.failure, "proxy" in said.message)


def test_a_header_that_is_none_is_a_mistake() -> None:
    """`headers` of the manifest that HTTP does not allow."""
    with FaultServer() as server:
        assert Failure.MISCONFIGURED == failure(server.url, headers={"X-Team": "a\nb"}).failure


def test_a_bundle_that_was_replaced_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as nothing changes there is one context for all logins."""
    bundle = tmp_path / "ca.pem"
    bundle.write_text(Authority().pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    contexts = TlsContexts()
    first = contexts.of("", None)
    assert contexts.of("", None) is first
    bundle.write_text(Authority().pem)
    os.utime(bundle, ns=(1, 1))
    assert contexts.of("", None) is not first
