"""How many calls reads of AWS take, and what becomes of them when AWS, or the way to it, does not work."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from syncd.providers.api import Absent, Failed, Failure, FindQuery, Found, Outcome, RemoteKey
from syncd.providers.aws_batches import _DENIED_FOR
from syncd.providers.aws_store import AwsStore
from syncd.providers.given import store_config
from syncd.providers.jobs import StoreRequest
from syncd.providers.lanes import Lanes
from tests.providers.aws_stores import aws_config, failed, open_aws, operations, read, refusal, text
from tests.servers.aws import Aws, on
from tests.servers.faults import (
    Fault,
    FaultServer,
    answer,
    drip,
    empty,
    error,
    hang,
    reset,
    throttled,
    truncated,
    wrong_json,
)
from tests.servers.wire import Answer, Exchange

DENIED = refusal(400, "AccessDeniedException", "User: arn:aws:iam::1:user/ann is not authorized")


@dataclass(frozen=True, slots=True)
class Kind:
    """One service: what a batch of it is called, and a single read."""

    service: str
    batch: str
    single: str
    size: int
    put: Callable[[Aws, str], None]

    def store(self, **config: Any) -> AwsStore:
        return open_aws(aws_config(self.service, **config))


SECRETS = Kind(
    "SecretsManager",
    "BatchGetSecretValue",
    "GetSecretValue",
    20,
    lambda aws, name: aws.client("secretsmanager").create_secret(Name=name, SecretString="x"),
)
PARAMETERS = Kind(
    "ParameterStore",
    "GetParameters",
    "GetParameter",
    10,
    lambda aws, name: aws.client("ssm").put_parameter(Name=name, Value="x", Type="String"),
)
both = pytest.mark.parametrize("kind", [SECRETS, PARAMETERS], ids=lambda kind: kind.service)


def put_many(aws: Aws, kind: Kind, count: int) -> list[RemoteKey]:
    """Secrets whose value is `x`."""
    keys = [RemoteKey(aws.fresh_name("batch")) for _ in range(count)]
    for key in keys:
        kind.put(aws, key.key)
    return keys


def values(answers: Mapping[RemoteKey, Outcome]) -> list[str]:
    return [text(answer) for answer in answers.values()]


@pytest.mark.parametrize(
    ("fault", "failure", "batches", "singles"),
    [
        pytest.param(DENIED, Failure.DENIED, 1, 3, id="denied"),
        pytest.param(refusal(400, "UnrecognizedClientException"), Failure.DENIED, 1, 0, id="unknown keys"),
        pytest.param(refusal(400, "ExpiredTokenException"), Failure.DENIED, 1, 0, id="ended session"),
        pytest.param(refusal(400, "InvalidSignatureException"), Failure.DENIED, 1, 0, id="wrong signature"),
        pytest.param(answer(403, b"<html>forbidden"), Failure.MISCONFIGURED, 1, 0, id="403 of a proxy"),
        pytest.param(answer(407, b"<html>log in"), Failure.MISCONFIGURED, 1, 0, id="407 of a proxy"),
        pytest.param(answer(302, Location="http://proxy/login"), Failure.MISCONFIGURED, 1, 0, id="302 of a proxy"),
        pytest.param(refusal(400, "DecryptionFailure"), Failure.DENIED, 1, 3, id="key of KMS denied"),
        pytest.param(refusal(400, "ValidationException"), Failure.MISCONFIGURED, 1, 3, id="invalid"),
        pytest.param(answer(404, b"not here"), Failure.MISCONFIGURED, 1, 0, id="404 of a proxy"),
        pytest.param(refusal(400, "ThrottlingException"), Failure.THROTTLED, 1, 0, id="throttled"),
        pytest.param(throttled("1"), Failure.THROTTLED, 1, 0, id="429"),
        pytest.param(refusal(500, "InternalServiceError"), Failure.UNAVAILABLE, 1, 0, id="500"),
        pytest.param(error(503), Failure.UNAVAILABLE, 1, 0, id="503 of a proxy"),
        pytest.param(hang(), Failure.TIMEOUT, 1, 0, id="hangs"),
        pytest.param(reset(), Failure.UNAVAILABLE, 1, 0, id="reset"),
        pytest.param(truncated(), Failure.UNAVAILABLE, 1, 0, id="truncated"),
        pytest.param(empty(), Failure.UNAVAILABLE, 1, 0, id="empty"),
        pytest.param(wrong_json(), Failure.UNAVAILABLE, 1, 0, id="no JSON"),
        pytest.param(wrong_json([]), Failure.UNAVAILABLE, 1, 0, id="a list"),
        pytest.param(wrong_json({"a": 1}), Failure.UNAVAILABLE, 1, 0, id="other JSON"),
        pytest.param(wrong_json({"SecretValues": 5, "Parameters": [5]}), Failure.UNAVAILABLE, 1, 0, id="other types"),
    ],
)
@both
def test_faults(
    aws: Aws, aws_wire: FaultServer, kind: Kind, fault: Fault, failure: Failure, batches: int, singles: int
) -> None:
    """Each fault is one failure for every key, after this many calls; none of them makes a key absent."""
    keys = put_many(aws, kind, 3)
    aws_wire.inject(fault)
    outcomes = open_aws(aws_config(kind.service), timeout=0.3).fetch(keys)
    assert dict.fromkeys(keys, failure) == {key: failed(outcome).failure for key, outcome in outcomes.items()}
    assert {kind.batch: batches, kind.single: singles} == {kind.batch: 0, kind.single: 0} | operations(aws_wire)


@both
def test_no_tags_are_made_up(aws_wire: FaultServer, kind: Kind) -> None:
    """An answer without tags of which nobody knows whose it is has not "no tags"."""
    aws_wire.inject(wrong_json({"a": 1}))
    assert Failure.UNAVAILABLE is failed(read(kind.store(), "a", metadata=True)).failure


def test_what_aws_asks_to_wait_is_handed_on(aws_wire: FaultServer) -> None:
    """`Retry-After` reaches the one layer that retries."""
    aws_wire.inject(throttled("7"))
    assert 7.0 == failed(read(open_aws(), "a")).retry_after


def test_a_dripping_answer_is_bounded_by_the_lane(aws: Aws, aws_wire: FaultServer) -> None:
    """No read waits long, but the whole call does: the deadline is total."""
    [key] = put_many(aws, SECRETS, 1)
    aws_wire.inject(drip(0.05))
    config = store_config("aws", aws_config(), timeout=0.3)
    [reply] = Lanes().run([StoreRequest(config, open_aws(timeout=0.3), [key])]).values()
    assert Failure.TIMEOUT is failed(reply.answers[key]).failure


@both
def test_a_thousand_keys(aws: Aws, aws_env: pytest.MonkeyPatch, kind: Kind) -> None:
    """Through the lanes a thousand keys of Secrets Manager are fifty calls, of Parameter Store a hundred."""
    keys = [RemoteKey(f"app/{n}") for n in range(1000)]
    with FaultServer() as server:
        server.inject(_everything)
        aws_env.setenv("AWS_ENDPOINT_URL", server.url)
        store = kind.store()
        lanes = Lanes()
        [reply] = lanes.run([StoreRequest(store_config("aws", {}), store, keys)]).values()
        lanes.close()
        store.close()
        assert {key: key.key for key in keys} == {key: text(reply.answers[key]) for key in keys}
        assert {kind.batch: 1000 // kind.size} == operations(server)


@both
def test_a_key_alone_needs_no_right_to_batch(aws: Aws, aws_wire: FaultServer, kind: Kind) -> None:
    """One key is read by itself."""
    [key] = put_many(aws, kind, 1)
    assert "x" == text(kind.store().fetch([key])[key])
    assert {kind.single: 1} == operations(aws_wire)


@both
def test_more_keys_than_a_batch_takes(aws: Aws, aws_wire: FaultServer, kind: Kind) -> None:
    """However many keys are given, a call carries no more than AWS takes, and each key once."""
    keys = put_many(aws, kind, 25)
    assert ["x"] * 25 == values(kind.store().fetch([*keys, *keys]))
    assert {kind.batch: -(-25 // kind.size)} == operations(aws_wire)


def test_what_names_the_same_secret_is_read_once(aws: Aws, aws_wire: FaultServer) -> None:
    """A version that is the current one makes no call of its own."""
    first, second = put_many(aws, SECRETS, 2)
    current = RemoteKey(first.key, "AWSCURRENT")
    assert ["x"] * 3 == values(open_aws().fetch([first, current, second]))
    assert {"BatchGetSecretValue": 1} == operations(aws_wire)
    assert 2 == len(json.loads(aws_wire.calls[0].body)["SecretIdList"])


def test_other_versions_are_read_alone(aws: Aws, aws_wire: FaultServer) -> None:
    """A batch has current values only."""
    keys = put_many(aws, SECRETS, 3)
    odd = [RemoteKey(keys[0].key, "AWSPREVIOUS"), RemoteKey(keys[1].key, metadata=True)]
    answers = open_aws().fetch([*keys, *odd])
    assert Absent() == answers[odd[0]]
    assert {"BatchGetSecretValue": 1, "GetSecretValue": 1, "DescribeSecret": 1} == operations(aws_wire)


@both
def test_a_denied_batch_is_read_one_by_one(
    aws: Aws, aws_wire: FaultServer, kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    """Without the right to batch all is read all the same, the next time without another try; it is said once."""
    keys = put_many(aws, kind, 4)
    aws_wire.inject(on(**{kind.batch: DENIED}))
    store = kind.store()
    with caplog.at_level(logging.WARNING, "syncd"):
        for _ in range(3):
            assert ["x"] * 4 == values(store.fetch(keys))
    assert {kind.batch: 1, kind.single: 12} == operations(aws_wire)
    [record] = [record for record in caplog.records if record.name == "syncd.providers.aws"]
    assert f":{kind.batch}` is denied; hint: grant it, for {kind.size} keys a call" in record.getMessage()
    assert 1 == store.batch


def test_a_denied_batch_is_tried_again_some_day(aws: Aws, aws_wire: FaultServer) -> None:
    """The right may be granted while syncd runs."""
    keys = put_many(aws, SECRETS, 2)
    aws_wire.inject(on(BatchGetSecretValue=DENIED))
    store = open_aws()
    assert ["x", "x"] == values(store.fetch(keys))
    aws_wire.clear()
    store._batches._denied_at -= _DENIED_FOR
    assert ["x", "x"] == values(store.fetch(keys))
    assert 2 == operations(aws_wire)["BatchGetSecretValue"]
    assert 20 == store.batch


def test_one_denied_parameter_denies_no_other(aws: Aws, aws_wire: FaultServer) -> None:
    """AWS denies a whole batch for one of its parameters; then only that one fails, and batches go on."""
    keys = put_many(aws, PARAMETERS, 4)
    secret = keys[2].key.encode()

    def deny(exchange: Exchange) -> None:
        (DENIED if secret in exchange.call.body else Exchange.relay)(exchange)

    aws_wire.inject(deny)
    store = PARAMETERS.store()
    answers = dict(store.fetch(keys))
    assert Failure.DENIED is failed(answers.pop(keys[2])).failure
    assert ["x"] * 3 == values(answers)
    assert {"GetParameters": 1, "GetParameter": 4} == operations(aws_wire)
    assert 10 == store.batch


@both
def test_one_key_that_cannot_be_spoils_no_batch(aws: Aws, aws_wire: FaultServer, kind: Kind) -> None:
    """A key that not even the library takes fails alone."""
    keys = put_many(aws, kind, 2)
    wrong = RemoteKey("")
    answers = dict(kind.store().fetch([*keys, wrong]))
    assert Failure.MISCONFIGURED is failed(answers.pop(wrong)).failure
    assert ["x"] * 2 == values(answers)


def test_errors_within_a_batch(aws_wire: FaultServer) -> None:
    """Each key has its own error, and its own failure; what the answer leaves out is asked for alone."""
    codes = {
        "missing": "ResourceNotFoundException",
        "deleted": "InvalidRequestException",
        "locked": "AccessDeniedException",
        "sealed": "DecryptionFailure",
        "busy": "InternalServiceError",
        "slow": "ThrottlingException",
    }
    said = "You can't perform this operation on the secret because it was marked for deletion."
    errors = [{"SecretId": key, "ErrorCode": code, "Message": said} for key, code in codes.items()]
    aws_wire.inject(on(BatchGetSecretValue=_batch(_entry("there"), errors=errors)))
    keys = [RemoteKey(key) for key in (*codes, "there", "forgotten")]
    answers = open_aws().fetch(keys)
    assert {
        "missing": Absent(),
        "deleted": Absent(),
        "locked": Failure.DENIED,
        "sealed": Failure.DENIED,
        "busy": Failure.UNAVAILABLE,
        "slow": Failure.THROTTLED,
        "there": "x",
        "forgotten": Absent(),
    } == {key.key: _brief(answers[key]) for key in keys}
    assert {"BatchGetSecretValue": 1, "GetSecretValue": 1} == operations(aws_wire)
    locked = answers[RemoteKey("locked")]
    assert isinstance(locked, Failed)
    assert "AWS denies `secretsmanager:GetSecretValue` on `locked`" in locked.message


def test_a_batch_in_pages(aws_wire: FaultServer) -> None:
    """An answer that is not complete is asked to go on, with the same keys."""

    def pages(exchange: Exchange) -> None:
        asked = json.loads(exchange.call.body)
        assert ["a", "b"] == asked["SecretIdList"]
        page = _batch(_entry("b")) if asked.get("NextToken") == "more" else _batch(_entry("a"), NextToken="more")
        page(exchange)

    aws_wire.inject(pages)
    assert ["x", "x"] == values(open_aws().fetch([RemoteKey("a"), RemoteKey("b")]))
    assert {"BatchGetSecretValue": 2} == operations(aws_wire)


def test_after_a_failure_of_all_nobody_asks(aws_wire: FaultServer) -> None:
    """A find with many values leaves a service in peace that throttles."""
    listed = answer(body=json.dumps({"SecretList": [{"Name": f"k{n}"} for n in range(1000)]}).encode())
    aws_wire.inject(on(ListSecrets=listed, BatchGetSecretValue=refusal(400, "ThrottlingException")))
    assert Failure.THROTTLED is failed(open_aws().find(FindQuery(name="."))).failure
    # Threads that had begun before the first answer.
    assert operations(aws_wire)["BatchGetSecretValue"] <= 8


def test_pages_that_go_round_in_circles(aws_wire: FaultServer) -> None:
    """The same page twice is no answer."""
    aws_wire.inject(on(BatchGetSecretValue=_batch(_entry("a"), NextToken="again")))
    answers = open_aws().fetch([RemoteKey("a"), RemoteKey("b")])
    assert {Failure.UNAVAILABLE} == {failed(outcome).failure for outcome in answers.values()}
    assert {"BatchGetSecretValue": 2} == operations(aws_wire)


def _entry(name: str) -> dict[str, str]:
    arn = f"arn:aws:secretsmanager:eu-central-1:1:secret:{name}-AbCdEf"
    return {"Name": name, "ARN": arn, "SecretString": "x", "VersionId": "1"}


def _batch(*entries: dict[str, str], errors: Sequence[dict[str, str]] = (), **more: str) -> Fault:
    return answer(body=json.dumps({"SecretValues": entries, "Errors": errors, **more}).encode())


def _everything(exchange: Exchange) -> None:
    """Answers with the name of each secret and parameter as its value."""
    asked = json.loads(exchange.call.body)
    secrets = [_entry(name) | {"SecretString": name} for name in asked.get("SecretIdList", ())]
    parameters = [{"Name": name, "Value": name} for name in asked.get("Names", ())]
    body = {"SecretValues": secrets} if secrets else {"Parameters": parameters}
    exchange.send(Answer(200, json.dumps(body).encode()).raw())


def _brief(outcome: Outcome) -> object:
    if isinstance(outcome, Found):
        return text(outcome)
    return outcome.failure if isinstance(outcome, Failed) else outcome
