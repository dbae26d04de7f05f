"""What a Vault store does when what it depends on changes, or is not there for a moment."""

from __future__ import annotations

import ssl
import subprocess
import sys

import pytest
from requests.exceptions import SSLError

from syncd.model import SecretValue
from syncd.providers.api import Absent, Failure
from syncd.providers.given import GivenCredentials
from syncd.providers.vault_errors import from_exception
from tests.providers.vaults import TOKEN_AUTH, Kv, failed, open_vault, open_with_token, read, text
from tests.servers.faults import FaultServer, error
from tests.servers.openbao import OpenBao, TlsOpenBao
from tests.servers.pki import Authority


class Rotating(GivenCredentials):
    """A cluster whose Secrets change."""

    def set(self, name: str, key: str, value: str) -> None:
        self._secret_keys[name, key] = SecretValue(value)


@pytest.fixture
def vault_tls(openbao_tls: TlsOpenBao) -> TlsOpenBao:
    """A server with the secret `a`."""
    openbao_tls.client().secrets.kv.v2.create_or_update_secret("a", secret={"user": "ann"})
    return openbao_tls


def test_a_replaced_authority_is_read_again(vault_tls: TlsOpenBao) -> None:
    """A store whose token never ends must not stay with the authority that it was opened with."""
    given = Rotating({("vault-token", "token"): "root", ("ca", "pem"): Authority().pem})
    ca = {"type": "Secret", "name": "ca", "key": "pem"}
    store = open_vault({"server": vault_tls.url, "path": "secret", "auth": TOKEN_AUTH, "caProvider": ca}, given)
    assert Failure.MISCONFIGURED is failed(read(store, "a")).failure
    given.set("ca", "pem", vault_tls.ca)
    assert '{"user":"ann"}' == text(read(store, "a"))


def test_a_replaced_client_certificate_is_read_again(vault_tls: TlsOpenBao) -> None:
    """The same for the certificate that the server asks for."""
    stranger, pair = Authority().issue_client("web"), vault_tls.issue_client("web")
    given = Rotating(
        {("vault-token", "token"): "root", ("pair", "c"): stranger.certificate, ("pair", "k"): stranger.key}
    )
    tls = {"certSecretRef": {"name": "pair", "key": "c"}, "keySecretRef": {"name": "pair", "key": "k"}}
    config = {"server": vault_tls.mutual_url, "path": "secret", "auth": TOKEN_AUTH, "caBundle": vault_tls.ca}
    store = open_vault({**config, "tls": tls}, given)
    # How the end of a handshake is seen is a race of TLS 1.3, as a reset at times.
    assert any("TLS" in failed(read(store, "a")).message for _ in range(20))
    given.set("pair", "c", pair.certificate)
    given.set("pair", "k", pair.key)
    assert '{"user":"ann"}' == text(read(store, "a"))


@pytest.mark.parametrize(
    "reason", ["TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_CERTIFICATE_EXPIRED", "TLSV1_ALERT_UNKNOWN_CA"]
)
def test_a_refused_client_certificate_is_a_mistake(reason: str) -> None:
    """Asking again with the same certificate is of no use."""
    cause = ssl.SSLError(1, reason)
    cause.reason = reason
    assert Failure.MISCONFIGURED is from_exception(SSLError(cause)).failure


def test_nothing_is_absent_while_the_mount_is_unknown(openbao: OpenBao) -> None:
    """A 404 counts only once it is known that the mount is what the store says; the failure is not kept."""
    kv = Kv(openbao)
    with FaultServer(openbao.url) as front:
        front.inject(error(503), path="/v1/sys/internal/ui/mounts/*", calls=(1,))
        store = open_with_token(openbao, kv.mount, server=front.url)
        assert Failure.UNAVAILABLE is failed(read(store, "nobody")).failure
        assert Absent() == read(store, "nobody")


WITHOUT = """
import sys
sys.modules["{library}"] = None
from syncd.errors import MissingExtra
from syncd.providers.given import GivenCredentials, store_config
from syncd.providers.vault import VaultPlugin
try:
    VaultPlugin.open(store_config("vault", {config}, base="manifests"), GivenCredentials())
except MissingExtra as error:
    print(error, error.hint, sep="; ")
"""


@pytest.mark.parametrize(
    ("method", "library", "extra"),
    [("iam", "boto3", "aws"), ("iam", "botocore", "aws"), ("gcp", "google.auth", "gcp")],
)
def test_the_extra_of_a_cloud_is_named(method: str, library: str, extra: str) -> None:
    """A login with an identity of a cloud needs that cloud's library too; the error names both extras."""
    config = {"server": "https://v", "auth": {method: {"role": "r", "vaultRole": "r"}}}
    code = WITHOUT.format(library=library, config=config)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f"provider `vault` needs a library that is not installed; pip install 'syncd[vault,{extra}]'\n" == ran.stdout
