"""Whom AWS takes a store for, where it is asked, and what happens when it does not accept us any more."""

from __future__ import annotations

import os

import pytest

from syncd.model import SecretValue
from syncd.providers import aws_keys
from syncd.providers.api import Failure, Found
from syncd.providers.given import GivenCredentials
from tests.providers.aws_stores import (
    JWT,
    KEYS,
    ROLE,
    Cluster,
    aws_config,
    failed,
    open_aws,
    read,
    read_by_threads,
    refusal,
    signer,
    sts_refusal,
    text,
)
from tests.servers.aws import Aws, on, operation
from tests.servers.faults import Fault, FaultServer, hang
from tests.servers.openbao import TlsOpenBao
from tests.servers.wire import Exchange


@pytest.fixture
def secret(aws: Aws) -> str:
    """A secret whose value is `x`."""
    name = aws.fresh_name("session")
    aws.client("secretsmanager").create_secret(Name=name, SecretString="x")
    return name


class Rotated(GivenCredentials):
    """An access key that is replaced in its Secret."""

    key_id = "AKIAOLD"

    def secret_key(self, name: str, key: str, namespace: str | None = None) -> SecretValue:
        return SecretValue(self.key_id if key == "id" else "secret-access-key")


def test_new_keys_in_the_secret_are_picked_up(aws_wire: FaultServer, secret: str) -> None:
    """Keys that AWS refuses are read again, and others are used at once."""
    credentials = Rotated()
    store = open_aws(aws_config(), credentials)
    assert text(read(store, secret))
    aws_wire.inject(_refuse("AKIAOLD"))
    credentials.key_id = "AKIANEW"
    assert {Found} == {type(outcome) for outcome in read_by_threads(store, secret)}
    assert text(read(store, secret))
    assert "AKIANEW" == signer(aws_wire.calls[-1])


def test_keys_that_stay_wrong_are_not_read_again_and_again(aws_wire: FaultServer) -> None:
    """Refused keys without others in the Secret fail as they are, and nothing is sent twice."""
    aws_wire.inject(_refuse("AKIAOLD"))
    store = open_aws(aws_config(), Rotated())
    outcomes = [failed(read(store, "a")) for _ in range(5)]
    assert {Failure.DENIED} == {outcome.failure for outcome in outcomes}
    assert 5 == len(aws_wire.calls)
    assert (
        "AWS does not accept the access key in Secret aws for `secretsmanager:GetSecretValue`"
        " (UnrecognizedClientException: security token included in the request is invalid)"
    ) == outcomes[0].message


def test_the_right_keys_after_the_wrong_ones_for_a_role(aws_wire: FaultServer, secret: str) -> None:
    """A role is assumed with the new keys when the old ones were refused for it."""
    credentials = Rotated()
    aws_wire.inject(on(AssumeRole=sts_refusal(403, "InvalidClientTokenId")), calls=range(1, 2))
    store = open_aws(aws_config(role=ROLE), credentials)
    credentials.key_id = "AKIANEW"
    assert "x" == text(read(store, secret))


def test_endpoints_of_the_reference(aws: Aws, secret: str, aws_env: pytest.MonkeyPatch) -> None:
    """Its variables are honoured, and go before AWS's own."""
    with FaultServer(aws.url) as server:
        aws_env.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        aws_env.setenv("AWS_SECRETSMANAGER_ENDPOINT", server.url)
        aws_env.setenv("AWS_STS_ENDPOINT", server.url)
        assert "x" == text(read(open_aws(aws_config(role=ROLE)), secret))
        assert ["AssumeRole", "GetSecretValue"] == [operation(call) for call in server.calls]


def test_endpoints_of_aws(aws: Aws, secret: str, aws_env: pytest.MonkeyPatch) -> None:
    """The variable of one service goes before the one of all."""
    aws_env.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    aws_env.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", aws.url)
    assert "x" == text(read(open_aws(), secret))


def test_an_endpoint_that_is_no_address(aws_env: pytest.MonkeyPatch) -> None:
    """A variable with nonsense is a setting to correct."""
    aws_env.setenv("AWS_SECRETSMANAGER_ENDPOINT", "nonsense")
    assert Failure.MISCONFIGURED is failed(read(open_aws(), "a")).failure


def test_a_certificate_that_nobody_trusts(openbao_tls: TlsOpenBao, aws_env: pytest.MonkeyPatch) -> None:
    """It is a setting to correct, and `AWS_CA_BUNDLE` corrects it."""
    aws_env.setenv("AWS_ENDPOINT_URL", openbao_tls.url)
    outcome = failed(read(open_aws(), "a"))
    assert Failure.MISCONFIGURED is outcome.failure
    assert "is not trusted" in outcome.message
    assert "AWS_CA_BUNDLE" in outcome.hint
    aws_env.setenv("AWS_CA_BUNDLE", str(openbao_tls._ca_file))
    assert "is not trusted" not in failed(read(open_aws(), "a")).message


def test_nothing_is_asked_before_the_first_read(aws_wire: FaultServer) -> None:
    """Opening and closing a store that nobody reads is silent."""
    open_aws(aws_config(role=ROLE)).close()
    assert [] == aws_wire.calls


def test_a_closed_store_asks_no_more(aws_wire: FaultServer, secret: str) -> None:
    """A thread that was given up on cannot begin anew."""
    store = open_aws()
    assert text(read(store, secret))
    store.close()
    assert "the store is closed" == failed(read(store, secret)).message
    assert 1 == len(aws_wire.calls)


def test_the_environment_stays_as_it_is(aws_wire: FaultServer, secret: str) -> None:
    """Credentials of a store are never put where other stores would find them."""
    before = dict(os.environ)
    for auth in (KEYS, JWT):
        store = open_aws(aws_config(auth=auth, role=ROLE), Cluster({aws_keys.ROLE_ANNOTATION: ROLE}))
        assert text(read(store, secret))
    assert before == dict(os.environ)


def test_who_we_are(aws_wire: FaultServer) -> None:
    """`check` names the ARN that AWS takes us for, and what may not be done."""
    health = open_aws(aws_config(role=ROLE)).check()
    assert "arn:aws:sts::123456789012:assumed-role/reader/syncd-test-store" == health.identity
    assert "" == health.missing_permission


def test_check_without_sts(aws_wire: FaultServer) -> None:
    """Where only the service itself can be reached, `check` says how we log in."""
    aws_wire.inject(on(GetCallerIdentity=hang()))
    assert "the access key in Secret aws (STS does not answer)" == open_aws(timeout=0.2).check().identity


@pytest.mark.parametrize("code", ["AccessDenied", "RegionDisabledException", "InvalidClientTokenId"])
def test_check_where_sts_refuses(aws_wire: FaultServer, code: str) -> None:
    """The policy of an endpoint for STS, or a region without it, does not make a store fail that can be read."""
    aws_wire.inject(on(GetCallerIdentity=sts_refusal(403, code)))
    assert "the access key in Secret aws (STS refuses to say more)" == open_aws().check().identity


@pytest.mark.parametrize(
    ("service", "operation_", "expected"),
    [
        ("SecretsManager", "BatchGetSecretValue", "`secretsmanager:BatchGetSecretValue`"),
        ("ParameterStore", "GetParameters", "`ssm:GetParameters` on `app/syncd-check`"),
    ],
)
def test_check_names_the_missing_right(aws_wire: FaultServer, service: str, operation_: str, expected: str) -> None:
    """A login that works and may not read says what to grant."""
    aws_wire.inject(on(**{operation_: refusal(400, "AccessDeniedException")}))
    assert expected == open_aws(aws_config(service, prefix="app/")).check().missing_permission


def _refuse(key_id: str) -> Fault:
    """AWS knows all access keys but this one."""
    message = "The security token included in the request is invalid."
    refused = refusal(400, "UnrecognizedClientException", message)
    return lambda exchange: (refused if key_id in exchange.call.headers["Authorization"] else Exchange.relay)(exchange)
