"""One token serves all threads of a store: it is got once, in time, and replaced when GCP does not accept it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncd.model import SecretValue
from syncd.providers.api import Failure, Outcome
from syncd.providers.gcp_store import GcpStore
from syncd.providers.given import GivenCredentials
from tests.providers.gcp_stores import failed, gcp_config, given, open_gcp, read, text
from tests.servers.faults import FaultServer, error, hang
from tests.servers.gcp import RIGHTS, Gcp, Project

GKE = {"serviceAccountRef": {"name": "shop"}, "clusterName": "c", "clusterLocation": "l", "clusterProjectID": "p"}
AUDIENCE = "identitynamespace:p.svc.id.goog:https://container.googleapis.com/v1/projects/p/locations/l/clusters/c"
EXCHANGE = "/v1/identitybindingtoken"


class Cluster(GivenCredentials):
    """Credentials with a service account."""

    def service_account_annotations(self, name: str, namespace: str | None = None) -> Mapping[str, str]:
        return {}

    def service_account_token(
        self, name: str, audiences: Sequence[str], namespace: str | None = None, expiration: int = 600
    ) -> SecretValue:
        return SecretValue("k8s-token")


@pytest.fixture
def project(gcp: Gcp, gcp_env: pytest.MonkeyPatch) -> Project:
    """A new project with one secret, which an account of its own pool may read."""
    project = gcp.project()
    project.put("a", "x")
    project.iam.trust(AUDIENCE, "k8s-token", project.id)
    for right in RIGHTS:
        project.iam.grant(project.id, f"secretmanager.{right}", f"projects/{project.id}")
    return project


@pytest.fixture
def front(gcp: Gcp, gcp_env: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """What stands before the exchange of tokens."""
    with FaultServer(gcp.url) as server:
        gcp_env.setenv("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECURETOKEN", server.url)
        yield server


@pytest.fixture
def store(project: Project, front: FaultServer) -> GcpStore:
    """A store of a service account of GKE."""
    return open_gcp(gcp_config(project, auth={"workloadIdentity": GKE}), Cluster(), timeout=1.0)


def read_by_threads(store: GcpStore, *, reads: int = 16) -> list[Outcome]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: read(store, "a"), range(reads)))


def end_in(store: GcpStore, seconds: float) -> None:
    """Makes the token at hand end soon."""
    login = store._session._tokens._login
    assert login is not None
    credentials: Any = login.credentials
    credentials.expiry = (datetime.now(UTC) + timedelta(seconds=seconds)).replace(tzinfo=None)


class Clock:
    """What time it is for tokens."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("syncd.providers.gcp_tokens.time.monotonic", lambda: self.now)


def test_one_login_for_all_threads(store: GcpStore, front: FaultServer) -> None:
    """However many read at once, and again later."""
    assert ["x"] * 32 == [text(outcome) for _ in range(2) for outcome in read_by_threads(store)]
    assert 1 == front.count(EXCHANGE)


def test_a_token_is_renewed_before_it_ends(store: GcpStore, front: FaultServer) -> None:
    """Some minutes before, so that no call is refused."""
    assert "x" == text(read(store, "a"))
    end_in(store, 60)
    assert ["x"] * 16 == [text(outcome) for outcome in read_by_threads(store)]
    assert 2 == front.count(EXCHANGE)


def test_the_token_at_hand_serves_while_there_is_no_other(store: GcpStore, front: FaultServer) -> None:
    """A login that does not work in its last minutes is no failure, and is not asked by every call."""
    assert "x" == text(read(store, "a"))
    end_in(store, 60)
    front.inject(error(503))
    assert ["x"] * 16 == [text(outcome) for outcome in read_by_threads(store)]
    assert 2 == front.count(EXCHANGE)


def test_nobody_waits_for_a_renewal(store: GcpStore, front: FaultServer) -> None:
    """While one thread gets the next token, the others go on."""
    assert "x" == text(read(store, "a"))
    end_in(store, 60)
    front.inject(hang())
    waiting = threading.Thread(target=read, args=(store, "a"))
    waiting.start()
    while front.count(EXCHANGE) < 2:
        assert waiting.is_alive()
    assert "x" == text(read(store, "a"))
    assert waiting.is_alive()
    waiting.join()


def test_a_token_that_has_ended_is_not_used(store: GcpStore, front: FaultServer) -> None:
    """Then the failure of the login is that of the read."""
    assert "x" == text(read(store, "a"))
    end_in(store, -1)
    front.inject(error(503))
    assert Failure.UNAVAILABLE is failed(read(store, "a")).failure


def test_threads_share_a_failure(store: GcpStore, front: FaultServer) -> None:
    """A login that hangs is not tried by each of them in turn."""
    front.inject(hang())
    assert {Failure.TIMEOUT} == {failed(outcome).failure for outcome in read_by_threads(store, reads=8)}
    assert front.count(EXCHANGE) < 8


def test_a_refused_login_is_not_repeated_at_once(
    store: GcpStore, front: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is it for ever: somebody may have granted what was missing."""
    clock = Clock(monkeypatch)
    front.inject(error(403))
    for _ in range(3):
        assert Failure.DENIED is failed(read(store, "a")).failure
        clock.now += 3
    assert 1 == front.count(EXCHANGE)
    front.clear()
    clock.now += 10
    assert "x" == text(read(store, "a"))


def test_a_failed_login_is_tried_again_at_once(store: GcpStore, front: FaultServer) -> None:
    """When it may pass by itself; how often is for the caller to say."""
    front.inject(error(503), calls=[1])
    assert Failure.UNAVAILABLE is failed(read(store, "a")).failure
    assert "x" == text(read(store, "a"))


def test_a_revoked_token_is_replaced(store: GcpStore, project: Project, front: FaultServer) -> None:
    """By one new login, whichever thread notices first."""
    assert "x" == text(read(store, "a"))
    project.iam.revoke_tokens(project.id)
    assert ["x"] * 16 == [text(outcome) for outcome in read_by_threads(store)]
    assert 2 == front.count(EXCHANGE)


def test_an_account_that_is_refused_is_not_logged_in_for_ever(
    store: GcpStore, project: Project, front: FaultServer
) -> None:
    """A new token that is refused as well leads to no third, for a while."""
    issue = project.iam.issue
    project.iam.issue = lambda principal, lifetime=3600.0: issue(principal, -1.0)  # type: ignore[method-assign]  # tokens that have ended
    try:
        outcomes = [failed(outcome) for outcome in read_by_threads(store)]
    finally:
        del project.iam.issue
    assert {Failure.DENIED} == {outcome.failure for outcome in outcomes}
    assert {"GCP does not accept ServiceAccount shop (UNAUTHENTICATED: ACCESS_TOKEN_EXPIRED)"} == {
        outcome.message for outcome in outcomes
    }
    assert 2 == front.count(EXCHANGE)


class Rotated(GivenCredentials):
    """A key that is replaced in its Secret."""

    key = ""

    def secret_key(self, name: str, key: str, namespace: str | None = None) -> SecretValue:
        return SecretValue(self.key)


@pytest.mark.parametrize("transport", ["gRPC", "REST"])
def test_a_rotated_key_is_read_again(project: Project, gcp: Gcp, gcp_env: pytest.MonkeyPatch, transport: str) -> None:
    """When the old one is deleted, the Secret has the new one."""
    if transport == "REST":
        for name, value in gcp.rest_variables().items():
            gcp_env.setenv(name, value)
    cluster = Rotated()
    cluster.key = old = project.key(*RIGHTS)
    store = open_gcp(gcp_config(project), cluster)
    assert "x" == text(read(store, "a"))
    cluster.key = project.key(*RIGHTS)
    project.iam.revoke_key(old)
    assert "x" == text(read(store, "a"))


def test_a_deleted_key(project: Project) -> None:
    """Where there is no other, the account is named, and what to check."""
    key = project.key(*RIGHTS)
    project.iam.revoke_key(key)
    outcome = failed(read(open_gcp(gcp_config(project), given(key)), "a"))
    assert Failure.DENIED is outcome.failure
    assert f"GCP does not accept {project.email} (" in outcome.message
    assert "its key" in outcome.hint


def test_tokens_are_not_shown(store: GcpStore, project: Project) -> None:
    """Neither the token nor what it was got for."""
    assert "x" == text(read(store, "a"))
    token = store._session._tokens.token()
    shown = f"{token!r}{token.login!r}{store!r}{store.__dict__!r}{store.lane}"
    secrets = [value for _, value in token.headers] + ["k8s-token", json.loads(project.key())["private_key"]]
    assert not [secret for secret in secrets if secret in shown]
