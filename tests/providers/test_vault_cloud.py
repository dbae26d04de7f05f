"""Vault's logins with an identity of AWS or GCP, against fakes that verify what is signed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.credentials import ReadOnlyCredentials
from moto.sts.models import sts_backends

from syncd.providers.api import Failed, Failure, StoreError
from syncd.providers.given import GivenCredentials
from syncd.providers.vault_store import VaultStore
from tests.providers.aws_stores import GIVEN, JWT, KEYS, ROLE
from tests.providers.aws_stores import Cluster as AwsCluster
from tests.providers.test_gcp_login import GKE, GKE_AUDIENCE
from tests.providers.test_gcp_login import Cluster as GcpCluster
from tests.providers.vault_logins import CloudLogin, GcpLogin, IamLogin, token_for
from tests.providers.vaults import failed, open_vault, read, text
from tests.servers.faults import Fault, FaultServer, error, hang
from tests.servers.gcp import Gcp
from tests.servers.openbao import OpenBao

EMAIL = "shop@infra.iam.gserviceaccount.com"
KEY_REF = {"secretRef": {"secretAccessKeySecretRef": {"name": "gcp", "key": "key.json"}}}


class Vault:
    """OpenBao with one secret, behind a place where logins can be faked."""

    def __init__(self, bao: OpenBao, front: FaultServer) -> None:
        self.front, self.mount = front, bao.kv()
        bao.client().secrets.kv.v2.create_or_update_secret("a", secret={"user": "ann"}, mount_point=self.mount)
        self.token = token_for(bao, self.mount)

    def has(self, login: Fault, method: str) -> None:
        self.front.inject(login, method="POST", path=f"/v1/auth/{method}/login")

    def store(self, auth: dict[str, Any], credentials: GivenCredentials, **options: Any) -> VaultStore:
        config = {"server": self.front.url, "path": self.mount, "auth": auth}
        return open_vault(config, credentials, **{"base": "manifests", **options})

    def read(self, auth: dict[str, Any], credentials: GivenCredentials, **options: Any) -> str:
        return text(read(self.store(auth, credentials, **options), "a"))

    def fails(self, auth: dict[str, Any], credentials: GivenCredentials, **options: Any) -> Failed:
        return failed(read(self.store(auth, credentials, **options), "a"))


@pytest.fixture
def vault(openbao: OpenBao) -> Iterator[Vault]:
    with FaultServer(openbao.url) as front:
        yield Vault(openbao, front)


@pytest.fixture
def iam(vault: Vault, aws_env: pytest.MonkeyPatch) -> IamLogin:
    """An AWS auth whose role `shop` takes the key of `GIVEN`, and sessions of STS."""
    login = IamLogin(role="shop", token=vault.token, keys=keys_of)
    vault.has(login, "aws")
    return login


@pytest.fixture
def gcp_auth(vault: Vault, gcp: Gcp, gcp_env: pytest.MonkeyPatch) -> GcpLogin:
    """A GCP auth with the role `shop`."""
    login = GcpLogin(role="shop", token=vault.token, iam=gcp.iam)
    vault.has(login, "gcp")
    return login


def keys_of(access_key: str) -> ReadOnlyCredentials:
    """The keys that AWS knows under this id."""
    if access_key == GIVEN["aws", "id"]:
        return ReadOnlyCredentials(access_key, GIVEN["aws", "key"], None)
    session = sts_backends["123456789012"]["aws"].get_assumed_role_from_access_key(access_key)
    assert session, "security token invalid"
    return ReadOnlyCredentials(access_key, session.secret_access_key, session.session_token)


def iam_auth(**fields: Any) -> dict[str, Any]:
    return {"iam": {"vaultRole": "shop", **KEYS, **fields}}


def test_iam_with_keys_out_of_a_secret(vault: Vault, iam: IamLogin) -> None:
    """The question who we are is signed with them; the token that comes back reads the secret."""
    assert '{"user":"ann"}' == vault.read(iam_auth(), GivenCredentials(GIVEN))
    assert [GIVEN["aws", "id"]] == iam.logins


def test_iam_logs_in_once(vault: Vault, iam: IamLogin) -> None:
    """Further reads use the same token, and the end revokes it."""
    store = vault.store(iam_auth(), GivenCredentials(GIVEN))
    for _ in range(3):
        assert '{"user":"ann"}' == text(read(store, "a"))
    store.close()
    assert 1 == len(iam.logins)
    assert 1 == vault.front.count("/v1/auth/token/revoke-self")


def test_iam_in_a_region(vault: Vault, iam: IamLogin) -> None:
    """The address and the signature are those of that region's STS."""
    iam.region, iam.host = "eu-central-1", "sts.eu-central-1.amazonaws.com"
    assert '{"user":"ann"}' == vault.read(iam_auth(region="eu-central-1"), GivenCredentials(GIVEN))


def test_iam_names_the_server(vault: Vault, iam: IamLogin) -> None:
    """`vaultAwsIamServerID` is a header, and signed."""
    iam.server_id = "vault.example.com"
    assert '{"user":"ann"}' == vault.read(iam_auth(vaultAwsIamServerID="vault.example.com"), GivenCredentials(GIVEN))


def test_iam_at_another_path(vault: Vault, iam: IamLogin) -> None:
    """`path` is where the method is mounted."""
    vault.has(iam, "cloud/aws")
    assert '{"user":"ann"}' == vault.read(iam_auth(path="cloud/aws"), GivenCredentials(GIVEN))
    assert 1 == vault.front.count("/v1/auth/cloud/aws/login")


def test_iam_assumes_a_role(vault: Vault, iam: IamLogin) -> None:
    """With `role` the session of that role signs, session token and all."""
    assert '{"user":"ann"}' == vault.read(iam_auth(role=ROLE, externalID="shop-1"), GivenCredentials(GIVEN))
    session = sts_backends["123456789012"]["aws"].get_assumed_role_from_access_key(iam.logins[0])
    assert session
    assert (ROLE, "shop-1") == (session.role_arn, session.external_id)


def test_iam_by_service_account(vault: Vault, iam: IamLogin) -> None:
    """IRSA: the role of the account's annotation, for a token of the account."""
    cluster = AwsCluster({"eks.amazonaws.com/role-arn": ROLE})
    assert '{"user":"ann"}' == vault.read({"iam": {"vaultRole": "shop", **JWT}}, cluster, base="")
    assert [("shop", ("sts.amazonaws.com",), None)] == cluster.asked


def test_iam_with_the_keys_of_the_machine(vault: Vault, iam: IamLogin, aws_env: pytest.MonkeyPatch) -> None:
    """Without keys in the manifest those of the environment sign, for stores from files."""
    aws_env.setenv("AWS_ACCESS_KEY_ID", GIVEN["aws", "id"])
    aws_env.setenv("AWS_SECRET_ACCESS_KEY", GIVEN["aws", "key"])
    assert '{"user":"ann"}' == vault.read({"iam": {"vaultRole": "shop"}}, GivenCredentials())


def test_iam_without_any_keys(vault: Vault, iam: IamLogin) -> None:
    """The failure says that there are no AWS credentials; Vault is not asked."""
    failure = vault.fails({"iam": {"vaultRole": "shop"}}, GivenCredentials())
    assert Failure.DENIED == failure.failure
    assert "AWS" in failure.message
    assert [] == vault.front.calls


def test_iam_with_a_wrong_key(vault: Vault, iam: IamLogin) -> None:
    """The refusal names role and path, and neither key nor signature."""
    wrong = GivenCredentials({**GIVEN, ("aws", "key"): "kanarie-aws-5"})
    failure = vault.fails(iam_auth(), wrong)
    expected = "Vault refused the login as role `shop` of the AWS auth at `aws` with the access key in Secret aws"
    assert (Failure.DENIED, expected) == (failure.failure, failure.message)


def test_iam_with_an_unknown_region(vault: Vault, iam: IamLogin) -> None:
    """A region that AWS does not have is a mistake of the manifest, and no host to send anything to."""
    failure = vault.fails(iam_auth(region="evil.example.com/"), GivenCredentials(GIVEN))
    assert Failure.MISCONFIGURED == failure.failure
    assert [] == vault.front.calls


def test_gcp_with_a_key_out_of_a_secret(vault: Vault, gcp: Gcp, gcp_auth: GcpLogin) -> None:
    """The key signs for the audience of the role by itself, without asking Google."""
    given = GivenCredentials({("gcp", "key.json"): gcp.iam.key(EMAIL)})
    assert '{"user":"ann"}' == vault.read({"gcp": {"role": "shop", **KEY_REF}}, given, base="")
    assert [EMAIL] == gcp_auth.logins


def test_gcp_with_a_revoked_key(vault: Vault, gcp: Gcp, gcp_auth: GcpLogin) -> None:
    """A key that Google does not know any more is refused."""
    key = gcp.iam.key(EMAIL)
    gcp.iam.revoke_key(key)
    failure = vault.fails({"gcp": {"role": "shop", **KEY_REF}}, GivenCredentials({("gcp", "key.json"): key}))
    expected = (
        "Vault refused the login as role `shop` of the GCP auth at `gcp` with the service account key in Secret gcp"
    )
    assert (Failure.DENIED, expected) == (failure.failure, failure.message)


def test_gcp_for_another_role(vault: Vault, gcp: Gcp, gcp_auth: GcpLogin) -> None:
    """What is signed for one role does not open another."""
    given = GivenCredentials({("gcp", "key.json"): gcp.iam.key(EMAIL)})
    assert Failure.DENIED == vault.fails({"gcp": {"role": "other", **KEY_REF}}, given).failure
    assert [] == gcp_auth.logins


@pytest.mark.parametrize("form", ["workloadIdentity", "serviceAccountRef"])
def test_gcp_by_service_account(
    vault: Vault, gcp: Gcp, gcp_auth: GcpLogin, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GKE: Google signs for the annotated account; what the manifest leaves out of the cluster the machine knows."""
    names = {"cluster-name": "main", "cluster-location": "europe-west8"}
    machine = {f"instance/attributes/{name}": value for name, value in names.items()}
    monkeypatch.setattr(gcp.tokens, "machine", {"project/project-id": "infra", **machine})
    gcp.iam.trust(GKE_AUDIENCE, "k8s-token-1", "pool:shop")
    gcp.iam.grant("pool:shop", "iam.serviceAccounts.signJwt", EMAIL)
    cluster = GcpCluster("k8s-token-1", {"iam.gke.io/gcp-service-account": EMAIL})
    fields = {"workloadIdentity": GKE} if form == "workloadIdentity" else {form: GKE["serviceAccountRef"]}
    assert '{"user":"ann"}' == vault.read({"gcp": {"role": "shop", **fields}}, cluster, base="")
    assert [EMAIL] == gcp_auth.logins


def test_gcp_without_the_right_to_sign(vault: Vault, gcp: Gcp, gcp_auth: GcpLogin) -> None:
    """The missing right is named, with a role of Google's that has it."""
    gcp.iam.trust(GKE_AUDIENCE, "k8s-token-2", "pool:web")
    cluster = GcpCluster("k8s-token-2", {"iam.gke.io/gcp-service-account": EMAIL})
    failure = vault.fails({"gcp": {"role": "shop", "workloadIdentity": GKE}}, cluster)
    assert Failure.DENIED == failure.failure
    assert f"`iam.serviceAccounts.signJwt` on `{EMAIL}`" in failure.message
    assert "roles/iam.serviceAccountTokenCreator" in failure.hint


def test_gcp_with_an_account_that_cannot_sign(vault: Vault, gcp: Gcp, gcp_auth: GcpLogin) -> None:
    """A service account without an annotation has no account of Google's."""
    gcp.iam.trust(GKE_AUDIENCE, "k8s-token-3", "pool:bare")
    failure = vault.fails({"gcp": {"role": "shop", "workloadIdentity": GKE}}, GcpCluster("k8s-token-3"))
    assert (Failure.MISCONFIGURED, "annotate it with `iam.gke.io/gcp-service-account`") == (
        failure.failure,
        failure.hint,
    )


def test_gcp_as_the_machine(vault: Vault, gcp: Gcp, gcp_auth: GcpLogin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a reference the machine's own account proves itself, for stores from files."""
    account = {"instance/service-accounts/default/email": "vm@infra.iam.gserviceaccount.com"}
    monkeypatch.setattr(gcp.tokens, "machine", {"project/project-id": "infra", **account})
    assert '{"user":"ann"}' == vault.read({"gcp": {"role": "shop"}}, GivenCredentials())
    assert ["machine of vm@infra.iam.gserviceaccount.com"] == gcp_auth.logins


def test_gcp_with_the_key_of_the_machine(
    vault: Vault, gcp: Gcp, gcp_auth: GcpLogin, gcp_env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A key in the file of application-default credentials signs as one out of a Secret."""
    (tmp_path / "key.json").write_text(gcp.iam.key(EMAIL))
    gcp_env.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    assert '{"user":"ann"}' == vault.read({"gcp": {"role": "shop"}}, GivenCredentials())
    assert [EMAIL] == gcp_auth.logins


def test_gcp_with_the_login_of_a_person(
    vault: Vault, gcp_auth: GcpLogin, gcp_env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Vault takes service accounts only; the failure says what to set."""
    login = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "kanarie-r-1"}
    (tmp_path / "login.json").write_text(json.dumps(login))
    gcp_env.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "login.json"))
    failure = vault.fails({"gcp": {"role": "shop"}}, GivenCredentials())
    assert (Failure.DENIED, "set `secretRef` or `workloadIdentity`") == (failure.failure, failure.hint)


@pytest.mark.parametrize("method", ["iam", "gcp"])
def test_a_store_from_the_cluster_has_no_identity_of_the_machine(vault: Vault, method: str) -> None:
    """A tenant cannot have syncd prove its own identity to a server of the tenant's choice."""
    store = {"server": "https://evil.example.com", "auth": {method: {"role": "r", "vaultRole": "r"}}}
    with pytest.raises(StoreError, match="serve only stores from files"):
        open_vault(store)


@pytest.mark.parametrize(("fault", "failure"), [(error(503), Failure.UNAVAILABLE), (hang(), Failure.TIMEOUT)])
def test_a_server_that_fails_in_the_login(
    vault: Vault, aws_env: pytest.MonkeyPatch, fault: Fault, failure: Failure
) -> None:
    """A login that got no answer is not a refused one."""
    vault.has(fault, "aws")
    assert failure is vault.fails(iam_auth(), GivenCredentials(GIVEN), timeout=0.3).failure


def test_each_login_verifies(vault: Vault, iam: IamLogin, gcp_auth: GcpLogin) -> None:
    """The fakes are no yes-men: what is not signed opens nothing."""
    logins: list[tuple[CloudLogin, str]] = [(iam, "aws"), (gcp_auth, "gcp")]
    for login, method in logins:
        url = f"{vault.front.url}/v1/auth/{method}/login"
        assert 400 == requests.post(url, json={"role": "shop", "jwt": "a.b.c"}, timeout=5).status_code
        assert [] == login.logins
