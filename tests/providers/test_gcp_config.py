"""A store's config is read with the defaults of External Secrets Operator, and its mistakes are named by path."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.providers.api import Failure, StoreError
from syncd.providers.fields import AccountRef, SecretRef
from syncd.providers.gcp_config import (
    AmbientAuth,
    Auth,
    FederatedAccount,
    FederatedAws,
    FederatedConfig,
    FederationAuth,
    GcpConfig,
    KeyAuth,
    WorkloadIdentityAuth,
    read_config,
)
from syncd.providers.given import store_config

PATH = "spec.provider.gcpsm"
ACCOUNT = {"name": "shop", "audiences": ["extra"], "namespace": "web"}
AUDIENCE = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k"


def config(*, base: str = "manifests", **fields: Any) -> GcpConfig:
    return read_config(store_config("gcpsm", fields, base=base))


def auth(**method: Any) -> Auth:
    return config(auth=method).auth


def federation(**fields: Any) -> Auth:
    return auth(workloadIdentityFederation=fields)


def aws_key(name: str) -> SecretRef:
    return SecretRef("aws", name, None, f"{PATH}.auth.workloadIdentityFederation.awsSecurityCredentials.{SECRET}")


SECRET = "awsCredentialsSecretRef"


def test_defaults() -> None:
    """Nothing at all: the project of the credentials that syncd runs with, no region, and no other version."""
    assert GcpConfig("", "", AmbientAuth(), falls_back=False) == config()


def test_where_secrets_are() -> None:
    """A project, a region, and what a disabled latest version leads to."""
    read = config(projectID="shop-1", location="europe-west8", secretVersionSelectionPolicy="LatestOrFetch")
    assert ("shop-1", "europe-west8", True) == (read.project, read.location, read.falls_back)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (
            {"secretRef": {"secretAccessKeySecretRef": {"name": "gcp", "key": "k", "namespace": "web"}}},
            KeyAuth(SecretRef("gcp", "k", "web", f"{PATH}.auth.secretRef.secretAccessKeySecretRef")),
        ),
        (
            {"workloadIdentity": {"serviceAccountRef": ACCOUNT}},
            WorkloadIdentityAuth(AccountRef("shop", ("extra",), "web"), "", "", ""),
        ),
        (
            {
                "workloadIdentity": {
                    "serviceAccountRef": {"name": "shop"},
                    "clusterName": "main",
                    "clusterLocation": "europe-west8",
                    "clusterProjectID": "infra",
                }
            },
            WorkloadIdentityAuth(AccountRef("shop", (), None), "main", "europe-west8", "infra"),
        ),
        (
            {"workloadIdentityFederation": {"audience": AUDIENCE, "serviceAccountRef": ACCOUNT}},
            FederationAuth(FederatedAccount(AccountRef("shop", ("extra",), "web")), AUDIENCE, ""),
        ),
        (
            {
                "workloadIdentityFederation": {
                    "audience": AUDIENCE,
                    "gcpServiceAccountEmail": "a@p.iam.gserviceaccount.com",
                    "awsSecurityCredentials": {SECRET: {"name": "aws"}, "region": "eu-south-1"},
                }
            },
            FederationAuth(
                FederatedAws(
                    aws_key("aws_access_key_id"),
                    aws_key("aws_secret_access_key"),
                    aws_key("aws_session_token"),
                    "eu-south-1",
                ),
                AUDIENCE,
                "a@p.iam.gserviceaccount.com",
            ),
        ),
        (
            {
                "workloadIdentityFederation": {
                    "credConfig": {"name": "c", "key": "k"},
                    "externalTokenEndpoint": "https://t",
                }
            },
            FederationAuth(FederatedConfig("c", "k", None, "https://t", files=True), "", ""),
        ),
    ],
)
def test_methods(method: dict[str, Any], expected: Auth) -> None:
    """Each way to log in, with what it needs."""
    assert expected == auth(**method)


def test_the_first_method_counts() -> None:
    """In the order of the API: a key before an identity."""
    key = {"secretAccessKeySecretRef": {"name": "gcp", "key": "k"}}
    assert isinstance(auth(workloadIdentity={"serviceAccountRef": ACCOUNT}, secretRef=key), KeyAuth)


def test_ambient_credentials_serve_only_stores_from_files() -> None:
    """A store out of a cluster must say who it is."""
    with pytest.raises(StoreError) as raised:
        config(base="")
    assert Failure.MISCONFIGURED is raised.value.failure
    assert raised.value.message.startswith(f"{PATH}.auth: has no auth method")


def test_a_configuration_from_a_cluster_may_not_use_files() -> None:
    """Where it comes from is kept, for the check of its content."""
    read = config(base="", auth={"workloadIdentityFederation": {"credConfig": {"name": "c", "key": "k"}}})
    assert isinstance(read.auth, FederationAuth)
    assert isinstance(read.auth.source, FederatedConfig)
    assert not read.auth.source.files


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"projectID": "a/b"}, "projectID"),
        ({"projectID": "../x"}, "projectID"),
        ({"location": "evil.example.com/"}, "location"),
        ({"secretVersionSelectionPolicy": "Newest"}, "secretVersionSelectionPolicy"),
        ({"auth": {"secretRef": {}}}, "auth.secretRef.secretAccessKeySecretRef"),
        ({"auth": {"secretRef": {"secretAccessKeySecretRef": {"name": "x"}}}}, "auth.secretRef"),
        ({"auth": {"workloadIdentity": {}}}, "auth.workloadIdentity.serviceAccountRef"),
        (
            {"auth": {"workloadIdentity": {"serviceAccountRef": ACCOUNT, "clusterName": "a/b"}}},
            "auth.workloadIdentity.clusterName",
        ),
        ({"auth": {"workloadIdentityFederation": {}}}, "auth.workloadIdentityFederation: needs exactly one of"),
        (
            {
                "auth": {
                    "workloadIdentityFederation": {
                        "serviceAccountRef": ACCOUNT,
                        "credConfig": {"name": "c", "key": "k"},
                    }
                }
            },
            "auth.workloadIdentityFederation: needs exactly one of",
        ),
        (
            {"auth": {"workloadIdentityFederation": {"serviceAccountRef": ACCOUNT}}},
            "auth.workloadIdentityFederation.audience",
        ),
        (
            {
                "auth": {
                    "workloadIdentityFederation": {
                        "serviceAccountRef": ACCOUNT,
                        "audience": AUDIENCE,
                        "gcpServiceAccountEmail": "../x",
                    }
                }
            },
            "auth.workloadIdentityFederation.gcpServiceAccountEmail",
        ),
    ],
)
def test_mistakes(fields: dict[str, Any], where: str) -> None:
    """The field is named, and what would become a part of an address is looked at."""
    with pytest.raises(StoreError) as raised:
        config(**fields)
    assert Failure.MISCONFIGURED is raised.value.failure
    assert raised.value.message.startswith(f"{PATH}.{where}")


def test_auth_says_who_logs_in() -> None:
    """In words that messages and lanes are made of, and with no secret."""
    key = auth(secretRef={"secretAccessKeySecretRef": {"name": "gcp", "key": "k"}})
    assert "the service account key in Secret gcp" == str(key)
    assert "ServiceAccount web/shop" == str(auth(workloadIdentity={"serviceAccountRef": ACCOUNT}))
    assert "ServiceAccount web/shop" == str(federation(audience=AUDIENCE, serviceAccountRef=ACCOUNT))
    aws = {SECRET: {"name": "aws"}, "region": "eu-south-1"}
    assert "the AWS access key in Secret aws" == str(federation(audience=AUDIENCE, awsSecurityCredentials=aws))
    assert "the configuration in ConfigMap c" == str(federation(credConfig={"name": "c", "key": "k"}))
    assert "the GCP credentials that syncd runs with" == str(AmbientAuth())
