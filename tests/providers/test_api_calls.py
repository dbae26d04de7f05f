"""Requests to providers' APIs are counted under the names that dashboards of external-secrets know."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncd.metrics import table
from syncd.model import ObjectName
from syncd.providers.api import Failed, Failure, FindQuery, Matched, RemoteKey, SecretValue, StoreConfig
from syncd.providers.fake import FakeStore
from syncd.providers.jobs import StoreReply, StoreRequest
from syncd.providers.lanes import Lanes
from syncd.providers.vault_transport import call_name
from syncd.reconcile.readings import record
from tests.metering import cleared
from tests.providers.aws_stores import ROLE, aws_config, open_aws
from tests.providers.aws_stores import read as read_aws
from tests.providers.gcp_stores import read as read_gcp
from tests.providers.gcp_stores import reader
from tests.providers.vaults import TOKEN_AUTH, Kv, open_vault
from tests.providers.vaults import read as read_vault
from tests.servers.aws import Aws
from tests.servers.gcp import Gcp
from tests.servers.openbao import OpenBao


@pytest.fixture(autouse=True)
def none_yet() -> Iterator[None]:
    """No call when a test begins."""
    with cleared():
        yield


def calls(provider: str) -> dict[str, int]:
    """How often each call was made, and with which end."""
    found = table.API_CALLS.series().items()
    return {f"{call} {status}": int(value) for (name, call, status), value in found if name == provider}


@pytest.mark.parametrize(
    ("method", "url", "params", "name"),
    [
        ("POST", "https://vault/v1/auth/kubernetes/login", None, "Login"),
        ("PUT", "https://vault/v1/auth/ldap/login/ann", None, "Login"),
        ("GET", "https://vault/v1/auth/token/lookup-self", None, "LookupSelf"),
        ("PUT", "https://vault/v1/auth/token/renew-self", None, "RenewSelf"),
        ("POST", "https://vault/v1/auth/token/revoke-self", None, "RevokeSelf"),
        ("GET", "https://vault/v1/secret/data/auth/token/lookup-self", None, "ReadSecretData"),
        ("GET", "https://proxy/vault/v1/secret/data/app", {"version": "2"}, "ReadSecretData"),
        ("get", "https://vault/v1/secret/metadata/app", {"list": "true"}, "ListSecrets"),
        ("list", "https://vault/v1/secret/metadata/app", None, "ListSecrets"),
        ("GET", "https://vault/v1/sys/internal/ui/mounts/secret", None, "ReadMount"),
    ],
)
def test_names_of_vaults_calls(method: str, url: str, params: dict[str, str] | None, name: str) -> None:
    """By path and method; a secret's name never counts."""
    assert name == call_name(method, url, params)


def test_vault(openbao: OpenBao) -> None:
    """What is certainly absent is no error; what is denied is one."""
    kv = Kv(openbao)
    kv.put("app", key="1")
    store = kv.store(auth=TOKEN_AUTH)
    read_vault(store, "app")
    read_vault(store, "missing")
    store.find(FindQuery(name="app"))
    found = calls("HashiCorp/Vault")
    assert {"ReadSecretData success": 3, "ListSecrets success": 1, "ReadMount success": 1} == found
    read_vault(open_vault({"server": openbao.url, "path": kv.mount}), "app")
    assert 1 == calls("HashiCorp/Vault")["ReadSecretData error"]


@pytest.mark.usefixtures("aws_env")
def test_aws(aws: Aws) -> None:
    """Batches, single reads, parameters and logins, each by its service."""
    name = aws.fresh_name()
    store = open_aws(aws_config(role=ROLE))
    store.fetch([RemoteKey(name), RemoteKey(aws.fresh_name())])
    read_aws(store, name)
    assert {"BatchGetSecretValue success": 1, "GetSecretValue error": 1} == calls("AWS/SecretsManager")
    assert {"AssumeRole success": 1} == calls("AWS/STS")
    open_aws(aws_config("ParameterStore")).fetch([RemoteKey(name), RemoteKey(aws.fresh_name())])
    assert {"GetParameters success": 1} == calls("AWS/ParameterStore")


@pytest.mark.usefixtures("gcp_env")
def test_gcp(gcp: Gcp) -> None:
    """A key of a service account signs its token itself: no call is made for it."""
    project = gcp.project()
    project.put("a", "1")
    store = reader(project)
    read_gcp(store, "a")
    read_gcp(store, "missing")
    store.find(FindQuery(name="a"))
    expected = {"AccessSecretVersion success": 2, "AccessSecretVersion error": 1, "ListSecrets success": 1}
    assert expected == calls("GCP/SecretManager")


def config(name: str = "store", provider: str = "fake") -> StoreConfig:
    return StoreConfig("SecretStore", ObjectName("shop", name), provider, {})


def test_reads_are_timed_by_operation() -> None:
    """Whatever the provider, also one of somebody else's."""
    store = FakeStore({RemoteKey("a"): SecretValue("1")})
    lanes = Lanes()
    lanes.run([StoreRequest(config(), store, [RemoteKey("a"), FindQuery(name="a")])])
    lanes.close()
    counted = {labels: buckets.cumulative[-1] for labels, buckets in table.READ_DURATION.series().items()}
    assert {("fake", "fetch"): 1, ("fake", "find"): 1} == counted


def reply(store: StoreConfig, *answers: object) -> StoreReply:
    items = {RemoteKey(str(number)): answer for number, answer in enumerate(answers)}
    return StoreReply(StoreRequest(store, Failed(Failure.BUG, ""), [*items]), items)  # type: ignore[arg-type]  # any answers


def test_what_a_pass_could_not_read() -> None:
    """Each key that failed, in a find too; a store is ready when it answered anything, for whomever it was opened."""
    late, denied = Failed(Failure.TIMEOUT, "late"), Failed(Failure.DENIED, "denied")
    record(
        [
            reply(config("lame"), late, denied),
            reply(config("lame"), Matched({"a": late})),
            reply(config("dead"), late),
            reply(config("asked for nothing")),
            reply(config("not defined", provider=""), denied),
        ]
    )
    assert {("fake", "timeout"): 3.0, ("fake", "denied"): 1.0, ("none", "denied"): 1.0} == table.FETCH_FAILURES.series()
    standing = {labels[0]: value for labels, value in table.STORE_CONDITION.series().items() if labels[-1] == "True"}
    assert {"lame": 1.0, "dead": 0.0} == standing
