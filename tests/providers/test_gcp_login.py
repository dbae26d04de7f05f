"""Who the provider `gcpsm` is to GCP: a key, a service account of GKE, or what the machine has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncd.model import SecretValue
from syncd.providers import registry
from syncd.providers.api import Failed, Failure, RemoteKey, StoreAuth, StoreError
from syncd.providers.gcp_store import GcpStore
from syncd.providers.given import GivenCredentials, store_config
from tests.providers.gcp_stores import KEY, failed, gcp_config, given, open_gcp, read, text
from tests.servers.faults import FaultServer, answer, error, hang, throttled, wrong_json
from tests.servers.gcp import RIGHTS, Gcp, Project

POOL = "infra.svc.id.goog"
PROVIDER = "https://container.googleapis.com/v1/projects/infra/locations/europe-west8/clusters/main"
GKE_AUDIENCE = f"identitynamespace:{POOL}:{PROVIDER}"
GKE = {
    "serviceAccountRef": {"name": "shop", "namespace": "web", "audiences": ["extra"]},
    "clusterName": "main",
    "clusterLocation": "europe-west8",
    "clusterProjectID": "infra",
}


class Cluster(GivenCredentials):
    """Credentials with a service account; notes what was asked for."""

    def __init__(self, token: str, annotations: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.token = token
        self.annotations = annotations or {}
        self.asked: list[tuple[str, tuple[str, ...], str | None]] = []

    def service_account_annotations(self, name: str, namespace: str | None = None) -> Mapping[str, str]:
        return self.annotations

    def service_account_token(
        self, name: str, audiences: Sequence[str], namespace: str | None = None, expiration: int = 600
    ) -> SecretValue:
        self.asked.append((name, tuple(audiences), namespace))
        return SecretValue(self.token)


@pytest.fixture
def project(gcp: Gcp, gcp_env: pytest.MonkeyPatch) -> Project:
    """A new project with one secret."""
    project = gcp.project()
    project.put("a", "x")
    return project


@pytest.fixture
def front(gcp: Gcp, gcp_env: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """What stands before all that gives tokens."""
    with FaultServer(gcp.url) as server:
        for service in ("IAMCREDENTIALS", "STS", "SECURETOKEN"):
            gcp_env.setenv(f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{service}", server.url)
        gcp_env.setenv("CLOUDSDK_AUTH_TOKEN_HOST", f"{server.url}/token")
        gcp_env.setenv("GCE_METADATA_HOST", server.url.removeprefix("http://"))
        yield server


@pytest.fixture
def machine(gcp: Gcp, project: Project) -> Iterator[dict[str, str]]:
    """A metadata server that knows the machine."""
    email = "node@infra.iam.gserviceaccount.com"
    allow(project, email)
    token = json.dumps({"access_token": project.iam.issue(email), "expires_in": 3600, "token_type": "Bearer"})
    gcp.tokens.machine.update(
        {
            "project/project-id": "infra",
            "instance/attributes/cluster-name": "main",
            "instance/attributes/cluster-location": "europe-west8",
            "instance/service-accounts/default/email": email,
            "instance/service-accounts/default/token": token,
        }
    )
    yield gcp.tokens.machine
    gcp.tokens.machine.clear()


def allow(project: Project, principal: str, *rights: str) -> None:
    for right in rights or RIGHTS:
        project.iam.grant(principal, f"secretmanager.{right}", f"projects/{project.id}")


def gke(project: Project, cluster: Cluster, **fields: Any) -> GcpStore:
    """A store of a service account of GKE."""
    return open_gcp(gcp_config(project, auth={"workloadIdentity": {**GKE, **fields}}), cluster)


def trusted(project: Project, principal: str = "infra.svc.id.goog[web/shop]") -> str:
    """A Kubernetes token that GKE takes for `principal`."""
    token = f"k8s.{project.id}.token"
    project.iam.trust(GKE_AUDIENCE, token, principal)
    return token


def ambient(**config: Any) -> GcpStore:
    """A store from a file, without `auth`."""
    return open_gcp(config, GivenCredentials(), base="/manifests")


def key_of(project: Project, **changes: Any) -> str:
    return json.dumps({**json.loads(project.key(*RIGHTS)), **changes})


def test_a_key_asks_nobody_for_a_token(project: Project, front: FaultServer) -> None:
    """It signs its own, which GCP takes for the account's."""
    store = open_gcp(gcp_config(project), given(project.key(*RIGHTS)))
    assert "x" == text(read(store, "a"))
    assert project.email == store.check().identity
    assert 0 == front.count()


def test_the_project_of_a_key_stands_in(project: Project) -> None:
    """Where the store names none."""
    assert "x" == text(read(open_gcp({"auth": KEY}, given(project.key(*RIGHTS))), "a"))


def test_a_key_without_a_project(project: Project, machine: dict[str, str]) -> None:
    """What machine it is used on says nothing about it."""
    outcome = failed(read(open_gcp({"auth": KEY}, given(key_of(project, project_id=""))), "a"))
    assert Failure.MISCONFIGURED is outcome.failure
    assert outcome.message.startswith("projectID: is required")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "no json",
        "[]",
        '{"type": "authorized_user", "client_id": "i", "client_secret": "s", "refresh_token": "canary-r"}',
        '{"type": "service_account"}',
        '{"type": "service_account", "client_email": "a", "token_uri": "u", "private_key": "canary-k"}',
        '{"type": "service_account", "client_email": "a", "token_uri": "u", "private_key": 1}',
    ],
)
def test_what_is_no_key(project: Project, key: str) -> None:
    """The field is named, and nothing of the content is shown."""
    outcome = failed(read(open_gcp(gcp_config(project), given(key)), "a"))
    assert Failure.MISCONFIGURED is outcome.failure
    assert outcome.message.startswith("spec.provider.gcpsm.auth.secretRef.secretAccessKeySecretRef: key `key.json` of")
    assert "canary" not in f"{outcome}"


def test_a_secret_that_is_not_there(project: Project) -> None:
    """What the cluster says is handed on."""
    outcome = failed(read(open_gcp(gcp_config(project), GivenCredentials()), "a"))
    assert (Failure.MISCONFIGURED, True) == (outcome.failure, "is not given" in outcome.message)


def test_gke_acts_as_the_account_of_the_annotation(project: Project) -> None:
    """A token of the service account, for the pool and the audiences of the manifest; then one of the pool's own."""
    email = project.email
    allow(project, email)
    token = trusted(project)
    project.iam.grant("infra.svc.id.goog[web/shop]", "iam.serviceAccounts.getAccessToken", email)
    cluster = Cluster(token, {"iam.gke.io/gcp-service-account": email})
    store = gke(project, cluster)
    assert "x" == text(read(store, "a"))
    assert email == store.check().identity
    assert [("shop", (POOL, "extra"), "web")] == cluster.asked


def test_gke_without_an_annotation(project: Project) -> None:
    """The service account itself has the rights."""
    allow(project, "infra.svc.id.goog[web/shop]")
    store = gke(project, Cluster(trusted(project)))
    assert "x" == text(read(store, "a"))
    assert "ServiceAccount web/shop" == store.check().identity


def test_gke_asks_the_machine_for_the_cluster(project: Project, machine: dict[str, str]) -> None:
    """What the manifest leaves out, a node of GKE knows."""
    allow(project, "infra.svc.id.goog[web/shop]")
    store = gke(project, Cluster(trusted(project)), clusterName="", clusterLocation="", clusterProjectID="")
    assert "x" == text(read(store, "a"))


def test_the_project_of_the_cluster_stands_in(gcp: Gcp, project: Project, machine: dict[str, str]) -> None:
    """Where the store names none: that of the manifest's cluster, or of the machine."""
    allow(project, "p")
    cluster = Cluster("k8s-token")
    provider = PROVIDER.replace("infra", project.id)
    project.iam.trust(f"identitynamespace:{project.id}.svc.id.goog:{provider}", "k8s-token", "p")
    auth = {"workloadIdentity": {**GKE, "clusterProjectID": project.id}}
    assert "x" == text(read(open_gcp({"auth": auth}, cluster), "a"))
    gcp.tokens.machine["project/project-id"] = project.id
    auth = {"workloadIdentity": {**GKE, "clusterProjectID": ""}}
    assert "x" == text(read(open_gcp({"auth": auth}, cluster), "a"))


def test_gke_elsewhere_needs_the_cluster(project: Project, gcp: Gcp, machine: dict[str, str]) -> None:
    """A machine of Google's that is no node of GKE: the fields are named."""
    del gcp.tokens.machine["instance/attributes/cluster-name"]
    outcome = failed(read(gke(project, Cluster(trusted(project)), clusterName=""), "a"))
    assert Failure.MISCONFIGURED is outcome.failure
    assert "`clusterName`" in outcome.hint


def test_gke_that_does_not_trust_the_token(project: Project) -> None:
    """GCP says 400, and means the login."""
    outcome = failed(read(gke(project, Cluster("canary-token")), "a"))
    assert (Failure.DENIED, "GCP does not take the token of ServiceAccount web/shop (HTTP 400: invalid_grant)") == (
        outcome.failure,
        outcome.message,
    )
    assert "the name of the cluster" in outcome.hint
    assert "canary" not in f"{outcome}"


def test_gke_that_may_not_act_as_the_account(project: Project) -> None:
    """The missing right is named, on which account, and the role that has it."""
    cluster = Cluster(trusted(project), {"iam.gke.io/gcp-service-account": project.email})
    outcome = failed(read(gke(project, cluster), "a"))
    assert Failure.DENIED is outcome.failure
    assert f"`iam.serviceAccounts.getAccessToken` on `{project.email}` to ServiceAccount web/shop" in outcome.message
    assert "`roles/iam.workloadIdentityUser`" in outcome.hint


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (throttled("7"), Failure.THROTTLED),
        (error(500), Failure.UNAVAILABLE),
        (error(503), Failure.UNAVAILABLE),
        (error(403), Failure.DENIED),
        (answer(302, Location="https://portal.example.com/"), Failure.MISCONFIGURED),
        (wrong_json(), Failure.UNAVAILABLE),
        (wrong_json({}), Failure.UNAVAILABLE),
        (wrong_json([1]), Failure.UNAVAILABLE),
        (wrong_json({"access_token": "x", "expires_in": "soon"}), Failure.UNAVAILABLE),
        (wrong_json({"accessToken": "x", "expireTime": "soon"}), Failure.UNAVAILABLE),
        (hang(), Failure.TIMEOUT),
    ],
)
@pytest.mark.parametrize("step", ["*/identitybindingtoken", "*:generateAccessToken"])
def test_faults_of_a_login(project: Project, front: FaultServer, fault: Any, failure: Failure, step: str) -> None:
    """Each step fails as what it is, and is asked once."""
    front.inject(fault, path=step)
    project.iam.grant("infra.svc.id.goog[web/shop]", "iam.serviceAccounts.getAccessToken", project.email)
    cluster = Cluster(trusted(project), {"iam.gke.io/gcp-service-account": project.email})
    auth = {"workloadIdentity": GKE}
    store = open_gcp(gcp_config(project, auth=auth), cluster, timeout=0.5)
    assert failure is failed(read(store, "a")).failure
    assert 1 == front.count(step)


def test_what_the_cluster_refuses(project: Project) -> None:
    """An error of the cluster stays what it is."""

    class Refusing(Cluster):
        def service_account_annotations(self, name: str, namespace: str | None = None) -> Mapping[str, str]:
            raise StoreError(Failure.DENIED, "may not get serviceaccounts")

    outcome = failed(read(gke(project, Refusing("x")), "a"))
    assert (Failure.DENIED, "may not get serviceaccounts") == (outcome.failure, outcome.message)


def test_a_file_of_the_environment(project: Project, gcp_env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """GOOGLE_APPLICATION_CREDENTIALS, a key with its project."""
    (tmp_path / "key.json").write_text(project.key(*RIGHTS))
    gcp_env.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    store = ambient()
    assert "x" == text(read(store, "a"))
    assert project.email == store.check().identity


def login_of_gcloud(project: Project, tmp_path: Path, **changes: str) -> None:
    """What `gcloud auth application-default login` leaves behind."""
    allow(project, "ann@example.com")
    project.iam.allow_refresh("refresh-1", "ann@example.com")
    info = {"type": "authorized_user", "client_id": "id", "client_secret": "s", "refresh_token": "refresh-1", **changes}
    (tmp_path / "application_default_credentials.json").write_text(json.dumps(info))


def test_a_login_of_gcloud(project: Project, tmp_path: Path) -> None:
    """The file is found in the folder of gcloud."""
    login_of_gcloud(project, tmp_path)
    assert "x" == text(read(ambient(projectID=project.id), "a"))


def test_a_login_of_gcloud_that_has_ended(project: Project, tmp_path: Path) -> None:
    """The command that helps is named."""
    login_of_gcloud(project, tmp_path, refresh_token="canary-old")
    outcome = failed(read(ambient(projectID=project.id), "a"))
    assert Failure.DENIED is outcome.failure
    assert "is refused (HTTP 400: invalid_grant)" in outcome.message
    assert "gcloud auth application-default login" in outcome.hint
    assert "canary" not in f"{outcome}"


@pytest.mark.parametrize(("fault", "failure"), [(error(503), Failure.UNAVAILABLE), (throttled(), Failure.THROTTLED)])
def test_google_auth_does_not_retry(
    project: Project, front: FaultServer, tmp_path: Path, fault: Any, failure: Failure
) -> None:
    """It would, with pauses of its own."""
    login_of_gcloud(project, tmp_path)
    front.inject(fault)
    assert failure is failed(read(ambient(projectID=project.id), "a")).failure
    assert 1 == front.count()


def test_the_quota_project(project: Project, gcp: Gcp, gcp_env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Logins of people name who pays; it is sent along."""
    login_of_gcloud(project, tmp_path, quota_project_id="payer")
    with FaultServer(gcp.url) as server:
        for name, value in gcp.rest_variables(server.url).items():
            gcp_env.setenv(name, value)
        read(ambient(projectID=project.id), "a")
        gcp_env.setenv("GOOGLE_CLOUD_QUOTA_PROJECT", "other")
        read(ambient(projectID=project.id), "a")
        assert ["payer", "other"] == [call.headers["x-goog-user-project"] for call in server.calls]


def test_an_impersonated_account(project: Project, gcp: Gcp, tmp_path: Path) -> None:
    """What `--impersonate-service-account` leaves behind."""
    login_of_gcloud(project, tmp_path)
    file = tmp_path / "application_default_credentials.json"
    source = json.loads(file.read_text())
    url = f"{gcp.url}/v1/projects/-/serviceAccounts/{project.email}:generateAccessToken"
    info = {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": url,
        "source_credentials": source,
    }
    file.write_text(json.dumps(info))
    allow(project, project.email)
    store = ambient(projectID=project.id)
    assert Failure.DENIED is failed(read(store, "a")).failure
    project.iam.grant("ann@example.com", "iam.serviceAccounts.getAccessToken", project.email)
    store = ambient(projectID=project.id)
    assert "x" == text(read(store, "a"))
    assert project.email == store.check().identity


@pytest.mark.parametrize("content", ["", "{}", '{"type": "gdch_service_account"}', '{"type": "authorized_user"}'])
def test_a_file_that_is_not_right(project: Project, tmp_path: Path, content: str) -> None:
    """Its path is named."""
    file = tmp_path / "application_default_credentials.json"
    file.write_text(content)
    outcome = failed(read(ambient(projectID=project.id), "a"))
    assert (Failure.DENIED, True) == (outcome.failure, f"`{file}` is not right" in outcome.message)


def test_a_file_that_is_not_there(project: Project, gcp_env: pytest.MonkeyPatch) -> None:
    """The variable is named."""
    gcp_env.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json")
    outcome = failed(read(ambient(projectID=project.id), "a"))
    assert (Failure.DENIED, True) == (outcome.failure, "`/nowhere.json` cannot be read" in outcome.message)
    assert "GOOGLE_APPLICATION_CREDENTIALS" in outcome.hint


def test_the_account_of_the_machine(project: Project, machine: dict[str, str]) -> None:
    """The metadata server gives the token, and the project where nobody names one."""
    machine["project/project-id"] = project.id
    store = ambient()
    assert "x" == text(read(store, "a"))
    assert "node@infra.iam.gserviceaccount.com" == store.check().identity


def test_the_project_of_the_environment(project: Project, machine: dict[str, str], gcp_env: pytest.MonkeyPatch) -> None:
    """GOOGLE_CLOUD_PROJECT goes before that of the machine."""
    gcp_env.setenv("GOOGLE_CLOUD_PROJECT", project.id)
    assert "x" == text(read(ambient(), "a"))


def test_a_machine_without_an_account(project: Project, machine: dict[str, str]) -> None:
    """It is one of Google's, and may do nothing."""
    del machine["instance/service-accounts/default/email"]
    assert Failure.DENIED is failed(read(ambient(projectID=project.id), "a")).failure


@pytest.mark.parametrize("fault", [error(503), wrong_json(), answer(404), hang()])
def test_no_credentials_at_all(project: Project, front: FaultServer, fault: Any) -> None:
    """What was looked for is said; it is tried again, because the metadata server of a new pod may be late."""
    front.inject(fault)
    store = open_gcp({"projectID": project.id}, GivenCredentials(), base="/manifests", timeout=0.5)
    outcome = failed(read(store, "a"))
    assert (Failure.UNAVAILABLE, True) == (outcome.failure, outcome.message.startswith("no GCP credentials"))


def test_store_auth_ambient(project: Project, gcp_env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`--store-auth ambient` leaves the manifest's `auth` aside, for stores from files only."""
    (tmp_path / "key.json").write_text(project.key(*RIGHTS))
    gcp_env.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    config = store_config("gcpsm", gcp_config(project), base="/manifests")
    store = registry.open_store(replace(config, auth=StoreAuth.AMBIENT), GivenCredentials())
    assert not isinstance(store, Failed)
    assert "x" == text(store.fetch([RemoteKey("a")])[RemoteKey("a")])
    assert isinstance(registry.open_store(replace(config, auth=StoreAuth.AMBIENT, base=""), GivenCredentials()), Failed)
    assert "application-default credentials" == registry.ambient("gcpsm")
