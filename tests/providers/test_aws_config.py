"""The fields of `spec.provider.aws`, and what is said of wrong ones."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.model import ObjectName
from syncd.providers.api import Failure, StoreConfig, StoreError
from syncd.providers.aws_config import AccountAuth, AmbientAuth, AwsConfig, KeysAuth, Role, Service, read_config
from tests.providers.aws_stores import KEYS

ROLE = "arn:aws:iam::1:role/reader"


def config(*, cluster: bool = False, namespace: str = "", base: str = "", **fields: Any) -> AwsConfig:
    """As it is read from a store; from a file if there is a `base`."""
    given = {"service": "SecretsManager", "region": "eu-central-1", "auth": KEYS, **fields}
    name = ObjectName("" if cluster else "shop", "store")
    kind = "ClusterSecretStore" if cluster else "SecretStore"
    return read_config(StoreConfig(kind, name, "aws", given, namespace, base))


def refusal(**fields: Any) -> str:
    with pytest.raises(StoreError) as raised:
        config(**fields)
    assert raised.value.failure is Failure.MISCONFIGURED
    return raised.value.message


def test_services() -> None:
    """Each service is one of the API's names."""
    assert Service.SECRETS_MANAGER is config().service
    assert Service.PARAMETER_STORE is config(service="ParameterStore").service


def test_auth_methods() -> None:
    """A service account goes before keys out of a Secret, and both before what the machine has."""
    jwt = {"jwt": {"serviceAccountRef": {"name": "shop"}}}
    assert isinstance(config(auth={**KEYS, **jwt}).auth, AccountAuth)
    assert isinstance(config().auth, KeysAuth)
    assert isinstance(config(auth=None, base="/manifests").auth, AmbientAuth)
    assert isinstance(config(auth={}, base="/manifests").auth, AmbientAuth)


def test_roles_stand_in_order() -> None:
    """`additionalRoles`, then `role`; without `role` what belongs to it is not looked at."""
    more: dict[str, Any] = {"additionalRoles": ["a", "b"], "externalID": "x"}
    assert (Role("a"), Role("b"), Role(ROLE, "x")) == config(role=ROLE, **more).roles
    assert (Role("a"), Role("b")) == config(**more).roles


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("None", {"team": "web"}),
        ("Simple", {"team": "web", "esoNamespace": "shop", "esoStoreName": "store", "esoStoreKind": "SecretStore"}),
    ],
)
def test_session_tags(policy: str, expected: dict[str, str]) -> None:
    """The policy adds where the session comes from; its own tags are for `Custom` only."""
    tags = [{"key": "team", "value": "web"}]
    [role] = config(role=ROLE, sessionTags=tags, sessionTagsPolicy=policy, customSessionTags={"a": "b"}).roles
    assert expected == role.tags


def test_the_namespace_in_tags() -> None:
    """Of a cluster store it is the declaration's; where that is not known, nothing is claimed."""
    tags = config(cluster=True, namespace="web", role=ROLE, sessionTagsPolicy="Simple").roles[0].tags
    assert ("web", "ClusterSecretStore") == (tags["esoNamespace"], tags["esoStoreKind"])
    assert "serves all of them alike" in refusal(cluster=True, role=ROLE, sessionTagsPolicy="Simple")


def test_the_name_of_a_session() -> None:
    """CloudTrail shows the store, in letters that STS takes."""
    assert "syncd-shop-store" == config().session_name


@pytest.mark.parametrize(
    ("fields", "beginning"),
    [
        ({"region": ""}, "spec.provider.aws.region: is required"),
        ({"service": ""}, "spec.provider.aws.service: is required"),
        ({"service": "CertificateManager"}, "spec.provider.aws.service: `CertificateManager` is not supported"),
        ({"role": 5}, "spec.provider.aws.role: must be text"),
        ({"additionalRoles": "x"}, "spec.provider.aws.additionalRoles: must be a list"),
        ({"sessionTags": {"a": "b"}, "role": ROLE}, "spec.provider.aws.sessionTags: must be a list of mappings"),
        ({"sessionTags": [{}], "role": ROLE}, "spec.provider.aws.sessionTags[0].key: is required"),
        ({"auth": {"jwt": {}}}, "spec.provider.aws.auth.jwt.serviceAccountRef: is required"),
        ({"auth": {"secretRef": {}}}, "spec.provider.aws.auth.secretRef.accessKeyIDSecretRef: is required"),
        (
            {"auth": {"secretRef": {"accessKeyIDSecretRef": {"name": "a"}}}},
            "spec.provider.aws.auth.secretRef.accessKeyIDSecretRef.key: is required",
        ),
        (
            {"auth": {}},
            "spec.provider.aws.auth: has no auth method",
        ),
    ],
)
def test_wrong_fields(fields: dict[str, Any], beginning: str) -> None:
    """A wrong field is refused with its path."""
    assert refusal(**fields).startswith(beginning)


def test_ambient_credentials_are_for_files() -> None:
    """A store from the cluster cannot use what syncd itself has."""
    assert "the credentials that syncd runs with serve only stores from files" in refusal(auth={}, role=ROLE)


def test_who_reads() -> None:
    """Messages name the identity without any of its secrets."""
    assert "the access key in Secret aws" == config().identity
    assert f"role `{ROLE}`, assumed by the access key in Secret aws" == config(role=ROLE).identity
    assert "the AWS credentials that syncd runs with" == config(auth=None, base="/manifests").identity
