"""Workload identity federation: service accounts of any cluster, keys of AWS, and configurations in a ConfigMap."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from syncd.model import SecretValue
from syncd.providers.api import Failure
from syncd.providers.gcp_store import GcpStore
from syncd.providers.given import GivenCredentials
from tests.providers.gcp_stores import failed, gcp_config, open_gcp, read, text
from tests.servers.faults import FaultServer, answer
from tests.servers.gcp import RIGHTS, Gcp, Project

STS = "https://sts.googleapis.com/v1/token"
IAM = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts"
JWT = "urn:ietf:params:oauth:token-type:jwt"
AWS = {"awsCredentialsSecretRef": {"name": "aws"}, "region": "eu-south-1"}
AWS_SOURCE = {
    "environment_id": "aws1",
    "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
    "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
    "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
}


@pytest.fixture
def project(gcp: Gcp, gcp_env: pytest.MonkeyPatch) -> Project:
    """A new project with one secret, which its own pool may read."""
    project = gcp.project()
    project.put("a", "x")
    for right in RIGHTS:
        project.iam.grant("principal://pool", f"secretmanager.{right}", f"projects/{project.id}")
    return project


@pytest.fixture
def audience(project: Project) -> str:
    """The provider of a pool."""
    return f"//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/{project.id}/providers/k"


class Cluster(GivenCredentials):
    """Credentials with a service account, Secrets and ConfigMaps; notes what tokens were asked for."""

    def __init__(self, annotations: Mapping[str, str] | None = None, **given: Any) -> None:
        super().__init__(**given)
        self.annotations = annotations or {}
        self.asked: list[tuple[str, tuple[str, ...], str | None]] = []

    def service_account_annotations(self, name: str, namespace: str | None = None) -> Mapping[str, str]:
        return self.annotations

    def service_account_token(
        self, name: str, audiences: Sequence[str], namespace: str | None = None, expiration: int = 600
    ) -> SecretValue:
        self.asked.append((name, tuple(audiences), namespace))
        return SecretValue("k8s-token")


def store(project: Project, cluster: GivenCredentials, *, base: str = "", **federation: Any) -> GcpStore:
    auth = {"workloadIdentityFederation": federation}
    return open_gcp(gcp_config(project, auth=auth), cluster, base=base)


def account(**fields: Any) -> dict[str, Any]:
    return {"serviceAccountRef": {"name": "shop", "audiences": ["pool"], "namespace": "web"}, **fields}


def act_as(project: Project) -> str:
    """An account of the project that the pool may act as, and that alone may read."""
    for right in RIGHTS:
        project.iam.ungrant("principal://pool", f"secretmanager.{right}", f"projects/{project.id}")
    project.key(*RIGHTS)
    project.iam.grant("principal://pool", "iam.serviceAccounts.getAccessToken", project.email)
    return project.email


def configured(project: Project, info: object, *, base: str = "", **fields: Any) -> GcpStore:
    """A store with a configuration in a ConfigMap."""
    content = info if isinstance(info, str) else json.dumps(info)
    cluster = Cluster(configmap_keys={("wif", "config.json"): content})
    return store(project, cluster, base=base, credConfig={"name": "wif", "key": "config.json"}, **fields)


def url_config(audience: str, url: str, **changes: Any) -> dict[str, Any]:
    """As `gcloud iam workload-identity-pools create-cred-config` writes it."""
    return {
        "type": "external_account",
        "audience": audience,
        "subject_token_type": JWT,
        "token_url": STS,
        "credential_source": {"url": url},
        **changes,
    }


def test_a_service_account_of_a_cluster(project: Project, audience: str) -> None:
    """Its token, for the audiences of the reference, is exchanged; the pool's principal reads."""
    project.iam.trust(audience, "k8s-token", "principal://pool")
    cluster = Cluster()
    opened = store(project, cluster, audience=audience, **account())
    assert "x" == text(read(opened, "a"))
    assert [("shop", ("pool",), "web")] == cluster.asked
    assert "ServiceAccount web/shop" == opened.check().identity


def test_an_account_of_google_by_annotation(project: Project, audience: str) -> None:
    """The annotation of GKE names the account to act as."""
    project.iam.trust(audience, "k8s-token", "principal://pool")
    cluster = Cluster({"iam.gke.io/gcp-service-account": act_as(project)})
    opened = store(project, cluster, audience=audience, **account())
    assert "x" == text(read(opened, "a"))
    assert project.email == opened.check().identity


def test_an_account_of_google_by_field(project: Project, audience: str) -> None:
    """The field goes before the annotation."""
    project.iam.trust(audience, "k8s-token", "principal://pool")
    cluster = Cluster({"iam.gke.io/gcp-service-account": "other@example.iam.gserviceaccount.com"})
    opened = store(project, cluster, audience=audience, **account(gcpServiceAccountEmail=act_as(project)))
    assert "x" == text(read(opened, "a"))


def test_a_pool_that_does_not_trust_the_token(project: Project, audience: str) -> None:
    """The message says whose token it was."""
    outcome = failed(read(store(project, Cluster(), audience=audience, **account()), "a"))
    assert (Failure.DENIED, "GCP does not take the token of ServiceAccount web/shop (HTTP 400: invalid_grant)") == (
        outcome.failure,
        outcome.message,
    )


def test_an_account_that_may_not_be_acted_as(project: Project, audience: str) -> None:
    """The missing right is named."""
    project.iam.trust(audience, "k8s-token", "principal://pool")
    opened = store(project, Cluster(), audience=audience, **account(gcpServiceAccountEmail="other@p.example"))
    outcome = failed(read(opened, "a"))
    assert Failure.DENIED is outcome.failure
    assert "`iam.serviceAccounts.getAccessToken` on `other@p.example`" in outcome.message


@pytest.mark.parametrize("session", [{}, {("aws", "aws_session_token"): "canary-session"}])
def test_keys_of_aws(project: Project, audience: str, session: dict[tuple[str, str], str]) -> None:
    """A request to AWS, signed for this pool, proves who we are; the session token is optional."""
    keys = {("aws", "aws_access_key_id"): "AKIATEST", ("aws", "aws_secret_access_key"): "canary-secret", **session}
    project.iam.trust(audience, "AKIATEST", "principal://pool")
    opened = store(project, Cluster(secret_keys=keys), audience=audience, awsSecurityCredentials=AWS)
    assert "x" == text(read(opened, "a"))
    assert "the AWS access key in Secret aws" == opened.check().identity


def test_keys_of_aws_that_are_not_there(project: Project, audience: str) -> None:
    """The key of the Secret is named."""
    opened = store(project, Cluster(), audience=audience, awsSecurityCredentials=AWS)
    outcome = failed(read(opened, "a"))
    assert (Failure.MISCONFIGURED, True) == (outcome.failure, "`aws_access_key_id`" in outcome.message)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_configuration_with_an_address(project: Project, audience: str, as_json: bool) -> None:
    """The token comes from the address that the store allows, plain or out of JSON."""
    project.iam.trust(audience, "their-token", "principal://pool")
    body = b'{"id_token": "their-token"}' if as_json else b"their-token"
    with FaultServer() as server:
        server.inject(answer(body=body))
        config = url_config(audience, server.url)
        if as_json:
            config["credential_source"]["format"] = {"type": "json", "subject_token_field_name": "id_token"}
        opened = configured(project, config, externalTokenEndpoint=server.url)
        assert "x" == text(read(opened, "a"))
        assert "the configuration in ConfigMap wif" == opened.check().identity


@pytest.mark.parametrize("place", ["projects/-", "projects/shop-production"])
def test_a_configuration_that_acts_as_an_account(project: Project, audience: str, place: str) -> None:
    """The address of IAM in it names the account, in whichever project; what is called is our own address of it."""
    project.iam.trust(audience, "their-token", "principal://pool")
    with FaultServer() as server:
        server.inject(answer(body=b"their-token"))
        url = f"{IAM}/{act_as(project)}:generateAccessToken".replace("projects/-", place)
        config = url_config(audience, server.url, service_account_impersonation_url=url)
        opened = configured(project, config, externalTokenEndpoint=server.url)
        assert "x" == text(read(opened, "a"))
        assert project.email == opened.check().identity


def test_the_audience_of_the_store_counts(project: Project, audience: str) -> None:
    """It takes the place of the configuration's."""
    project.iam.trust(audience, "their-token", "principal://pool")
    with FaultServer() as server:
        server.inject(answer(body=b"their-token"))
        config = url_config("other", server.url)
        opened = configured(project, config, externalTokenEndpoint=server.url, audience=audience)
        assert "x" == text(read(opened, "a"))


def test_a_configuration_with_a_file(project: Project, audience: str, tmp_path: Path) -> None:
    """Stores from files may name one."""
    project.iam.trust(audience, "their-token", "principal://pool")
    (tmp_path / "token").write_text("their-token")
    config = url_config(audience, "", credential_source={"file": str(tmp_path / "token")})
    assert "x" == text(read(configured(project, config, base="/manifests"), "a"))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"type": "service_account"}, "`external_account`"),
        ({"universe_domain": "example.com"}, "`universe_domain`"),
        ({"token_url": "https://evil.example.com/token"}, "`token_url`"),
        ({"service_account_impersonation_url": "https://evil.example.com/x:generateAccessToken"}, "iamcredentials"),
        ({"service_account_impersonation_url": f"{IAM}/../x:generateAccessToken"}, "iamcredentials"),
        ({"credential_source": None}, "`credential_source` is missing"),
        ({"credential_source": "x"}, "`credential_source` is missing"),
        ({"credential_source": {}}, "does not take it"),
        ({"credential_source": {"executable": {"command": "id"}}}, "programs are not run"),
        ({"credential_source": {"file": "/var/run/secrets/x"}}, "credential_source.file` serves only"),
        ({"credential_source": {"certificate": {"use_default_certificate_config": True}}}, "certificate` serves only"),
        ({"credential_source": AWS_SOURCE}, "environment_id` serves only"),
        ({"credential_source": {"url": "https://other"}}, "externalTokenEndpoint"),
        ({"credential_source": {"url": "https://t", "format": {"type": "xml"}}}, "does not take it"),
        ({"audience": ""}, "`audience` is missing"),
    ],
)
def test_what_a_configuration_from_a_cluster_may_not_say(project: Project, changes: dict[str, Any], why: str) -> None:
    """Nobody may have syncd's own files, programs and identity used, or tokens sent elsewhere."""
    opened = configured(project, url_config("a", "https://t") | changes, externalTokenEndpoint="https://t")
    outcome = failed(read(opened, "a"))
    assert Failure.MISCONFIGURED is outcome.failure
    assert outcome.message.startswith("credConfig: key `config.json` of the configuration in ConfigMap wif: ")
    assert why in outcome.message


@pytest.mark.parametrize("host", ["metadata.google.internal", "169.254.169.254", "[fd00:ec2::254]"])
def test_the_identity_of_the_machine_is_not_for_everybody(project: Project, host: str) -> None:
    """A ConfigMap could have the metadata server asked for a token of syncd's own."""
    url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/identity?audience=x"
    outcome = failed(read(configured(project, url_config("a", url), externalTokenEndpoint=url), "a"))
    assert "the machine's own identity serves only stores from files" in outcome.message


def test_addresses_of_aws(project: Project) -> None:
    """Even from files they are those that AWS gives to its machines."""
    source = {**AWS_SOURCE, "url": "http://evil.example.com/latest/meta-data/iam/security-credentials"}
    config = url_config("a", "", credential_source=source)
    outcome = failed(read(configured(project, config, base="/manifests"), "a"))
    assert "`credential_source.url` must be the address that AWS gives" in outcome.message


@pytest.mark.parametrize("content", ["", "no json", "[]"])
def test_what_is_no_configuration(project: Project, content: str) -> None:
    """The key of the ConfigMap is named."""
    outcome = failed(read(configured(project, content), "a"))
    assert outcome.message.endswith("it is no JSON of type `external_account`")


def test_the_environment_may_name_one_too(
    gcp: Gcp, project: Project, audience: str, gcp_env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As GitHub Actions does it: whoever sets the variable may use files."""
    project.iam.trust(audience, "their-token", "principal://pool")
    (tmp_path / "token").write_text("their-token")
    source = {"file": str(tmp_path / "token")}
    info = url_config(audience, "", credential_source=source, token_url=f"{gcp.url}/v1/token")
    (tmp_path / "wif.json").write_text(json.dumps(info))
    gcp_env.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "wif.json"))
    opened = open_gcp({"projectID": project.id}, GivenCredentials(), base="/manifests")
    assert "x" == text(read(opened, "a"))
