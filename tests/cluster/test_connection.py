"""Calls end in time, are repeated where that is safe, and never take a broken answer for a good one."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import orjson
import pytest

from syncd.cluster.api import SecretPatch
from syncd.cluster.kubernetes import KubernetesTarget
from syncd.errors import ClusterError, Rejected, Unauthenticated, Unreachable
from syncd.model import Missing, ObjectName, Present, SecretObject, SecretValue, TargetKind, Unreadable
from tests.servers.faults import Fault, FaultServer, answer, drip, empty, hang, reset, throttled, wrong_json
from tests.servers.wire import Exchange

NAME = ObjectName("shop", "stripe")
SECRET = orjson.dumps({"kind": "Secret", "metadata": {"name": "stripe", "namespace": "shop", "uid": "u"}, "data": {}})
STATUS = {"kind": "Status", "reason": "NotFound", "details": {"name": "stripe", "kind": "secrets"}}


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


def target(server: FaultServer, *, timeout: float = 20.0) -> KubernetesTarget:
    return KubernetesTarget.for_server(server.url, credential=SecretValue("token-1"), timeout=timeout)


def read(target: KubernetesTarget) -> object:
    return target.read_secrets([NAME])[NAME]


def create(target: KubernetesTarget) -> SecretObject:
    return target.create_secret(SecretObject(NAME))


TRANSIENT = [answer(500), answer(503), throttled("0"), answer(429), reset()]


@pytest.mark.parametrize("fault", TRANSIENT)
def test_reads_are_repeated(server: FaultServer, fault: Fault) -> None:
    """What passes does no harm."""
    server.inject(fault, calls=[1])
    server.inject(answer(body=SECRET))
    assert isinstance(read(target(server)), Present)
    assert 2 == len(server.calls)


def test_reads_are_repeated_some_times_only(server: FaultServer) -> None:
    """Then it is unreadable, which is not missing."""
    server.inject(throttled("0"))
    observed = read(target(server))
    assert isinstance(observed, Unreadable)
    assert "the API server is overloaded" in observed.reason
    assert 6 == len(server.calls)


@pytest.mark.parametrize("fault", [answer(500), answer(503), answer(429), reset(), empty(), wrong_json()])
def test_writes_that_may_have_arrived_are_not_repeated(server: FaultServer, fault: Fault) -> None:
    """Who knows what the first one did."""
    server.inject(fault)
    with pytest.raises(Unreachable):
        create(target(server))
    assert 1 == len(server.calls)


def test_writes_are_repeated_when_told_to_come_again(server: FaultServer) -> None:
    """429 with `Retry-After` means that nothing was done."""
    server.inject(throttled("0"), calls=[1, 2])
    server.inject(answer(201, SECRET))
    create(target(server))
    assert 3 == len(server.calls)


def test_waiting_ends_with_the_deadline(server: FaultServer) -> None:
    """`Retry-After` beyond it is not waited for."""
    server.inject(throttled("3600"))
    assert isinstance(read(target(server)), Unreadable)
    assert 1 == len(server.calls)


@pytest.mark.parametrize("fault", [hang, drip])
@pytest.mark.parametrize("act", [read, create])
def test_deadline_is_total(
    server: FaultServer, fault: Callable[[], Fault], act: Callable[[KubernetesTarget], object]
) -> None:
    """A server that drips is no better than one that is silent."""
    server.inject(fault())
    try:
        observed = act(target(server, timeout=0.4))
    except ClusterError as error:
        observed = Unreadable(error.message)
    assert isinstance(observed, Unreadable)
    assert "did not answer within 0.4 s" in observed.reason


def test_dripped_body_is_bound_too(server: FaultServer) -> None:
    """Headers in time do not stop the clock."""

    def act(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        drip()(exchange)

    server.inject(act)
    observed = read(target(server, timeout=0.4))
    assert isinstance(observed, Unreadable)
    assert "did not answer within 0.4 s" in observed.reason


BROKEN = [
    empty(),
    wrong_json(),
    wrong_json([]),
    wrong_json({}),
    wrong_json({"kind": "SecretList", "items": []}),
    wrong_json({"kind": "Secret", "metadata": {}}),
    wrong_json({"kind": "Secret", "metadata": {"name": "stripe"}, "data": {"KEY": "not base64!"}}),
    answer(404, b'{"errors": []}'),
    answer(404, b"<html>"),
    answer(302, Location="http://127.0.0.1:1/"),
]


@pytest.mark.parametrize("fault", BROKEN)
def test_answer_that_makes_no_sense_is_unreadable(server: FaultServer, fault: Fault) -> None:
    """Whatever stands in the API server's place: unknown is not absent."""
    server.inject(fault)
    assert isinstance(read(target(server)), Unreadable)


@pytest.mark.parametrize("fault", [empty(), wrong_json({"items": []}), answer(404, b"{}"), answer(400, b"{}")])
def test_list_that_makes_no_sense_is_unreadable(server: FaultServer, fault: Fault) -> None:
    """For every name that it should have answered."""
    server.inject(fault)
    names = [ObjectName("shop", f"s{number}") for number in range(4)]
    observed = target(server).read_secrets(names)
    assert {Unreadable} == {type(one) for one in observed.values()}
    assert isinstance(target(server).read_workloads("shop"), Unreadable)


def test_missing_is_said_by_the_api_server_only(server: FaultServer) -> None:
    """A 404 with its own Status object."""
    server.inject(answer(404, orjson.dumps(STATUS)))
    assert Missing() == read(target(server))


def test_list_that_expires_begins_again(server: FaultServer) -> None:
    """Pages of one list belong together."""
    item = orjson.loads(SECRET)
    first = {"kind": "SecretList", "metadata": {"continue": "more"}, "items": [item]}
    server.inject(wrong_json(first), calls=[1, 3])
    server.inject(answer(410, orjson.dumps({"kind": "Status", "reason": "Expired"})), calls=[1])
    server.inject(wrong_json({"kind": "SecretList", "metadata": {}, "items": []}))
    found = target(server).list_secrets("shop")
    assert [NAME] == [secret.name for secret in found]
    assert ["", "more", "", "more"] == [continued(call.query) for call in server.calls]


def continued(query: str) -> str:
    return query.partition("continue=")[2]


def test_token_goes_with_every_call(server: FaultServer) -> None:
    """As a bearer token."""
    server.inject(answer(body=SECRET))
    read(target(server))
    assert "Bearer token-1" == server.calls[0].headers["authorization"]


def test_credentials_are_renewed_once_after_401(server: FaultServer) -> None:
    """A second 401 is denied at once."""
    server.inject(answer(401))
    tokens = iter(["one", "two", "three"])
    renewing = KubernetesTarget.for_server(server.url, credential=lambda: SecretValue(next(tokens)))
    with pytest.raises(Unauthenticated):
        create(renewing)
    with pytest.raises(Unauthenticated):
        create(renewing)
    assert ["Bearer one", "Bearer two", "Bearer two"] == [call.headers["authorization"] for call in server.calls]


OWN = [ObjectName("syncd", "syncd-key"), ObjectName("syncd", "syncd-removals", TargetKind.CONFIG_MAP)]


@pytest.mark.parametrize("name", OWN)
def test_own_records_are_no_target(server: FaultServer, name: ObjectName) -> None:
    """Whoever could merge a key into them would choose the fingerprint key, or empty the guard's record."""
    ours = target(server)
    with pytest.raises(Rejected, match="own"):
        ours.create_secret(SecretObject(name))
    with pytest.raises(Rejected, match="own"):
        ours.patch_secret(SecretPatch(name, "u", "1"))
    with pytest.raises(Rejected, match="own"):
        ours.delete_secret(name, "u", "1")
    assert [] == server.calls


def test_token_that_cannot_be_sent_is_not_told(server: FaultServer) -> None:
    """http.client quotes a header that it refuses."""
    broken = KubernetesTarget.for_server(server.url, credential=SecretValue("canary\nX: y"))
    observed = read(broken)
    assert isinstance(observed, Unreadable)
    assert "canary" not in observed.reason


def test_nobody_listens() -> None:
    """A write that never left is tried again, until the deadline."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nobody = KubernetesTarget.for_server(f"http://127.0.0.1:{port}", credential=SecretValue("x"), timeout=0.5)
    with pytest.raises(Unreachable, match="cannot be connected to"):
        create(nobody)
