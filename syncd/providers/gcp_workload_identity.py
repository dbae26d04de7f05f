"""Workload identity of GKE: a Kubernetes token for a token of the cluster's pool, and that for one of an account.

The steps and their parameters are those of External Secrets Operator (`workload_identity.go`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

import orjson
from google.auth.credentials import Credentials as GoogleCredentials

from syncd.providers.api import Credentials, Failure, StoreError
from syncd.providers.gcp_config import WorkloadIdentityAuth
from syncd.providers.gcp_endpoints import Service, address
from syncd.providers.gcp_errors import nonsense
from syncd.providers.gcp_http import TokenHttp
from syncd.providers.gcp_json import SCOPE
from syncd.providers.gcp_metadata import Metadata, ends_in

ACCOUNT_ANNOTATION = "iam.gke.io/gcp-service-account"
_LIFETIME = 600.0
"""Seconds, when the answer says none."""


class GkeCredentials(GoogleCredentials):
    """The account that a Kubernetes service account is annotated with, or that service account itself."""

    def __init__(
        self, auth: WorkloadIdentityAuth, credentials: Credentials, http: TokenHttp, metadata: Metadata
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth is half typed
        self._auth = auth
        self._cluster_credentials = credentials
        self._http = http
        self._metadata = metadata
        self.service_account_email = ""

    def refresh(self, _: object) -> None:
        """Raises StoreError."""
        email, (bound, expiry) = self._account()
        if email:
            bound, expiry = self._of_account(email, bound)
        self.service_account_email, self.token, self.expiry = email, bound, expiry

    def sign_jwt(self, claims: Mapping[str, object]) -> str:
        """A JWT of the account with these claims, signed by Google. Raises StoreError."""
        email, (bound, _) = self._account()
        if not email:
            message = f"{self._auth.account} names no service account of Google's, and only those can sign"
            raise StoreError(Failure.MISCONFIGURED, message, hint=f"annotate it with `{ACCOUNT_ANNOTATION}`")
        payload = orjson.dumps({"sub": email, **claims}).decode()
        answer = self._http.post(_iam(email, "signJwt"), {"payload": payload}, {"Authorization": f"Bearer {bound}"})
        signed = answer.get("signedJwt")
        if not isinstance(signed, str) or not signed:
            raise nonsense(address(Service.IAM).host)
        return signed

    def _account(self) -> tuple[str, tuple[str, datetime]]:
        """The annotated account, which may be empty, and a token of the pool with its end."""
        account = self._auth.account
        annotations = self._cluster_credentials.service_account_annotations(account.name, account.namespace)
        pool, provider = self._cluster()
        audiences = (pool, *account.audiences)
        token = self._cluster_credentials.service_account_token(account.name, audiences, account.namespace)
        bound = self._bound(token.reveal().decode(), f"identitynamespace:{pool}:{provider}")
        return annotations.get(ACCOUNT_ANNOTATION, ""), bound

    def _cluster(self) -> tuple[str, str]:
        """The pool of the project and the cluster's provider in it."""
        auth, metadata = self._auth, self._metadata
        project = auth.project or metadata.project()
        location = auth.location or metadata.cluster("cluster-location")
        name = auth.cluster or metadata.cluster("cluster-name")
        if not (project and location and name):
            message = "workloadIdentity: this is no node of GKE, so the manifest must name the cluster"
            hint = "set `clusterProjectID`, `clusterLocation` and `clusterName`"
            raise StoreError(Failure.MISCONFIGURED, message, hint=hint)
        provider = f"https://container.googleapis.com/v1/projects/{project}/locations/{location}/clusters/{name}"
        return f"{project}.svc.id.goog", provider

    def _bound(self, token: str, audience: str) -> tuple[str, datetime]:
        service = address(Service.SECURE_TOKEN)
        answer = self._http.post(
            f"{service}/v1/identitybindingtoken",
            {
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
                "subject_token": token,
                "audience": audience,
                "scope": SCOPE,
            },
        )
        try:
            return str(answer["access_token"]), ends_in(float(answer.get("expires_in") or _LIFETIME))
        except (KeyError, TypeError, ValueError):
            raise nonsense(service.host) from None

    def _of_account(self, email: str, bound: str) -> tuple[str, datetime]:
        url = _iam(email, "generateAccessToken")
        answer = self._http.post(url, {"scope": [SCOPE]}, {"Authorization": f"Bearer {bound}"})
        try:
            ends = datetime.fromisoformat(str(answer["expireTime"]))
            return str(answer["accessToken"]), ends.astimezone(UTC).replace(tzinfo=None)
        except (KeyError, TypeError, ValueError):
            raise nonsense(address(Service.IAM).host) from None


def _iam(email: str, action: str) -> str:
    return f"{address(Service.IAM)}/v1/projects/-/serviceAccounts/{quote(email, safe='@')}:{action}"
