"""Who the provider `aws` is to AWS: keys, roles and tokens, refreshed, shared by threads, and replaced when refused."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from syncd.model import SecretValue
from syncd.providers import aws_keys
from syncd.providers.api import Failure, Found, Outcome
from syncd.providers.aws_store import AwsStore
from syncd.providers.given import GivenCredentials
from tests.providers.aws_stores import (
    GIVEN,
    KEYS,
    aws_config,
    failed,
    open_aws,
    operations,
    read,
    refusal,
    sts_refusal,
    text,
)
from tests.servers.aws import REGION, Aws, on, operation
from tests.servers.faults import Fault, FaultServer, hang
from tests.servers.wire import Call, Exchange

ROLE = "arn:aws:iam::123456789012:role/reader"
JWT = {"jwt": {"serviceAccountRef": {"name": "shop"}}}


@pytest.fixture
def secret(aws: Aws) -> str:
    """A secret whose value is `x`."""
    name = aws.fresh_name("session")
    aws.client("secretsmanager").create_secret(Name=name, SecretString="x")
    return name


@pytest.fixture
def seen(aws: Aws, aws_env: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """What is sent to AWS."""
    with FaultServer(aws.url) as server:
        aws_env.setenv("AWS_ENDPOINT_URL", server.url)
        yield server


class Cluster(GivenCredentials):
    """Credentials with a service account; notes what was asked for."""

    def __init__(self, annotations: Mapping[str, str]) -> None:
        super().__init__(GIVEN)
        self.annotations = annotations
        self.asked: list[tuple[str, tuple[str, ...], str | None]] = []

    def service_account_annotations(self, name: str, namespace: str | None = None) -> Mapping[str, str]:
        return self.annotations

    def service_account_token(
        self, name: str, audiences: Sequence[str], namespace: str | None = None, expiration: int = 600
    ) -> SecretValue:
        self.asked.append((name, tuple(audiences), namespace))
        return SecretValue("header.payload.signature")


class Rotated(GivenCredentials):
    """An access key that is replaced in its Secret."""

    key_id = "AKIAOLD"

    def secret_key(self, name: str, key: str, namespace: str | None = None) -> SecretValue:
        return SecretValue(self.key_id if key == "id" else "secret-access-key")


def fields(call: Call) -> dict[str, str]:
    """What was sent to STS."""
    return {name: values[0] for name, values in parse_qs(call.body.decode()).items()}


def sent(server: FaultServer, name: str) -> list[Call]:
    """The calls of one operation."""
    return [call for call in server.calls if operation(call) == name]


def signer(call: Call) -> str:
    """The access key that a call is signed with."""
    return call.headers["Authorization"].partition("Credential=")[2].partition("/")[0]


def read_by_threads(store: AwsStore, key: str, *, reads: int = 16) -> list[Outcome]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: read(store, key), range(reads)))


def test_keys_out_of_a_secret_sign_the_calls(seen: FaultServer, secret: str) -> None:
    """With `secretRef` calls carry that access key, and the session token where there is one."""
    reference = {"name": "aws", "key": "token"}
    auth = {"secretRef": {**KEYS["secretRef"], "sessionTokenSecretRef": reference}}
    given = GivenCredentials({**GIVEN, ("aws", "token"): " session-token \n"})
    for config in (aws_config(), aws_config(auth=auth)):
        assert "x" == text(read(open_aws(config, given), secret))
    assert ["AKIATEST", "AKIATEST"] == [signer(call) for call in seen.calls]
    tokens = [call.headers.get("X-Amz-Security-Token") for call in seen.calls]
    assert [None, "session-token"] == tokens


def test_variables_of_the_machine_serve_stores_from_files(
    seen: FaultServer, secret: str, aws_env: pytest.MonkeyPatch
) -> None:
    """Without `auth` the default chain of AWS is used, for a store that comes from a file."""
    aws_env.setenv("AWS_ACCESS_KEY_ID", "AKIAAMBIENT")
    aws_env.setenv("AWS_SECRET_ACCESS_KEY", "ambient-secret")
    config = {"service": "SecretsManager", "region": REGION}
    assert "x" == text(read(open_aws(config, base="/manifests"), secret))
    assert ["AKIAAMBIENT"] == [signer(call) for call in seen.calls]


def test_a_profile_of_the_machine_serves(
    seen: FaultServer, secret: str, aws_env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The default chain looks at profiles too."""
    file = tmp_path / "credentials"
    file.write_text("[dev]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = profile-secret\n")
    aws_env.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    aws_env.setenv("AWS_PROFILE", "dev")
    config = {"service": "SecretsManager", "region": REGION}
    assert "x" == text(read(open_aws(config, base="/manifests"), secret))
    assert ["AKIAPROFILE"] == [signer(call) for call in seen.calls]


def test_no_credentials_at_all(seen: FaultServer) -> None:
    """Where the machine has none, the outcome says what to set, and nothing is sent."""
    outcome = failed(read(open_aws({"service": "SecretsManager", "region": REGION}, base="/manifests"), "a"))
    assert (Failure.DENIED, "no AWS credentials are found") == (outcome.failure, outcome.message)
    assert "AWS_PROFILE" in outcome.hint
    assert [] == seen.calls


def test_no_credentials_are_sought_once(aws_env: pytest.MonkeyPatch, seen: FaultServer) -> None:
    """The machine is not asked by every read of a pass: its metadata service may take a second to say nothing."""
    from botocore.session import Session

    sought: list[str] = []
    resolve = Session.get_credentials
    aws_env.setattr(Session, "get_credentials", lambda self: sought.append("once") or resolve(self))
    store = open_aws({"service": "SecretsManager", "region": REGION}, base="/manifests")
    assert {Failure.DENIED} == {failed(outcome).failure for outcome in read_by_threads(store, "a")}
    # Once when it was first read, and once more to see whether there are others meanwhile.
    assert 2 == len(sought)


def test_a_role_is_assumed_once_for_all_threads(seen: FaultServer, secret: str) -> None:
    """Eight threads make one call of STS, and read with the keys of the role."""
    store = open_aws(aws_config(role=ROLE))
    assert {Found} == {type(outcome) for outcome in read_by_threads(store, secret)}
    assert 1 == operations(seen)["AssumeRole"]
    assert "AKIATEST" not in {signer(call) for call in sent(seen, "GetSecretValue")}


def test_what_is_said_of_a_session(seen: FaultServer, secret: str) -> None:
    """External id, tags and transitive keys go with `role`; the session carries the name of the store."""
    config = aws_config(
        role=ROLE,
        externalID="shop-1",
        sessionTags=[{"key": "team", "value": "web"}],
        transitiveTagKeys=["team"],
        sessionTagsPolicy="Custom",
        customSessionTags={"env": "prod", "empty": ""},
    )
    assert text(read(open_aws(config), secret))
    said = fields(sent(seen, "AssumeRole")[0])
    tags = {said[f"Tags.member.{n}.Key"]: said[f"Tags.member.{n}.Value"] for n in range(1, 6)}
    assert (ROLE, "syncd-test-store", "shop-1") == (said["RoleArn"], said["RoleSessionName"], said["ExternalId"])
    builtin = {"esoNamespace": "test", "esoStoreName": "store", "esoStoreKind": "SecretStore"}
    assert {"team": "web", "env": "prod", **builtin} == tags
    assert "team" == said["TransitiveTagKeys.member.1"]
    assert "Tags.member.6.Key" not in said


def test_additional_roles_come_first(seen: FaultServer, secret: str) -> None:
    """Roles are assumed in order, each with the keys of the one before; only the last one has tags and external id."""
    through = [f"arn:aws:iam::123456789012:role/through-{n}" for n in range(2)]
    config = aws_config(role=ROLE, additionalRoles=through, externalID="ex", sessionTags=[{"key": "a", "value": "b"}])
    assert text(read(open_aws(config), secret))
    calls = sent(seen, "AssumeRole")
    assert [*through, ROLE] == [fields(call)["RoleArn"] for call in calls]
    assert [False, False, True] == ["ExternalId" in fields(call) for call in calls]
    assert [False, False, True] == ["Tags.member.1.Key" in fields(call) for call in calls]
    signers = [signer(call) for call in calls]
    assert "AKIATEST" == signers[0]
    assert 3 == len(set(signers))


def test_irsa(seen: FaultServer, secret: str) -> None:
    """With `jwt` a token of the service account is given for the role that its annotation names, unsigned."""
    cluster = Cluster({aws_keys.ROLE_ANNOTATION: ROLE})
    assert text(read(open_aws(aws_config(auth=JWT), cluster), secret))
    [call] = sent(seen, "AssumeRoleWithWebIdentity")
    said = fields(call)
    assert (ROLE, "header.payload.signature") == (said["RoleArn"], said["WebIdentityToken"])
    assert "Authorization" not in call.headers
    assert [("shop", ("sts.amazonaws.com",), None)] == cluster.asked


def test_irsa_audiences_and_roles(seen: FaultServer, secret: str) -> None:
    """The annotation names the audience, the manifest adds more; `role` is assumed after that."""
    cluster = Cluster({aws_keys.ROLE_ANNOTATION: ROLE, aws_keys.AUDIENCE_ANNOTATION: "sts.china"})
    account = {"name": "shop", "namespace": "web", "audiences": ["vault"]}
    store = open_aws(aws_config(auth={"jwt": {"serviceAccountRef": account}}, role=f"{ROLE}-2"), cluster)
    assert text(read(store, secret))
    assert [("shop", ("sts.china", "vault"), "web")] == cluster.asked
    assert ["AssumeRoleWithWebIdentity", "AssumeRole", "GetSecretValue"] == [operation(call) for call in seen.calls]


def test_irsa_without_a_role(seen: FaultServer) -> None:
    """An account without the annotation is the manifest's fault, and nothing is sent."""
    outcome = failed(read(open_aws(aws_config(auth=JWT), Cluster({})), "a"))
    assert (Failure.MISCONFIGURED, "ServiceAccount shop names no IAM role") == (outcome.failure, outcome.message)
    assert aws_keys.ROLE_ANNOTATION in outcome.hint
    assert [] == seen.calls


def test_keys_of_a_role_are_refreshed_before_they_end(
    seen: FaultServer, secret: str, aws_env: pytest.MonkeyPatch
) -> None:
    """Keys that end within a quarter of an hour are replaced at the next read, without a denied one."""
    store = open_aws(aws_config(role=ROLE))
    assert text(read(store, secret))
    login = store._session._login
    assert login is not None
    keys = login._session.get_credentials()
    assert isinstance(keys, aws_keys.DeferredRefreshableCredentials)
    keys._expiry_time = keys._time_fetcher() + aws_keys.timedelta(minutes=14)
    assert text(read(store, secret))
    assert {"AssumeRole": 2, "GetSecretValue": 2} == operations(seen)
    assert 2 == len({signer(call) for call in sent(seen, "GetSecretValue")})


def test_while_keys_live_a_refresh_may_fail(seen: FaultServer, secret: str) -> None:
    """An outage of STS does not matter as long as the keys at hand are good."""
    store = open_aws(aws_config(role=ROLE))
    assert text(read(store, secret))
    login = store._session._login
    assert login is not None
    keys = login._session.get_credentials()
    assert isinstance(keys, aws_keys.DeferredRefreshableCredentials)
    keys._expiry_time = keys._time_fetcher() + aws_keys.timedelta(minutes=14)
    seen.inject(on("AssumeRole", sts_refusal(503, "ServiceUnavailable")))
    assert text(read(store, secret))


def test_a_denied_role_is_tried_once(seen: FaultServer) -> None:
    """All threads share the refusal, which names the right and who lacks it."""
    message = f"User: arn:aws:iam::1:user/x is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    seen.inject(on("AssumeRole", sts_refusal(403, "AccessDenied", message)))
    outcomes = [failed(outcome) for outcome in read_by_threads(open_aws(aws_config(role=ROLE)), "a")]
    said = f"AWS denies `sts:AssumeRole` on `{ROLE}` to the access key in Secret aws (AccessDenied)"
    assert {(Failure.DENIED, said)} == {(outcome.failure, outcome.message) for outcome in outcomes}
    assert "trust policy" in outcomes[0].hint
    assert {"AssumeRole": 1} == operations(seen)


def test_a_right_to_tag_is_named(seen: FaultServer) -> None:
    """When the role may be assumed but not tagged, that is what the message says."""
    said = f"User: x is not authorized to perform: sts:TagSession on resource: {ROLE}"
    seen.inject(on("AssumeRole", sts_refusal(403, "AccessDenied", said)))
    config = aws_config(role=ROLE, sessionTags=[{"key": "a", "value": "b"}])
    assert "`sts:TagSession`" in failed(read(open_aws(config), "a")).message


def test_threads_share_a_role_that_gets_no_answer(seen: FaultServer, secret: str) -> None:
    """Who waited for an STS that failed fails with it; the next read tries again."""
    held = threading.Barrier(8, timeout=10)
    seen.inject(on("AssumeRole", sts_refusal(503, "ServiceUnavailable")))
    store = open_aws(aws_config(role=ROLE))

    def read_together(_: int) -> Outcome:
        held.wait()
        return read(store, secret)

    with ThreadPoolExecutor(8) as pool:
        outcomes = [failed(outcome) for outcome in pool.map(read_together, range(8))]
    assert {Failure.UNAVAILABLE} == {outcome.failure for outcome in outcomes}
    seen.clear()
    assert "x" == text(read(store, secret))


def test_sts_that_hangs_is_a_timeout(seen: FaultServer) -> None:
    """The deadline of the store holds for STS too."""
    seen.inject(on("AssumeRole", hang()))
    outcome = failed(read(open_aws(aws_config(role=ROLE), timeout=0.2), "a"))
    assert Failure.TIMEOUT is outcome.failure
    assert "`sts:AssumeRole`" in outcome.message


def test_new_keys_in_the_secret_are_picked_up(seen: FaultServer, secret: str) -> None:
    """Keys that AWS refuses are read again, and others are used at once."""
    credentials = Rotated()
    store = open_aws(aws_config(), credentials)
    assert text(read(store, secret))
    seen.inject(_refuse("AKIAOLD"))
    credentials.key_id = "AKIANEW"
    assert {Found} == {type(outcome) for outcome in read_by_threads(store, secret)}
    assert text(read(store, secret))
    assert "AKIANEW" == signer(seen.calls[-1])


def test_keys_that_stay_wrong_are_not_read_again_and_again(seen: FaultServer) -> None:
    """Refused keys without others in the Secret fail as they are, and nothing is sent twice."""
    seen.inject(_refuse("AKIAOLD"))
    store = open_aws(aws_config(), Rotated())
    outcomes = [failed(read(store, "a")) for _ in range(5)]
    assert {Failure.DENIED} == {outcome.failure for outcome in outcomes}
    assert 5 == len(seen.calls)
    assert (
        "AWS does not accept the access key in Secret aws for `secretsmanager:GetSecretValue`"
        " (UnrecognizedClientException: security token included in the request is invalid)"
    ) == outcomes[0].message


def test_the_right_keys_after_the_wrong_ones_for_a_role(seen: FaultServer, secret: str) -> None:
    """A role is assumed with the new keys when the old ones were refused for it."""
    credentials = Rotated()
    seen.inject(on("AssumeRole", sts_refusal(403, "InvalidClientTokenId")), calls=range(1, 2))
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


def test_nothing_is_asked_before_the_first_read(seen: FaultServer) -> None:
    """Opening and closing a store that nobody reads is silent."""
    open_aws(aws_config(role=ROLE)).close()
    assert [] == seen.calls


def test_a_closed_store_asks_no_more(seen: FaultServer, secret: str) -> None:
    """A thread that was given up on cannot begin anew."""
    store = open_aws()
    assert text(read(store, secret))
    store.close()
    assert "the store is closed" == failed(read(store, secret)).message
    assert 1 == len(seen.calls)


def test_the_environment_stays_as_it_is(seen: FaultServer, secret: str) -> None:
    """Credentials of a store are never put where other stores would find them."""
    before = dict(os.environ)
    for auth in (KEYS, JWT):
        store = open_aws(aws_config(auth=auth, role=ROLE), Cluster({aws_keys.ROLE_ANNOTATION: ROLE}))
        assert text(read(store, secret))
    assert before == dict(os.environ)


def test_who_we_are(seen: FaultServer) -> None:
    """`check` names the ARN that AWS takes us for, and what may not be done."""
    health = open_aws(aws_config(role=ROLE)).check()
    assert "arn:aws:sts::123456789012:assumed-role/reader/syncd-test-store" == health.identity
    assert "" == health.missing_permission


def test_check_without_sts(seen: FaultServer) -> None:
    """Where only the service itself can be reached, `check` says how we log in."""
    seen.inject(on("GetCallerIdentity", hang()))
    assert "the access key in Secret aws (STS does not answer)" == open_aws(timeout=0.2).check().identity


@pytest.mark.parametrize(
    ("service", "operation_", "expected"),
    [
        ("SecretsManager", "BatchGetSecretValue", "`secretsmanager:BatchGetSecretValue`"),
        ("ParameterStore", "GetParameters", "`ssm:GetParameters` on `app/syncd-check`"),
    ],
)
def test_check_names_the_missing_right(seen: FaultServer, service: str, operation_: str, expected: str) -> None:
    """A login that works and may not read says what to grant."""
    seen.inject(on(operation_, refusal(400, "AccessDeniedException")))
    assert expected == open_aws(aws_config(service, prefix="app/")).check().missing_permission


def _refuse(key_id: str) -> Fault:
    """AWS knows all access keys but this one."""
    message = "The security token included in the request is invalid."
    refused = refusal(400, "UnrecognizedClientException", message)
    return lambda exchange: (refused if key_id in exchange.call.headers["Authorization"] else Exchange.relay)(exchange)
