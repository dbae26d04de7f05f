"""How calls to Secret Manager go wrong on the wire: fault by fault, over REST and over gRPC."""

from __future__ import annotations

import base64
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import grpc  # type: ignore[import-untyped]  # grpcio has no types
import pytest

from syncd.providers.api import Failed, Failure, FindQuery, Found, Outcome, RemoteKey, StoreError
from syncd.providers.gcp_store import GcpStore
from syncd.providers.given import store_config
from syncd.providers.jobs import StoreRequest
from syncd.providers.lanes import Lanes
from syncd.providers.retries import Retries
from tests.providers.gcp_stores import failed, gcp_config, given, open_gcp, read, reader, text
from tests.servers.faults import (
    Fault,
    FaultServer,
    answer,
    drip,
    empty,
    error,
    hang,
    reset,
    slow,
    throttled,
    truncated,
    wrong_json,
)
from tests.servers.gcp import RIGHTS, Gcp, Project
from tests.servers.gcp_iam import Refusal
from tests.servers.gcp_wire import grpc_server
from tests.servers.pki import Authority
from tests.servers.process import free_port

ENDPOINT = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"


@pytest.fixture
def project(gcp: Gcp, gcp_env: pytest.MonkeyPatch) -> Project:
    """A new project with one secret, over gRPC."""
    project = gcp.project()
    project.put("a", "x")
    return project


@pytest.fixture
def front(gcp: Gcp, gcp_env: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """What stands between a store and GCP; everything is REST then."""
    with FaultServer(gcp.url) as server:
        for name, value in gcp.rest_variables(server.url).items():
            gcp_env.setenv(name, value)
        yield server


def quick(project: Project, seconds: float = 0.5) -> GcpStore:
    """A store with little patience."""
    return open_gcp(gcp_config(project), given(project.key(*RIGHTS)), timeout=seconds)


def through_lanes(store: GcpStore, *, timeout: float) -> Outcome:
    """What comes back when syncd asks, with one attempt."""
    lanes = Lanes(retries=Retries(attempts=1))
    request = StoreRequest(store_config("gcpsm", {}, timeout=timeout), store, [RemoteKey("a")])
    [reply] = lanes.run([request]).values()
    lanes.close()
    outcome = reply.answers[RemoteKey("a")]
    assert isinstance(outcome, Found | Failed)
    return outcome


@pytest.mark.parametrize(
    ("fault", "failure", "calls"),
    [
        (throttled("7"), Failure.THROTTLED, 1),
        (error(500), Failure.UNAVAILABLE, 1),
        (error(502), Failure.UNAVAILABLE, 1),
        (error(503), Failure.UNAVAILABLE, 1),
        (error(504), Failure.TIMEOUT, 1),
        (error(408), Failure.TIMEOUT, 1),
        (error(400), Failure.MISCONFIGURED, 1),
        (error(401), Failure.DENIED, 2),
        (error(403), Failure.DENIED, 1),
        (error(404), Failure.MISCONFIGURED, 1),
        (answer(404, b"<html>not here"), Failure.MISCONFIGURED, 1),
        (answer(302, Location="https://portal.example.com/"), Failure.MISCONFIGURED, 1),
        (empty(), Failure.UNAVAILABLE, 1),
        (wrong_json(), Failure.UNAVAILABLE, 1),
        (wrong_json({}), Failure.UNAVAILABLE, 1),
        (wrong_json([1]), Failure.UNAVAILABLE, 1),
        (wrong_json({"name": 5, "payload": "x"}), Failure.UNAVAILABLE, 1),
        (wrong_json({"name": "projects/1/secrets/a/versions/1"}), Failure.UNAVAILABLE, 1),
        (wrong_json({"error": "no"}), Failure.UNAVAILABLE, 1),
        (truncated(), Failure.UNAVAILABLE, 1),
        (reset(), Failure.UNAVAILABLE, 1),
        (hang(), Failure.TIMEOUT, 1),
    ],
)
def test_faults_of_rest(project: Project, front: FaultServer, fault: Fault, failure: Failure, calls: int) -> None:
    """What it means, and that nothing below us asks again; only a refused token is replaced, once."""
    front.inject(fault)
    assert failure is failed(read(quick(project), "a")).failure
    assert calls == front.count()


@pytest.mark.parametrize("fault", [error(500), throttled(), error(404), wrong_json(), truncated(), reset(), hang()])
def test_faults_of_a_list(project: Project, front: FaultServer, fault: Fault) -> None:
    """A list that did not arrive whole has not "no matches"."""
    front.inject(fault, path="*/secrets")
    failed(quick(project).find(FindQuery(name=".")))
    assert 1 == front.count()


def test_retry_after(project: Project, front: FaultServer) -> None:
    """What the server says is handed on."""
    front.inject(throttled("7"))
    assert 7.0 == failed(read(reader(project), "a")).retry_after


def test_slow_is_no_failure(project: Project, front: FaultServer) -> None:
    """As long as there is time."""
    front.inject(slow(0.1))
    assert "x" == text(read(reader(project), "a"))


@pytest.mark.parametrize("fault", [drip(), hang()])
def test_a_deadline_is_total(project: Project, front: FaultServer, fault: Fault) -> None:
    """A server that drips holds nobody for longer than one that hangs."""
    front.inject(fault)
    assert Failure.TIMEOUT is failed(through_lanes(reader(project), timeout=0.5)).failure


def test_it_works_again_after_a_fault(project: Project, front: FaultServer) -> None:
    """Broken connections are not used again."""
    store = reader(project)
    for fault in (reset(), truncated(), error(500)):
        front.inject(fault)
        failed(read(store, "a"))
        front.clear()
        assert "x" == text(read(store, "a"))


@pytest.mark.parametrize(
    ("refusal", "failure"),
    [
        (Refusal(grpc.StatusCode.CANCELLED), Failure.UNAVAILABLE),
        (Refusal(grpc.StatusCode.UNKNOWN), Failure.UNAVAILABLE),
        (Refusal(grpc.StatusCode.INVALID_ARGUMENT), Failure.MISCONFIGURED),
        (Refusal(grpc.StatusCode.DEADLINE_EXCEEDED), Failure.TIMEOUT),
        (Refusal(grpc.StatusCode.ALREADY_EXISTS), Failure.MISCONFIGURED),
        (Refusal(grpc.StatusCode.PERMISSION_DENIED), Failure.DENIED),
        (Refusal(grpc.StatusCode.PERMISSION_DENIED, reason="SERVICE_DISABLED"), Failure.DENIED),
        (Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, delay=2.5), Failure.THROTTLED),
        (Refusal(grpc.StatusCode.FAILED_PRECONDITION), Failure.MISCONFIGURED),
        (Refusal(grpc.StatusCode.ABORTED), Failure.UNAVAILABLE),
        (Refusal(grpc.StatusCode.OUT_OF_RANGE), Failure.MISCONFIGURED),
        (Refusal(grpc.StatusCode.UNIMPLEMENTED), Failure.MISCONFIGURED),
        (Refusal(grpc.StatusCode.INTERNAL), Failure.UNAVAILABLE),
        (Refusal(grpc.StatusCode.UNAVAILABLE), Failure.UNAVAILABLE),
        (Refusal(grpc.StatusCode.DATA_LOSS), Failure.UNAVAILABLE),
    ],
)
@pytest.mark.parametrize("transport", ["gRPC", "REST"])
def test_statuses_mean_the_same_over_both(
    project: Project, gcp: Gcp, gcp_env: pytest.MonkeyPatch, refusal: Refusal, failure: Failure, transport: str
) -> None:
    """Each status of GCP's, with what it says beside it; asked once."""
    if transport == "REST":
        for name, value in gcp.rest_variables().items():
            gcp_env.setenv(name, value)
    project.inject("AccessSecretVersion", refusal)
    outcome = failed(read(reader(project), "a"))
    assert (failure, refusal.delay) == (outcome.failure, outcome.retry_after)
    assert "scripted" not in f"{outcome}"
    assert 1 == len(project.calls("AccessSecretVersion"))


def test_grpc_has_a_deadline(project: Project) -> None:
    """A server that hangs is given up on."""
    hung = threading.Event()
    project.inject("AccessSecretVersion", lambda: (hung.wait(10), None)[1])
    try:
        assert Failure.TIMEOUT is failed(read(quick(project), "a")).failure
    finally:
        hung.set()


def test_grpc_connects_again(gcp: Gcp, gcp_env: pytest.MonkeyPatch) -> None:
    """A server that was away is found again at once, on the same channel."""
    project, port = gcp.project(), free_port()
    project.put("a", "x")
    gcp_env.setenv(ENDPOINT, f"http://127.0.0.1:{port}")
    store = reader(project)
    assert "nobody listens at" in failed(read(store, "a")).message
    server = grpc_server(project.secrets, f"127.0.0.1:{port}")
    server.start()
    deadline = time.monotonic() + 5
    while isinstance(outcome := read(store, "a"), Failed) and time.monotonic() < deadline:
        time.sleep(0.05)
    server.stop(None).wait()
    assert "x" == text(outcome)


def test_grpc_does_not_wait_for_a_connection_that_is_lost(gcp: Gcp, project: Project) -> None:
    """What a firewall has silently forgotten is noticed within ten seconds, and the next call connects anew."""
    store = reader(project)
    read(store, "a")
    assert {10_000} == set(_user_timeouts(urlsplit(gcp.grpc_url).port))
    store.close()


def _user_timeouts(port: int | None) -> Iterator[int]:
    """Of this process' connections to a port, how many milliseconds TCP waits for an acknowledgement."""
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if path.is_socket():
                with socket.socket(fileno=os.dup(int(path.name))) as connection:
                    if connection.getpeername()[1] == port:
                        yield connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)


@pytest.mark.parametrize("rest", [False, True])
def test_a_host_that_cannot_be_resolved(project: Project, gcp_env: pytest.MonkeyPatch, rest: bool) -> None:
    """As with a region that GCP does not have: the library's own words, in whichever version, are understood."""
    gcp_env.setenv(ENDPOINT, "https://secretmanager.nowhere.invalid")
    gcp_env.setenv("GOOGLE_CLOUD_DISABLE_GRPC", str(rest))
    outcome = failed(read(reader(project), "a"))
    expected = "the name of `secretmanager.nowhere.invalid:443` cannot be resolved"
    assert (Failure.UNAVAILABLE, expected) == (outcome.failure, outcome.message)
    assert "check `location`" in outcome.hint


def test_grpc_with_the_certificate_of_another_host(project: Project, tls: Path, gcp_env: pytest.MonkeyPatch) -> None:
    """Somebody stands between, or the endpoint is wrong; asking again is of no use."""
    gcp_env.setenv("CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", str(tls))
    gcp_env.setenv(ENDPOINT, os.environ[ENDPOINT].replace("127.0.0.1", "localhost"))
    outcome = failed(read(reader(project), "a"))
    assert (Failure.MISCONFIGURED, True) == (outcome.failure, outcome.message.endswith("is that of another host"))


@pytest.fixture
def tls(gcp: Gcp, gcp_env: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """gRPC with TLS; the file of the authority that is to be trusted."""
    authority, port = Authority(), free_port()
    (tmp_path / "ca.pem").write_text(authority.pem)
    pair = authority.issue_server("127.0.0.1").write(tmp_path, "server")
    server = grpc_server(gcp.secrets, f"127.0.0.1:{port}", certificate=pair)
    server.start()
    gcp_env.setenv(ENDPOINT, f"https://127.0.0.1:{port}")
    yield tmp_path / "ca.pem"
    server.stop(None).wait()


def test_grpc_over_tls(project: Project, tls: Path, gcp_env: pytest.MonkeyPatch) -> None:
    """With an authority of one's own."""
    gcp_env.setenv("CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", str(tls))
    assert "x" == text(read(reader(project), "a"))


def test_grpc_trusts_nobody_else(project: Project, tls: Path) -> None:
    """The error says what is wrong, and no token is sent."""
    outcome = failed(read(reader(project), "a"))
    assert (Failure.MISCONFIGURED, True) == (outcome.failure, outcome.message.endswith("is not trusted"))
    assert [] == project.calls("AccessSecretVersion")


def test_rest_over_tls(project: Project, gcp_env: pytest.MonkeyPatch, tls: Path) -> None:
    """REST looks at the same file; what speaks no HTTP/1 is no answer."""
    gcp_env.setenv("GOOGLE_CLOUD_DISABLE_GRPC", "true")
    assert "is not trusted" in failed(read(reader(project), "a")).message
    gcp_env.setenv("CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", str(tls))
    assert "is not trusted" not in failed(read(reader(project), "a")).message


def test_a_file_of_authorities_that_is_not_there(project: Project, gcp_env: pytest.MonkeyPatch) -> None:
    """The variables are named."""
    gcp_env.setenv(ENDPOINT, "https://127.0.0.1:1")
    gcp_env.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    outcome = failed(read(reader(project), "a"))
    assert (Failure.MISCONFIGURED, True) == (outcome.failure, "REQUESTS_CA_BUNDLE" in outcome.hint)


def test_a_proxy_is_asked(project: Project, gcp: Gcp, gcp_env: pytest.MonkeyPatch) -> None:
    """Where the variables name one, everything goes through it, as REST."""
    with FaultServer() as proxy:
        gcp_env.delenv("GOOGLE_CLOUD_DISABLE_GRPC")
        gcp_env.setenv(ENDPOINT, "http://secretmanager.test")
        gcp_env.setenv("HTTP_PROXY", proxy.url)
        found = {"name": f"{project.name('a')}/versions/1", "payload": {"data": base64.b64encode(b"x").decode()}}
        proxy.inject(answer(body=json.dumps(found).encode()))
        assert "x" == text(read(reader(project), "a"))
        [call] = proxy.calls
    assert f"http://secretmanager.test/v1/{project.name('a')}/versions/latest:access" == call.path.replace(":80", "")


def test_netrc_is_not_looked_at(
    project: Project, front: FaultServer, gcp_env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A login for everything that somebody keeps there would take the place of the token."""
    (tmp_path / "netrc").write_text("default login ann password letmein\n")
    gcp_env.setenv("NETRC", str(tmp_path / "netrc"))
    assert "x" == text(read(reader(project), "a"))


@pytest.mark.parametrize("transport", ["gRPC", "REST"])
def test_nothing_is_logged(
    project: Project, gcp: Gcp, gcp_env: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, transport: str
) -> None:
    """At its debug level the library would log tokens and values."""
    if transport == "REST":
        for name, value in gcp.rest_variables().items():
            gcp_env.setenv(name, value)
    project.put("a", "canary-1f0b")
    caplog.set_level(logging.DEBUG)
    assert "canary-1f0b" == text(read(reader(project), "a"))
    forms = ("canary-1f0b", base64.b64encode(b"canary-1f0b").decode(), "Bearer")
    logged = "".join(f"{record.getMessage()}{record.__dict__}" for record in caplog.records)
    assert not [form for form in forms if form in logged]


def test_a_closed_store_asks_nothing(project: Project) -> None:
    """It says so, and to threads that come late too."""
    store = reader(project)
    assert "x" == text(read(store, "a"))
    store.close()
    assert Failed(Failure.UNAVAILABLE, "the store is closed") == read(store, "a")
    with pytest.raises(StoreError):
        store.check()
