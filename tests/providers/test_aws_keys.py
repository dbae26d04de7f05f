"""The keys that stores of AWS sign with: whose they are, how threads share them, and when they are refreshed."""

from __future__ import annotations

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from syncd.providers import aws_keys
from syncd.providers.api import Failure, Found, Outcome
from syncd.providers.aws_store import AwsStore
from syncd.providers.given import GivenCredentials
from tests.providers.aws_stores import (
    GIVEN,
    JWT,
    KEYS,
    ROLE,
    Cluster,
    aws_config,
    failed,
    open_aws,
    operations,
    read,
    read_by_threads,
    sent,
    signer,
    sts_refusal,
    text,
)
from tests.servers.aws import REGION, Aws, on, operation
from tests.servers.faults import FaultServer, hang
from tests.servers.wire import Call

AMBIENT = {"service": "SecretsManager", "region": REGION}


@pytest.fixture
def secret(aws: Aws) -> str:
    """A secret whose value is `x`."""
    name = aws.fresh_name("session")
    aws.client("secretsmanager").create_secret(Name=name, SecretString="x")
    return name


def fields(call: Call) -> dict[str, str]:
    """What was sent to STS."""
    return {name: values[0] for name, values in parse_qs(call.body.decode()).items()}


def nearly_over(store: AwsStore) -> None:
    """Makes the keys of a store end in less than a quarter of an hour."""
    login = store._session._login
    assert login is not None
    keys: Any = login._session.get_credentials()
    keys._expiry_time = datetime.now(UTC) + timedelta(minutes=14)


def test_keys_out_of_a_secret_sign_the_calls(aws_wire: FaultServer, secret: str) -> None:
    """With `secretRef` calls carry that access key, and the session token where there is one."""
    reference = {"name": "aws", "key": "token"}
    auth = {"secretRef": {**KEYS["secretRef"], "sessionTokenSecretRef": reference}}
    given = GivenCredentials({**GIVEN, ("aws", "token"): " session-token \n"})
    for config in (aws_config(), aws_config(auth=auth)):
        assert "x" == text(read(open_aws(config, given), secret))
    assert ["AKIATEST", "AKIATEST"] == [signer(call) for call in aws_wire.calls]
    tokens = [call.headers.get("X-Amz-Security-Token") for call in aws_wire.calls]
    assert [None, "session-token"] == tokens


def test_variables_of_the_machine_serve_stores_from_files(
    aws_wire: FaultServer, secret: str, aws_env: pytest.MonkeyPatch
) -> None:
    """Without `auth` the default chain of AWS is used, for a store that comes from a file."""
    aws_env.setenv("AWS_ACCESS_KEY_ID", "AKIAAMBIENT")
    aws_env.setenv("AWS_SECRET_ACCESS_KEY", "ambient-secret")
    assert "x" == text(read(open_aws(AMBIENT, base="/manifests"), secret))
    assert ["AKIAAMBIENT"] == [signer(call) for call in aws_wire.calls]


def test_a_profile_of_the_machine_serves(
    aws_wire: FaultServer, secret: str, aws_env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The default chain looks at profiles too."""
    file = tmp_path / "credentials"
    file.write_text("[dev]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = profile-secret\n")
    aws_env.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    aws_env.setenv("AWS_PROFILE", "dev")
    assert "x" == text(read(open_aws(AMBIENT, base="/manifests"), secret))
    assert ["AKIAPROFILE"] == [signer(call) for call in aws_wire.calls]


def test_the_role_of_the_pod_serves(
    aws_wire: FaultServer, secret: str, aws_env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The default chain exchanges the token that EKS mounts into syncd's own pod; without the file it says so."""
    token = tmp_path / "token"
    aws_env.setenv("AWS_ROLE_ARN", ROLE)
    aws_env.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
    missing = failed(read(open_aws(AMBIENT, base="/manifests"), secret))
    assert (Failure.DENIED, "a file with AWS credentials cannot be read") == (missing.failure, missing.message)
    token.write_text("header.payload.signature")
    assert "x" == text(read(open_aws(AMBIENT, base="/manifests"), secret))
    assert ["AssumeRoleWithWebIdentity", "GetSecretValue"] == [operation(call) for call in aws_wire.calls]


def test_a_source_that_gives_old_keys(aws_wire: FaultServer, aws_env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keys that have ended, and no others where they come from, are denied: nothing is sent."""
    keys = {"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s", "Expiration": "2020-01-01T00:00:00Z"}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = cat {tmp_path / 'keys.json'}\n")
    aws_env.setenv("AWS_CONFIG_FILE", str(config))
    outcome = failed(read(open_aws(AMBIENT, base="/manifests"), "a"))
    assert Failure.DENIED is outcome.failure
    assert "have expired" in outcome.message
    assert [] == aws_wire.calls


@pytest.mark.parametrize("given", ["no json", "", "[]", "null", '{"Version": 1}', '{"Version": 9}'])
def test_a_source_that_gives_no_keys(
    aws_wire: FaultServer, aws_env: pytest.MonkeyPatch, tmp_path: Path, given: str
) -> None:
    """A process that says something else than it should is no bug of ours, and what it says is not shown."""
    (tmp_path / "said").write_text(given)
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = cat {tmp_path / 'said'}\n")
    aws_env.setenv("AWS_CONFIG_FILE", str(config))
    outcome = failed(read(open_aws(AMBIENT, base="/manifests"), "a"))
    assert outcome.failure in (Failure.DENIED, Failure.UNAVAILABLE)
    assert "of the AWS credentials" in outcome.message
    assert [] == aws_wire.calls


def test_a_profile_with_a_second_factor(
    aws_wire: FaultServer, aws_env: pytest.MonkeyPatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is asked for its code: a daemon would wait for ever, and several threads would ask at once."""
    config = tmp_path / "config"
    keys = "aws_access_key_id = AKIABASE\naws_secret_access_key = s"
    profile = f"role_arn = {ROLE}\nsource_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/ann"
    config.write_text(f"[profile base]\n{keys}\n[profile dev]\n{profile}\n")
    aws_env.setenv("AWS_CONFIG_FILE", str(config))
    aws_env.setenv("AWS_PROFILE", "dev")
    monkeypatch.setattr("sys.stdin", io.StringIO("123456\n"))
    outcome = failed(read(open_aws(AMBIENT, base="/manifests"), "a"))
    assert (Failure.DENIED, True) == (outcome.failure, "wants a code of a second factor" in outcome.message)
    assert [] == aws_wire.calls


def test_a_profile_that_is_not_there(aws_wire: FaultServer, aws_env: pytest.MonkeyPatch) -> None:
    """A wrong `AWS_PROFILE` is a setting to correct, whosever keys the store has."""
    aws_env.setenv("AWS_PROFILE", "nobody")
    outcome = failed(read(open_aws(), "a"))
    assert Failure.MISCONFIGURED is outcome.failure
    assert "AWS_PROFILE" in outcome.hint
    assert [] == aws_wire.calls


def test_no_credentials_at_all(aws_wire: FaultServer) -> None:
    """Where the machine has none, the outcome says what to set, and nothing is sent."""
    outcome = failed(read(open_aws(AMBIENT, base="/manifests"), "a"))
    assert (Failure.DENIED, "no AWS credentials are found") == (outcome.failure, outcome.message)
    assert "AWS_PROFILE" in outcome.hint
    assert [] == aws_wire.calls


def test_no_credentials_are_sought_once(aws_env: pytest.MonkeyPatch, aws_wire: FaultServer) -> None:
    """The machine is not asked by every read of a pass: its metadata service may take a second to say nothing."""
    from botocore.session import Session

    sought: list[str] = []
    resolve = Session.get_credentials

    def seek(session: Session) -> object:
        sought.append("once")
        return resolve(session)

    aws_env.setattr(Session, "get_credentials", seek)
    store = open_aws(AMBIENT, base="/manifests")
    assert {Failure.DENIED} == {failed(outcome).failure for outcome in read_by_threads(store, "a")}
    # Once when it was first read, and once more to see whether there are others meanwhile.
    assert 2 == len(sought)


def test_a_role_is_assumed_once_for_all_threads(aws_wire: FaultServer, secret: str) -> None:
    """Eight threads make one call of STS, and read with the keys of the role."""
    store = open_aws(aws_config(role=ROLE))
    assert {Found} == {type(outcome) for outcome in read_by_threads(store, secret)}
    assert 1 == operations(aws_wire)["AssumeRole"]
    assert "AKIATEST" not in {signer(call) for call in sent(aws_wire, "GetSecretValue")}


def test_what_is_said_of_a_session(aws_wire: FaultServer, secret: str) -> None:
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
    said = fields(sent(aws_wire, "AssumeRole")[0])
    tags = {said[f"Tags.member.{n}.Key"]: said[f"Tags.member.{n}.Value"] for n in range(1, 6)}
    assert (ROLE, "syncd-test-store", "shop-1") == (said["RoleArn"], said["RoleSessionName"], said["ExternalId"])
    builtin = {"esoNamespace": "test", "esoStoreName": "store", "esoStoreKind": "SecretStore"}
    assert {"team": "web", "env": "prod", **builtin} == tags
    assert "team" == said["TransitiveTagKeys.member.1"]
    assert "Tags.member.6.Key" not in said


def test_additional_roles_come_first(aws_wire: FaultServer, secret: str) -> None:
    """Roles are assumed in order, each with the keys of the one before; only the last one has tags and external id."""
    through = [f"arn:aws:iam::123456789012:role/through-{n}" for n in range(2)]
    config = aws_config(role=ROLE, additionalRoles=through, externalID="ex", sessionTags=[{"key": "a", "value": "b"}])
    assert text(read(open_aws(config), secret))
    calls = sent(aws_wire, "AssumeRole")
    assert [*through, ROLE] == [fields(call)["RoleArn"] for call in calls]
    assert [False, False, True] == ["ExternalId" in fields(call) for call in calls]
    assert [False, False, True] == ["Tags.member.1.Key" in fields(call) for call in calls]
    signers = [signer(call) for call in calls]
    assert "AKIATEST" == signers[0]
    assert 3 == len(set(signers))


def test_irsa(aws_wire: FaultServer, secret: str) -> None:
    """With `jwt` a token of the service account is given for the role that its annotation names, unsigned."""
    cluster = Cluster({aws_keys.ROLE_ANNOTATION: ROLE})
    assert text(read(open_aws(aws_config(auth=JWT), cluster), secret))
    [call] = sent(aws_wire, "AssumeRoleWithWebIdentity")
    said = fields(call)
    assert (ROLE, "header.payload.signature") == (said["RoleArn"], said["WebIdentityToken"])
    assert "Authorization" not in call.headers
    assert [("shop", ("sts.amazonaws.com",), None)] == cluster.asked


def test_irsa_audiences_and_roles(aws_wire: FaultServer, secret: str) -> None:
    """The annotation names the audience, the manifest adds more; `role` is assumed after that."""
    cluster = Cluster({aws_keys.ROLE_ANNOTATION: ROLE, aws_keys.AUDIENCE_ANNOTATION: "sts.china"})
    account = {"name": "shop", "namespace": "web", "audiences": ["vault"]}
    store = open_aws(aws_config(auth={"jwt": {"serviceAccountRef": account}}, role=f"{ROLE}-2"), cluster)
    assert text(read(store, secret))
    assert [("shop", ("sts.china", "vault"), "web")] == cluster.asked
    assert ["AssumeRoleWithWebIdentity", "AssumeRole", "GetSecretValue"] == [operation(call) for call in aws_wire.calls]


def test_irsa_without_a_role(aws_wire: FaultServer) -> None:
    """An account without the annotation is the manifest's fault, and nothing is sent."""
    outcome = failed(read(open_aws(aws_config(auth=JWT), Cluster({})), "a"))
    assert (Failure.MISCONFIGURED, "ServiceAccount shop names no IAM role") == (outcome.failure, outcome.message)
    assert aws_keys.ROLE_ANNOTATION in outcome.hint
    assert [] == aws_wire.calls


def test_keys_of_a_role_are_refreshed_before_they_end(
    aws_wire: FaultServer, secret: str, aws_env: pytest.MonkeyPatch
) -> None:
    """Keys that end within a quarter of an hour are replaced at the next read, without a denied one."""
    store = open_aws(aws_config(role=ROLE))
    assert text(read(store, secret))
    nearly_over(store)
    assert text(read(store, secret))
    assert {"AssumeRole": 2, "GetSecretValue": 2} == operations(aws_wire)
    assert 2 == len({signer(call) for call in sent(aws_wire, "GetSecretValue")})


def test_while_keys_live_a_refresh_may_fail(aws_wire: FaultServer, secret: str) -> None:
    """An outage of STS does not matter as long as the keys at hand are good."""
    store = open_aws(aws_config(role=ROLE))
    assert text(read(store, secret))
    nearly_over(store)
    aws_wire.inject(on(AssumeRole=sts_refusal(503, "ServiceUnavailable")))
    assert text(read(store, secret))


def test_a_denied_role_is_tried_once(aws_wire: FaultServer) -> None:
    """All threads share the refusal, which names the right and who lacks it."""
    message = f"User: arn:aws:iam::1:user/x is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    aws_wire.inject(on(AssumeRole=sts_refusal(403, "AccessDenied", message)))
    outcomes = [failed(outcome) for outcome in read_by_threads(open_aws(aws_config(role=ROLE)), "a")]
    said = f"AWS denies `sts:AssumeRole` on `{ROLE}` to the access key in Secret aws (AccessDenied)"
    assert {(Failure.DENIED, said)} == {(outcome.failure, outcome.message) for outcome in outcomes}
    assert "trust policy" in outcomes[0].hint
    assert {"AssumeRole": 1} == operations(aws_wire)


def test_a_right_to_tag_is_named(aws_wire: FaultServer) -> None:
    """When the role may be assumed but not tagged, that is what the message says."""
    said = f"User: x is not authorized to perform: sts:TagSession on resource: {ROLE}"
    aws_wire.inject(on(AssumeRole=sts_refusal(403, "AccessDenied", said)))
    config = aws_config(role=ROLE, sessionTags=[{"key": "a", "value": "b"}])
    assert "`sts:TagSession`" in failed(read(open_aws(config), "a")).message


def test_threads_share_a_role_that_gets_no_answer(aws_wire: FaultServer, secret: str) -> None:
    """Who waited for an STS that failed fails with it; the next read tries again."""
    held = threading.Barrier(8, timeout=10)
    aws_wire.inject(on(AssumeRole=sts_refusal(503, "ServiceUnavailable")))
    store = open_aws(aws_config(role=ROLE))

    def read_together(_: int) -> Outcome:
        held.wait()
        return read(store, secret)

    with ThreadPoolExecutor(8) as pool:
        outcomes = [failed(outcome) for outcome in pool.map(read_together, range(8))]
    assert {Failure.UNAVAILABLE} == {outcome.failure for outcome in outcomes}
    aws_wire.clear()
    assert "x" == text(read(store, secret))


def test_sts_that_hangs_is_a_timeout(aws_wire: FaultServer) -> None:
    """The deadline of the store holds for STS too."""
    aws_wire.inject(on(AssumeRole=hang()))
    outcome = failed(read(open_aws(aws_config(role=ROLE), timeout=0.2), "a"))
    assert Failure.TIMEOUT is outcome.failure
    assert "`sts:AssumeRole`" in outcome.message
