"""Watches through servers that refuse them or end them too soon."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import orjson
import pytest

from syncd.cluster.api import SecretList, SecretSeen
from syncd.cluster.kubernetes import KubernetesTarget
from syncd.model import ObjectName, SecretValue
from tests.servers.faults import FaultServer, answer, empty

NAME = ObjectName("shop", "stripe")
SEEN = orjson.dumps(
    {"type": "ADDED", "object": {"metadata": {"name": "stripe", "namespace": "shop", "resourceVersion": "8"}}}
)


class Stop(threading.Event):
    """Ends a watch at its first pause, which it remembers."""

    pause: float | None = None

    def wait(self, timeout: float | None = None) -> bool:
        self.pause = timeout
        self.set()
        return True


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """Its list of Secrets is empty."""
    with FaultServer() as server:
        body = {"kind": "PartialObjectMetadataList", "metadata": {"resourceVersion": "7"}, "items": []}
        server.inject(answer(body=orjson.dumps(body)), calls=[1])
        yield server


def test_a_watch_goes_on_with_renewed_credentials(server: FaultServer) -> None:
    """A token that has run out is no missing right."""
    server.inject(answer(401), calls=[1])
    server.inject(answer(body=SEEN + b"\n"))
    tokens = iter(["one", "two"])
    target = KubernetesTarget.for_server(server.url, credential=lambda: SecretValue(next(tokens)))
    stop = threading.Event()
    watch = target.watch_secrets("", stop)
    assert [SecretList({}), SecretSeen(NAME, "8")] == [next(watch), next(watch)]
    assert ["Bearer one", "Bearer one", "Bearer two"] == [call.headers["authorization"] for call in server.calls]


def test_a_watch_that_ends_at_once_is_not_begun_again_at_once(server: FaultServer) -> None:
    """A proxy on the way may do so each time."""
    server.inject(empty())
    stop = Stop()
    target = KubernetesTarget.for_server(server.url, credential=SecretValue("x"))
    assert [SecretList({})] == list(target.watch_secrets("", stop))
    assert (2, True) == (len(server.calls), bool(stop.pause))
