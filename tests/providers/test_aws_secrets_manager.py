"""What Secrets Manager holds, by key, version, tags and name; on moto, and on what AWS says and moto does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syncd.providers.api import Absent, Dialect, Failure, FindQuery, Found, Matched, RemoteKey
from syncd.providers.aws_store import AwsStore
from tests.providers.aws_stores import aws_config, failed, open_aws, operations, read, refusal, text
from tests.servers.aws import Aws, on
from tests.servers.faults import FaultServer, answer


class Secrets:
    """Secrets below a name of their own, written past the provider."""

    def __init__(self, aws: Aws) -> None:
        self.client = aws.client("secretsmanager")
        self.top = aws.fresh_name("sm")

    def name(self, key: str) -> str:
        return f"{self.top}/{key}"

    def put(self, key: str, value: str | bytes, **tags: str) -> dict[str, Any]:
        content = {"SecretString" if isinstance(value, str) else "SecretBinary": value}
        listed = [{"Key": name, "Value": tag} for name, tag in tags.items()]
        made: dict[str, Any] = self.client.create_secret(Name=self.name(key), Tags=listed, **content)
        return made

    def find(self, store: AwsStore | None = None, *, name: str = "", **query: Any) -> dict[str, str]:
        """What is found, with names relative to `top`; within `top` unless a path is given."""
        query.setdefault("path", self.top)
        found = (store or open_aws()).find(FindQuery(name=name, **query))
        assert isinstance(found, Matched), found
        return {key.removeprefix(f"{self.top}/"): text(outcome) for key, outcome in found.values.items()}


@pytest.fixture
def secrets(aws: Aws, aws_env: pytest.MonkeyPatch) -> Secrets:
    return Secrets(aws)


def test_the_dialect_is_its_own(secrets: Secrets) -> None:
    """Properties are looked up as the reference does it for Secrets Manager."""
    assert Dialect.AWS_SM is open_aws().dialect


def test_versions(secrets: Secrets) -> None:
    """A version is a stage, or with `uuid/` the id of a version; without one the current value is read."""
    first = secrets.put("a", "one")["VersionId"]
    second = secrets.client.put_secret_value(SecretId=secrets.name("a"), SecretString="two")["VersionId"]
    secrets.client.update_secret_version_stage(SecretId=secrets.name("a"), VersionStage="blue", MoveToVersionId=first)
    store = open_aws()
    versions = ["", "AWSCURRENT", "AWSPREVIOUS", f"uuid/{first}", f"uuid/{second}", "blue"]
    values = [text(read(store, secrets.name("a"), version)) for version in versions]
    assert ["two", "two", "one", "one", "two", "one"] == values


def test_the_version_that_was_read_is_named(secrets: Secrets) -> None:
    """An outcome carries the version's id, in batches too."""
    made = {key: secrets.put(key, "x")["VersionId"] for key in ("a", "b")}
    keys = {key: RemoteKey(secrets.name(key)) for key in made}
    answers = open_aws().fetch([*keys.values()])
    for key, version in made.items():
        outcome = answers[keys[key]]
        assert isinstance(outcome, Found)
        assert version == outcome.version


@pytest.mark.parametrize("version", ["NOPE", "uuid/11111111-2222-3333-4444-555555555555"])
def test_a_version_that_is_not_there_is_absent(secrets: Secrets, version: str) -> None:
    """AWS says the same as of a missing secret, and so did the reference: a first version has no previous one."""
    secrets.put("a", "one")
    assert Absent() == read(open_aws(), secrets.name("a"), version)


def test_bytes(secrets: Secrets) -> None:
    """Binary secrets are their bytes, alone and in batches."""
    for key in ("a", "b"):
        secrets.put(key, b"\x00\xff\xfe")
    keys = [RemoteKey(secrets.name(key)) for key in ("a", "b")]
    answers = [*open_aws().fetch(keys).values(), read(open_aws(), secrets.name("a"))]
    assert [b"\x00\xff\xfe"] * 3 == [found.value.reveal() for found in answers if isinstance(found, Found)]


def test_arns(secrets: Secrets) -> None:
    """A key may be an ARN, with its random ending or without, and a prefix is not put before it."""
    arn = secrets.put("a", "x")["ARN"]
    secrets.put("b", "y")
    store = open_aws(aws_config(prefix=f"{secrets.top}/"))
    keys = [RemoteKey(key) for key in (arn, arn[:-7], "a", "b")]
    assert ["x", "x", "x", "y"] == [text(answer) for answer in store.fetch(keys).values()]


def test_a_prefix_stands_before_every_key(secrets: Secrets) -> None:
    """`prefix` is put before keys as it is written."""
    secrets.put("a", "x")
    assert "x" == text(read(open_aws(aws_config(prefix=secrets.top)), "/a"))


def test_metadata_are_the_tags(secrets: Secrets) -> None:
    """`metadataPolicy: Fetch` gives the tags as JSON, sorted, as Go writes it."""
    secrets.put("a", "x", team="web", env="a&b")
    found = read(open_aws(), secrets.name("a"), metadata=True)
    assert '{"env":"a\\u0026b","team":"web"}' == text(found)
    secrets.put("bare", "x")
    assert "{}" == text(read(open_aws(), secrets.name("bare"), metadata=True))
    assert Absent() == read(open_aws(), secrets.name("nobody"), metadata=True)


def test_what_is_marked_for_deletion_is_absent(secrets: Secrets) -> None:
    """A secret in its recovery window is gone: alone, in batches, and as to its tags."""
    for key in ("a", "b"):
        secrets.put(key, "x")
        secrets.client.delete_secret(SecretId=secrets.name(key), RecoveryWindowInDays=7)
    store, keys = open_aws(), [RemoteKey(secrets.name(key)) for key in ("a", "b")]
    assert dict.fromkeys(keys, Absent()) == store.fetch(keys)
    assert Absent() == read(store, secrets.name("a"))
    assert Absent() == read(store, secrets.name("a"), metadata=True)


def test_another_invalid_request_is_not_absence(aws_wire: FaultServer) -> None:
    """Only the deletion makes a secret absent."""
    aws_wire.inject(
        refusal(400, "InvalidRequestException", "You can't use ClientRequestToken 1 because that value is in use")
    )
    assert Failure.MISCONFIGURED is failed(read(open_aws(), "a")).failure


def test_neither_text_nor_bytes(aws_wire: FaultServer) -> None:
    """A secret without a value is the store's mistake, and no empty value."""
    aws_wire.inject(answer(body=b'{"Name":"a","VersionId":"1"}'))
    outcome = failed(read(open_aws(), "a"))
    assert (Failure.MISCONFIGURED, "`a` has neither text nor bytes") == (outcome.failure, outcome.message)


@pytest.fixture
def tagged(secrets: Secrets) -> Secrets:
    """Secrets with tags that only a look at pairs tells apart."""
    secrets.put("db/a", "1", team="web", env="prod")
    secrets.put("db/b", "2", team="prod", env="web")
    secrets.put("db/c", "3", team="web", env="production")
    secrets.put("cache/d", "4", team="web")
    secrets.put("cache/e", "5")
    return secrets


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"name": "."}, "12345"),
        ({"name": "/db/"}, "123"),
        ({"name": "[ad]$"}, "14"),
        ({"name": "nobody"}, ""),
        ({"tags": {"team": "web"}}, "134"),
        ({"tags": {"team": "web", "env": "prod"}}, "1"),
        ({"tags": {"team": "web", "env": "web"}}, ""),
        ({"tags": {"env": "prod"}}, "1"),
        ({"tags": {"team": "web"}, "name": "/cache/"}, "4"),
        ({"tags": {"tea": "web"}}, ""),
    ],
)
def test_find(tagged: Secrets, query: dict[str, Any], expected: str) -> None:
    """Names by an expression found anywhere in them, tags by whole pairs, and both together."""
    assert expected == "".join(sorted(tagged.find(**query).values()))


def test_find_by_path(tagged: Secrets) -> None:
    """A path is the beginning of the name; names are whole."""
    found = open_aws().find(FindQuery(path=tagged.name("db/"), name="[ab]$"))
    assert isinstance(found, Matched)
    assert {tagged.name("db/a"), tagged.name("db/b")} == found.values.keys()


def test_find_within_a_prefix(tagged: Secrets) -> None:
    """A prefix is sought in once, and names stay whole, as the reference has them."""
    store = open_aws(aws_config(prefix=tagged.name("db/")))
    found = store.find(FindQuery(name="."))
    assert isinstance(found, Matched)
    assert {tagged.name(f"db/{key}") for key in "abc"} == found.values.keys()
    found = store.find(FindQuery(path=tagged.name("db/a"), name="."))
    assert isinstance(found, Matched)
    assert {tagged.name("db/a")} == found.values.keys()


@pytest.mark.parametrize("query", [FindQuery(), FindQuery(path="db"), FindQuery(path="other/", name=".")])
def test_find_that_makes_no_sense(aws_env: pytest.MonkeyPatch, query: FindQuery) -> None:
    """Without a criterion, or outside of the store's prefix, the manifest is to be corrected."""
    assert Failure.MISCONFIGURED is failed(open_aws(aws_config(prefix="db/")).find(query)).failure


def test_find_reads_all_pages(secrets: Secrets, aws_wire: FaultServer) -> None:
    """More than a page of names, and values in batches."""
    for n in range(105):
        secrets.put(f"k{n}", str(n))
    assert {f"k{n}": str(n) for n in range(105)} == secrets.find(open_aws(), name=".")
    counts = operations(aws_wire)
    assert (2, 6) == (counts["ListSecrets"], counts["BatchGetSecretValue"])


def test_find_leaves_out_what_is_marked_for_deletion(secrets: Secrets) -> None:
    """A list does not have it, and no failure is made of it."""
    secrets.put("a", "1")
    secrets.put("b", "2")
    secrets.client.delete_secret(SecretId=secrets.name("b"), RecoveryWindowInDays=7)
    assert {"a": "1"} == secrets.find(name=".")


def test_find_fails_with_one_value(secrets: Secrets, aws_wire: FaultServer) -> None:
    """A secret that is there and cannot be read is no reason to leave it out."""
    secrets.put("a", "1")
    secrets.put("b", "2")
    denied = {"SecretId": secrets.name("b"), "ErrorCode": "DecryptionFailure", "Message": "no"}
    body = {"SecretValues": [{"Name": secrets.name("a"), "ARN": "x", "SecretString": "1"}], "Errors": [denied]}
    aws_wire.inject(on(BatchGetSecretValue=answer(body=json.dumps(body).encode())))
    outcome = failed(open_aws().find(FindQuery(path=secrets.top, name=".")))
    assert Failure.DENIED is outcome.failure
    assert secrets.name("b") in outcome.message


def test_find_that_may_not_list(aws_wire: FaultServer) -> None:
    """The missing right is named."""
    aws_wire.inject(on(ListSecrets=refusal(400, "AccessDeniedException")))
    outcome = failed(open_aws().find(FindQuery(name=".")))
    assert Failure.DENIED is outcome.failure
    assert "`secretsmanager:ListSecrets`" in outcome.message


def test_filters_take_only_what_aws_takes(secrets: Secrets, aws_wire: FaultServer) -> None:
    """Odd characters are looked at here: `!` would negate, and others are refused by AWS."""
    secrets.put("a", "1", odd="!prod", even="ü", plain="x", empty="")
    assert {"a": "1"} == secrets.find(open_aws(), tags={"odd": "!prod", "even": "ü", "plain": "x", "empty": ""})
    [listed] = [call for call in aws_wire.calls if b"MaxResults" in call.body]
    filters = [(one["Key"], one["Values"]) for one in json.loads(listed.body)["Filters"]]
    assert ("tag-value", ["!prod"]) not in filters
    assert ("tag-value", ["ü"]) not in filters
    assert ("tag-value", ["x"]) in filters
