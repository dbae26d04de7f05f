"""The OpenBao of the rig is real, and its fixtures keep their promises."""

from __future__ import annotations

from pathlib import Path

import hvac
import pytest
import requests

from tests.servers.openbao import OpenBao, RaftOpenBao, TlsOpenBao


def test_values_written_can_be_read(openbao: OpenBao) -> None:
    """A KV v2 mount keeps what was written."""
    kv, mount = openbao.client().secrets.kv.v2, openbao.kv()
    kv.create_or_update_secret("app", secret={"user": "u"}, mount_point=mount)
    read = kv.read_secret_version("app", mount_point=mount, raise_on_deleted_version=True)
    assert {"user": "u"} == read["data"]["data"]


def test_mounts_are_not_shared(openbao: OpenBao, openbao_tls: TlsOpenBao) -> None:
    """Each call of `kv` gives an empty mount, over whichever listener it is asked for."""
    mounts = [openbao.kv(1), openbao.kv(2), openbao_tls.kv(2)]
    assert 3 == len(set(mounts))


def test_answered_calls_are_counted(openbao: OpenBao) -> None:
    """The audit log names each login."""
    client, path = openbao.client(), openbao.fresh_name("userpass")
    client.sys.enable_auth_method("userpass", path=path)
    client.auth.userpass.create_or_update_user("bob", password="pw", mount_point=path)
    for _ in range(2):
        openbao.client("").auth.userpass.login("bob", "pw", mount_point=path)
    assert [f"update auth/{path}/login/bob"] * 2 == openbao.calls(f"auth/{path}/login")


def test_tls_needs_the_authority(openbao_tls: TlsOpenBao) -> None:
    """A client that does not know the authority is refused by its own check."""
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{openbao_tls.url}/v1/sys/health", timeout=5)


def test_client_certificates_log_in(openbao_tls: TlsOpenBao, tmp_path: Path) -> None:
    """The cert auth method knows a certificate that the authority issued."""
    path = openbao_tls.fresh_name("cert")
    openbao_tls.client().sys.enable_auth_method("cert", path=path)
    openbao_tls.client().write_data(f"auth/{path}/certs/web", data={"certificate": openbao_tls.ca})
    pair = openbao_tls.issue_client("web").write(tmp_path, "web")
    client = openbao_tls.client("", cert=tuple(map(str, pair)))
    assert "web" == client.auth.cert.login(name="web", mount_point=path)["auth"]["metadata"]["cert_name"]


def test_the_mutual_listener_wants_a_certificate(openbao_tls: TlsOpenBao, tmp_path: Path) -> None:
    """Without a client certificate the handshake fails; with one the server answers."""
    url, ca = f"{openbao_tls.mutual_url}/v1/sys/health", openbao_tls._ca_file
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(url, verify=str(ca), timeout=5)
    certificate, key = openbao_tls.issue_client("web").write(tmp_path, "web")
    assert 200 == requests.get(url, verify=str(ca), cert=(str(certificate), str(key)), timeout=5).status_code


def test_a_restarted_server_is_sealed_and_keeps_its_data(openbao_audited: RaftOpenBao) -> None:
    """After a restart nothing is served until the unseal, and then the old data is there."""
    kv = openbao_audited.client().secrets.kv.v2
    kv.create_or_update_secret("app", secret={"user": "u"})
    openbao_audited.restart()
    with pytest.raises(hvac.exceptions.VaultDown):
        kv.read_secret_version("app", raise_on_deleted_version=True)
    openbao_audited.unseal()
    assert {"user": "u"} == kv.read_secret_version("app", raise_on_deleted_version=True)["data"]["data"]
