"""What Parameter Store holds, by name, version, tags and path; on moto, and on what AWS says and moto does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syncd.providers.api import Absent, Dialect, Failure, FindQuery, Found, Matched, RemoteKey
from syncd.providers.aws_store import AwsStore
from tests.providers.aws_stores import aws_config, failed, open_aws, operations, read, refusal, sent, text
from tests.servers.aws import Aws, on
from tests.servers.faults import FaultServer, answer


class Parameters:
    """Parameters below a path of their own, written past the provider."""

    def __init__(self, aws: Aws) -> None:
        self.client = aws.client("ssm")
        self.top = f"/{aws.fresh_name('ps')}"

    def name(self, key: str) -> str:
        return f"{self.top}/{key}"

    def put(self, key: str, value: str, *, kind: str = "String", **tags: str) -> None:
        listed = [{"Key": name, "Value": tag} for name, tag in tags.items()]
        self.client.put_parameter(Name=self.name(key), Value=value, Type=kind, Tags=listed)

    def replace(self, key: str, value: str) -> None:
        self.client.put_parameter(Name=self.name(key), Value=value, Type="String", Overwrite=True)

    def find(self, store: AwsStore | None = None, *, name: str = "", **query: Any) -> dict[str, str]:
        """What is found, with names relative to `top`; within `top` unless a path is given."""
        query.setdefault("path", self.top)
        found = (store or open_ps()).find(FindQuery(name=name, **query))
        assert isinstance(found, Matched), found
        return {key.removeprefix(f"{self.top}/"): text(outcome) for key, outcome in found.values.items()}


def open_ps(**config: Any) -> AwsStore:
    return open_aws(aws_config("ParameterStore", **config))


@pytest.fixture
def parameters(aws: Aws, aws_env: pytest.MonkeyPatch) -> Parameters:
    return Parameters(aws)


def test_the_dialect_is_its_own(parameters: Parameters) -> None:
    """Properties are looked up as the reference does it for Parameter Store."""
    assert Dialect.AWS_PS is open_ps().dialect


def test_encrypted_parameters_are_decrypted(parameters: Parameters) -> None:
    """A SecureString is its value, alone and in batches."""
    for key in ("a", "b"):
        parameters.put(key, "s3cret", kind="SecureString")
    answers = open_ps().fetch([RemoteKey(parameters.name(key)) for key in ("a", "b")])
    assert ["s3cret", "s3cret"] == [text(answer) for answer in answers.values()]
    assert "s3cret" == text(read(open_ps(), parameters.name("a")))


def test_versions(parameters: Parameters) -> None:
    """A version is a number or a label."""
    parameters.put("a", "one")
    parameters.replace("a", "two")
    parameters.client.label_parameter_version(Name=parameters.name("a"), ParameterVersion=1, Labels=["blue"])
    keys = [RemoteKey(parameters.name("a"), version) for version in ("", "1", "2", "blue")]
    answers = open_ps().fetch(keys)
    assert ["two", "one", "two", "one"] == [text(answers[key]) for key in keys]
    assert ["2", "1", "2", "1"] == [found.version for key in keys if isinstance(found := answers[key], Found)]


def test_a_version_that_is_not_there_is_not_absence(parameters: Parameters) -> None:
    """The parameter exists, so a wrong version is a mistake in the manifest, as in the reference."""
    parameters.put("a", "one")
    keys = [RemoteKey(parameters.name("a"), version) for version in ("7", "8")]
    answers = open_ps().fetch(keys)
    assert {Failure.MISCONFIGURED} == {failed(answer).failure for answer in answers.values()}


def test_a_version_of_what_is_not_there_is_absent(parameters: Parameters) -> None:
    """Of a missing parameter no version exists."""
    keys = [RemoteKey(parameters.name("nobody"), version) for version in ("1", "2")]
    assert dict.fromkeys(keys, Absent()) == open_ps().fetch(keys)


def test_arns(parameters: Parameters) -> None:
    """A key may be an ARN, and a prefix is not put before it."""
    parameters.put("a", "x")
    parameters.put("b", "y")
    arn = parameters.client.get_parameter(Name=parameters.name("a"))["Parameter"]["ARN"]
    store = open_ps(prefix=f"{parameters.top}/")
    keys = [RemoteKey(arn), RemoteKey("b"), RemoteKey(arn.replace("/a", "/nobody"))]
    answers = store.fetch(keys)
    assert ["x", "y"] == [text(answers[key]) for key in keys[:2]]
    assert Absent() == answers[keys[2]]


def test_secrets_by_way_of_parameter_store(parameters: Parameters, aws: Aws) -> None:
    """AWS shows secrets of Secrets Manager below a path of its own."""
    name = aws.fresh_name("by-way")
    aws.client("secretsmanager").create_secret(Name=name, SecretString="x")
    assert "x" == text(read(open_ps(), f"/aws/reference/secretsmanager/{name}"))


def test_metadata_are_the_tags(parameters: Parameters) -> None:
    """`metadataPolicy: Fetch` gives the tags as JSON, whatever version is asked for."""
    parameters.put("a", "x", team="web", env="prod")
    assert '{"env":"prod","team":"web"}' == text(read(open_ps(), parameters.name("a"), metadata=True))
    assert '{"env":"prod","team":"web"}' == text(read(open_ps(), parameters.name("a"), "1", metadata=True))
    assert Absent() == read(open_ps(), parameters.name("nobody"), metadata=True)


def test_an_invalid_name_is_not_absence(aws_wire: FaultServer) -> None:
    """What AWS calls invalid is absent only when a read says so, too."""
    invalid = refusal(400, "ValidationException")
    aws_wire.inject(on(ListTagsForResource=refusal(400, "InvalidResourceId"), GetParameter=invalid))
    assert Failure.MISCONFIGURED is failed(read(open_ps(), "a", metadata=True)).failure


def test_no_value(aws_wire: FaultServer) -> None:
    """A parameter without a value is a mistake, and no empty value."""
    aws_wire.inject(answer(body=b'{"Parameter":{"Name":"a"}}'))
    outcome = failed(read(open_ps(), "a"))
    assert (Failure.MISCONFIGURED, "`a` has no value") == (outcome.failure, outcome.message)


@pytest.fixture
def tagged(parameters: Parameters) -> Parameters:
    """Parameters on several levels, some with tags."""
    parameters.put("db/a", "1", team="web", env="prod")
    parameters.put("db/b", "2", team="prod", env="web")
    parameters.put("db/deep/c", "3", team="web", env="production")
    parameters.put("cache/d", "4", team="web")
    parameters.put("cache/e", "5")
    return parameters


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
        ({"name": "/cache/", "tags": {"team": "nobody"}}, "45"),
    ],
)
def test_find(tagged: Parameters, query: dict[str, Any], expected: str) -> None:
    """By an expression found anywhere in names; else by whole pairs of tags, which a name puts out of force."""
    assert expected == "".join(sorted(tagged.find(**query).values()))


@pytest.mark.parametrize("path", ["/db", "/db/"])
def test_find_by_path(tagged: Parameters, path: str) -> None:
    """A path is a level of the hierarchy with all below it; names are whole."""
    found = open_ps().find(FindQuery(path=tagged.top + path, name="."))
    assert isinstance(found, Matched)
    assert {tagged.name("db/a"), tagged.name("db/b"), tagged.name("db/deep/c")} == found.values.keys()


def test_find_within_a_prefix(tagged: Parameters, aws_wire: FaultServer) -> None:
    """A prefix is honoured, as a path where it has one; names stay whole, as the reference has them."""
    store = open_ps(prefix=tagged.name("db/"))
    for query in (FindQuery(name="."), FindQuery(path=tagged.top, name=".")):
        found = store.find(query)
        assert isinstance(found, Matched)
        assert {tagged.name("db/a"), tagged.name("db/b"), tagged.name("db/deep/c")} == found.values.keys()
    found = open_ps(prefix=tagged.name("db/d")).find(FindQuery(name="."))
    assert isinstance(found, Matched)
    assert {tagged.name("db/deep/c")} == found.values.keys()
    assert {tagged.name("db")} == {json.loads(call.body)["Path"] for call in aws_wire.calls}


def test_find_of_everything(parameters: Parameters) -> None:
    """Without a path all parameters are looked at, those without a slash too."""
    name = parameters.top.strip("/")
    parameters.client.put_parameter(Name=name, Value="x", Type="String")
    for path in ("", "/"):
        found = open_ps().find(FindQuery(path=path, name=f"^{name}$"))
        assert isinstance(found, Matched)
        assert [name] == list(found.values)


@pytest.mark.parametrize(
    "query", [FindQuery(), FindQuery(path="/db"), FindQuery(path="/other", name="."), FindQuery(path="db", name=".")]
)
def test_find_that_makes_no_sense(aws_env: pytest.MonkeyPatch, query: FindQuery) -> None:
    """Without a criterion, outside of the prefix, or with a path that is none, the manifest is to be corrected."""
    assert Failure.MISCONFIGURED is failed(open_ps(prefix="/db/").find(query)).failure


def test_find_reads_all_pages(parameters: Parameters, aws_wire: FaultServer) -> None:
    """Ten values come in one page; of names fifty are asked for."""
    for n in range(25):
        parameters.put(f"k{n}", str(n), team="web")
    expected = {f"k{n}": str(n) for n in range(25)}
    assert expected == parameters.find(open_ps(), name=".")
    assert {"GetParametersByPath": 3} == operations(aws_wire)
    assert expected == parameters.find(open_ps(), tags={"team": "web"})
    assert 3 == operations(aws_wire)["GetParameters"]
    assert {50} == {json.loads(call.body)["MaxResults"] for call in sent(aws_wire, "DescribeParameters")}


@pytest.mark.parametrize("said", ["no", "The ciphertext refers to a customer master key"])
def test_find_where_the_path_may_not_be_read(tagged: Parameters, aws_wire: FaultServer, said: str) -> None:
    """Then names are listed, and the values of those that match are read."""
    aws_wire.inject(on(GetParametersByPath=refusal(400, "AccessDeniedException", said)))
    assert ["1", "2"] == sorted(tagged.find(open_ps(), name="/db/.$").values())
    assert {"GetParametersByPath": 1, "DescribeParameters": 1, "GetParameters": 1} == operations(aws_wire)


def test_find_that_may_not_list(aws_wire: FaultServer) -> None:
    """The right that serves best is named."""
    denied = refusal(400, "AccessDeniedException")
    aws_wire.inject(on(GetParametersByPath=denied, DescribeParameters=denied))
    outcome = failed(open_ps().find(FindQuery(name=".")))
    assert (Failure.DENIED, True) == (outcome.failure, "`ssm:GetParametersByPath`" in outcome.message)
    outcome = failed(open_ps().find(FindQuery(tags={"a": "b"})))
    assert (Failure.DENIED, True) == (outcome.failure, "`ssm:DescribeParameters`" in outcome.message)
