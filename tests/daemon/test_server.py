"""The HTTP server."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives import serialization

from syncd.daemon import server as server_module
from syncd.daemon.server import Address, Files, Pages, Server
from syncd.errors import UsageError
from syncd.model import ObjectName
from tests.servers.canary import Canaries
from tests.servers.pki import Authority

HERE = Address("127.0.0.1", 0)


@dataclass
class Behind:
    """What the server serves."""

    unhealthy: str = ""
    unready: str = ""
    asked: list[ObjectName | None] = field(default_factory=list)

    @property
    def pages(self) -> Pages:
        return Pages(
            metrics=lambda accept: (f"for {accept}".encode(), "text/plain; version=0.0.4; charset=utf-8"),
            unhealthy=lambda: self.unhealthy,
            unready=lambda: self.unready,
            status=lambda: {"ready": True},
            sync=self.sync,
        )

    def sync(self, name: ObjectName | None) -> int:
        self.asked.append(name)
        return 0 if name == ObjectName("shop", "nobody") else 3


@contextmanager
def serving(behind: Behind, files: Files | None = None) -> Iterator[tuple[Server, str]]:
    server = Server(HERE, behind.pages, files or Files())
    port = server.start()
    try:
        yield server, f"127.0.0.1:{port}"
    finally:
        server.stop()
        assert not server.alive


@pytest.fixture
def behind() -> Behind:
    return Behind()


def test_metrics_are_those_of_the_function(behind: Behind) -> None:
    """With its content type, which depends on what is accepted."""
    with serving(behind) as (_, address):
        answer = requests.get(f"http://{address}/metrics", headers={"Accept": "x/y"}, timeout=10)
    expected = (200, "for x/y", "text/plain; version=0.0.4; charset=utf-8")
    assert expected == (answer.status_code, answer.text, answer.headers["Content-Type"])


@pytest.mark.parametrize("page", ["healthz", "readyz"])
def test_health_says_what_is_wrong(behind: Behind, page: str) -> None:
    """503 with the reason, 200 without one."""
    with serving(behind) as (_, address):
        fine = requests.get(f"http://{address}/{page}", timeout=10)
        behind.unhealthy = behind.unready = "the clock has ended"
        wrong = requests.get(f"http://{address}/{page}", timeout=10)
    assert [(200, "ok\n"), (503, "the clock has ended\n")] == [(one.status_code, one.text) for one in (fine, wrong)]


def test_status_is_json(behind: Behind) -> None:
    """As it was given."""
    with serving(behind) as (_, address):
        assert {"ready": True} == requests.get(f"http://{address}/status", timeout=10).json()


def post(address: str, path: str, authorization: str = "") -> tuple[int, dict[str, object]]:
    headers = {"Authorization": authorization} if authorization else {}
    answer = requests.post(f"http://{address}/-/sync{path}", headers=headers, timeout=10)
    return answer.status_code, answer.json()


def test_a_sync_needs_a_token_file(behind: Behind) -> None:
    """Without one it is off for everybody."""
    with serving(behind) as (_, address):
        code, _ = post(address, "", "Bearer ")
    assert (403, []) == (code, behind.asked)


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "Basic right", "Bearer \xff", "right"])
def test_a_wrong_token_is_refused(behind: Behind, tmp_path: Path, given: str) -> None:
    """And nothing is queued."""
    (tmp_path / "token").write_text("right\n")
    with serving(behind, Files(token=str(tmp_path / "token"))) as (_, address):
        code, _ = post(address, "", given)
    assert (401, []) == (code, behind.asked)


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_no_token_in_the_file_lets_nobody_in(behind: Behind, tmp_path: Path, content: str | None) -> None:
    """Nor does a file that is not there."""
    if content is not None:
        (tmp_path / "token").write_text(content)
    with serving(behind, Files(token=str(tmp_path / "token"))) as (_, address):
        code, _ = post(address, "", "Bearer ")
    assert (503, []) == (code, behind.asked)


def test_syncs_are_queued(behind: Behind, tmp_path: Path, canary: Canaries) -> None:
    """Of everything, of one, and not of what nobody declares; a new token counts at once."""
    token = canary("token")
    (tmp_path / "token").write_text("old")
    with serving(behind, Files(token=str(tmp_path / "token"))) as (_, address):
        (tmp_path / "token").write_text(token)
        answers = [post(address, path, f"Bearer {token}") for path in ("", "/shop/stripe", "/shop/nobody")]
    assert [(202, {"queued": 3}), (202, {"queued": 3})] == answers[:2]
    assert (404, {"error": "no ExternalSecret `shop/nobody` is declared"}) == answers[2]
    assert [None, ObjectName("shop", "stripe"), ObjectName("shop", "nobody")] == behind.asked


def test_a_sync_is_no_get(behind: Behind) -> None:
    """A link that somebody follows does nothing."""
    with serving(behind) as (_, address):
        assert 405 == requests.get(f"http://{address}/-/sync", timeout=10).status_code


def test_a_port_in_use_is_told(behind: Behind) -> None:
    """As an error of usage, with the flag."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = Server(replace(HERE, port=taken.getsockname()[1]), behind.pages, Files())
        with pytest.raises(UsageError, match=r"^cannot listen on `127\.0\.0\.1:\d+`: address already in use$") as error:
            server.start()
    assert "see `--listen`" == error.value.hint


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9753", Address("127.0.0.1", 9753)),
        (":80", Address("", 80)),
        ("[::1]:0", Address("::1", 0)),
        ("host:1", Address("host", 1)),
    ],
)
def test_addresses_are_read(text: str, address: Address) -> None:
    """Host and port; no host is all interfaces."""
    assert address == Address.parse(text)


@pytest.mark.parametrize("text", ["", "localhost", "127.0.0.1", "127.0.0.1:", "host:port", "host:65536", "host:-1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    """With an example."""
    with pytest.raises(ValueError, match=r"such as 127\.0\.0\.1:9753"):
        Address.parse(text)


def fetched(address: str, ca: Path) -> int:
    return requests.get(f"https://{address}/healthz", verify=str(ca), timeout=10).status_code


def test_a_new_certificate_is_taken(behind: Behind, tmp_path: Path) -> None:
    """While it serves; one that does not fit its key leaves the old one in use, and is told once."""
    old, new = Authority(), Authority()
    (tmp_path / "old.pem").write_text(old.pem)
    (tmp_path / "new.pem").write_text(new.pem)
    certificate, key = old.issue_server("127.0.0.1", "localhost").write(tmp_path, "server")
    with serving(behind, Files(certificate=str(certificate), key=str(key))) as (server, address):
        assert 200 == fetched(address, tmp_path / "old.pem")
        certificate.write_text("broken")
        assert [True, False] == [bool(server.refresh_certificate()) for _ in range(2)]
        assert 200 == fetched(address, tmp_path / "old.pem")
        new.issue_server("127.0.0.1", "localhost").write(tmp_path, "server")
        assert "" == server.refresh_certificate()
        assert 200 == fetched(address, tmp_path / "new.pem")


def test_a_key_with_a_passphrase_is_refused(behind: Behind, tmp_path: Path) -> None:
    """Nobody is asked for it: a daemon would wait for ever."""
    certificate, key = Authority().issue_server("localhost").write(tmp_path, "server")
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"passphrase")
    key.write_bytes(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
    with pytest.raises(UsageError) as error:
        Server(HERE, behind.pages, Files(certificate=str(certificate), key=str(key)))
    assert "without a passphrase" in error.value.hint


def test_a_certificate_that_changes_while_it_is_taken_is_told(
    behind: Behind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the taking; it is tried again when the files have changed once more."""
    authority = Authority()
    (tmp_path / "ca.pem").write_text(authority.pem)
    certificate, key = authority.issue_server("127.0.0.1", "localhost").write(tmp_path, "server")
    check = server_module._context

    def changed_after(files: Files) -> ssl.SSLContext | None:
        checked = check(files)
        certificate.write_text("broken")
        return checked

    with serving(behind, Files(certificate=str(certificate), key=str(key))) as (server, address):
        authority.issue_server("127.0.0.1", "localhost").write(tmp_path, "server")
        with monkeypatch.context() as patched:
            patched.setattr(server_module, "_context", changed_after)
            assert "cannot be used" in server.refresh_certificate()
        authority.issue_server("127.0.0.1", "localhost").write(tmp_path, "server")
        assert "" == server.refresh_certificate()
        assert 200 == fetched(address, tmp_path / "ca.pem")


@pytest.mark.parametrize("files", [Files(certificate="c"), Files(key="k"), Files(certificate="c", key="k")])
def test_a_certificate_that_cannot_be_used_is_told(behind: Behind, files: Files) -> None:
    """At the start."""
    with pytest.raises(UsageError):
        Server(HERE, behind.pages, files)
