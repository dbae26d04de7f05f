"""Each fault breaks a call in its own way, and everything else passes unchanged."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import hvac
import pytest
import requests

from tests.servers import faults
from tests.servers.controlplane import ControlPlane
from tests.servers.faults import FaultServer
from tests.servers.openbao import OpenBao, wait_for


@pytest.fixture
def server(openbao: OpenBao) -> Iterator[FaultServer]:
    """A fault server in front of the real OpenBao."""
    with FaultServer(openbao.url) as server:
        yield server


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A client that keeps its connection."""
    with requests.Session() as session:
        yield session


def get(server: FaultServer, *, timeout: float = 5.0) -> requests.Response:
    return requests.get(f"{server.url}/v1/sys/health", timeout=timeout)


def test_calls_without_a_rule_reach_the_real_server(openbao: OpenBao, server: FaultServer) -> None:
    """hvac writes, lists (its own HTTP verb) and reads through the server."""
    client, mount = hvac.Client(url=server.url, token=openbao.token), openbao.kv()
    kv = client.secrets.kv.v2
    kv.create_or_update_secret("app", secret={"user": "u"}, mount_point=mount)
    assert ["app"] == kv.list_secrets("", mount_point=mount)["data"]["keys"]
    assert {"user": "u"} == kv.read_secret("app", mount_point=mount, raise_on_deleted_version=True)["data"]["data"]
    assert 1 == server.count(f"/v1/{mount}/data/app", method="GET")


def test_connections_are_kept(server: FaultServer, session: requests.Session) -> None:
    """Several calls, broken ones among them, go over one connection."""
    server.inject(faults.error(500), calls=[2])
    statuses = [session.get(f"{server.url}/v1/sys/health", timeout=5).status_code for _ in range(3)]
    assert [200, 500, 200] == statuses
    assert 1 == len(server._server.connections)


def test_a_client_that_dies_is_no_trouble(capfd: pytest.CaptureFixture[str]) -> None:
    """A killed process resets its connections, between two calls or within one: the server says nothing to that."""
    with FaultServer() as server:
        for sent in (b"GET /v1/a HTTP/1.1\r\n\r\n", b"POST /v1/a HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf"):
            with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0)) as client:
                client.sendall(sent)
                wait_for(lambda: bool(server._server.connections))
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wait_for(lambda: not server._server.connections)
    assert "" == capfd.readouterr().err


def test_throttling_says_when_to_come_back(server: FaultServer) -> None:
    """429 carries `Retry-After`."""
    server.inject(faults.throttled("7"))
    response = get(server)
    assert (429, "7") == (response.status_code, response.headers["Retry-After"])


def test_rules_match_by_method_and_path(server: FaultServer) -> None:
    """A rule for another method or path does not touch the call; the first that fits decides."""
    server.inject(faults.error(500), method="POST")
    server.inject(faults.error(501), path="/v1/secret/*")
    server.inject(faults.error(503), path="/v1/sys/*")
    server.inject(faults.error(504))
    assert 503 == get(server).status_code


def test_cleared_rules_are_gone(server: FaultServer) -> None:
    """After `clear` calls pass."""
    server.inject(faults.error(503))
    server.clear()
    assert 200 == get(server).status_code


def test_an_empty_answer_has_no_body(server: FaultServer) -> None:
    """200 without a byte."""
    server.inject(faults.empty())
    assert b"" == get(server).content


def test_wrong_json_is_no_json_or_another_shape(server: FaultServer) -> None:
    """Text where JSON is due, or a document of one's own."""
    server.inject(faults.wrong_json(), calls=[1])
    server.inject(faults.wrong_json(["list"]))
    with pytest.raises(requests.exceptions.JSONDecodeError):
        get(server).json()
    assert ["list"] == get(server).json()


def test_a_slow_answer_is_right(server: FaultServer) -> None:
    """After the pause the real answer comes."""
    server.inject(faults.slow(0.01))
    assert get(server).json()["initialized"]


@pytest.mark.parametrize("fault", [faults.hang(), faults.drip(10)], ids=["hang", "drip"])
def test_a_silent_server_is_left_by_the_clients_time_out(server: FaultServer, fault: faults.Fault) -> None:
    """Nothing, or not enough, comes before the client gives up."""
    server.inject(fault)
    with pytest.raises(requests.exceptions.ReadTimeout):
        get(server, timeout=0.2)


def test_a_dripping_server_outlasts_read_time_outs(server: FaultServer) -> None:
    """Each byte comes before the time-out of a read, so the client waits for all of them."""
    server.inject(faults.drip(0.0005))
    assert get(server, timeout=0.2).json()["initialized"]


def test_a_reset_breaks_the_connection(server: FaultServer) -> None:
    """The client sees ECONNRESET."""
    server.inject(faults.reset())
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        get(server)


def test_a_truncated_body_ends_early(server: FaultServer) -> None:
    """Fewer bytes than announced."""
    server.inject(faults.truncated())
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(server)


def test_without_an_upstream_only_the_script_answers() -> None:
    """Rules are answered, and everything else is not found."""
    with FaultServer() as server:
        server.inject(faults.answer(200, b"{}", X_Mark="yes"), path="/known")
        known = requests.get(f"{server.url}/known", timeout=5)
        assert ("yes", {}) == (known.headers["X-Mark"], known.json())
        assert 404 == get(server).status_code


def test_ending_the_server_frees_its_threads(openbao: OpenBao) -> None:
    """Hanging exchanges and idle connections end with the server."""
    with FaultServer(openbao.url) as server, requests.Session() as session:
        session.get(f"{server.url}/v1/sys/health", timeout=5)
        server.inject(faults.hang())
        with pytest.raises(requests.exceptions.ReadTimeout):
            get(server, timeout=0.1)
        threads = [thread for thread in threading.enumerate() if "process_request_thread" in thread.name]
        assert len(threads) == 2
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)


def test_watches_stream_through(controlplane: ControlPlane) -> None:
    """An event of a watch arrives while the watch is still open."""
    namespace = controlplane.namespace()
    path = f"/api/v1/namespaces/{namespace}/secrets"
    with FaultServer(controlplane.server, ca=controlplane.ca_file) as server:
        headers = {"Authorization": f"Bearer {controlplane.admin_token}"}
        watch = requests.get(f"{server.url}{path}?watch=1&timeoutSeconds=60", headers=headers, stream=True, timeout=10)
        with watch:
            controlplane.request("POST", path, {"metadata": {"name": "seen"}})
            event = json.loads(next(watch.iter_lines(chunk_size=1)))
    assert ("ADDED", "seen") == (event["type"], event["object"]["metadata"]["name"])
