"""The metadata server of Google's machines: which project and cluster this is, and the token of its account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import orjson
from google.auth.credentials import Credentials as GoogleCredentials

from syncd.providers.gcp_endpoints import metadata_server
from syncd.providers.gcp_errors import GcpError, Reason, nonsense
from syncd.providers.gcp_http import TokenHttp


class Metadata:
    """Every method raises StoreError when the server does not answer, as it does not outside of Google."""

    def __init__(self, http: TokenHttp) -> None:
        self._http = http

    def project(self) -> str:
        """The project of the machine; `""` where the server knows none."""
        return self._get("project/project-id")

    def cluster(self, attribute: str) -> str:
        """`cluster-name` or `cluster-location` of a node of GKE; `""` on other machines."""
        return self._get(f"instance/attributes/{attribute}")

    def email(self) -> str:
        """The account that the machine or the pod runs as; `""` when it has none."""
        return self._get("instance/service-accounts/default/email")

    def token(self) -> tuple[str, datetime]:
        """An access token of that account, and when it ends (UTC, without a zone: google-auth's way)."""
        try:
            answer = orjson.loads(self._get("instance/service-accounts/default/token"))
            return str(answer["access_token"]), ends_in(float(answer["expires_in"]))
        except (ValueError, KeyError, TypeError):
            raise nonsense(metadata_server()) from None

    def identity_token(self, audience: str) -> str:
        """A JWT in which Google says, to this audience alone, which account and which machine this is."""
        query = urlencode({"audience": audience, "format": "full"})
        token = self._get(f"instance/service-accounts/default/identity?{query}")
        if not token:
            message = "this machine of Google's has no service account"
            raise GcpError(Reason.CREDENTIALS, message, hint="give it one, or set `auth` in the store")
        return token

    def _get(self, path: str) -> str:
        return self._http.metadata(f"{metadata_server()}/computeMetadata/v1/{path}")


class MachineCredentials(GoogleCredentials):
    """The account that the machine runs as."""

    def __init__(self, metadata: Metadata) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth is half typed
        self._metadata = metadata
        self.service_account_email = ""

    def refresh(self, _: object) -> None:
        """Raises StoreError."""
        self.service_account_email = self._metadata.email()
        if not self.service_account_email:
            message = "this machine of Google's has no service account"
            raise GcpError(Reason.CREDENTIALS, message, hint="give it one, or set `auth` in the store")
        self.token, self.expiry = self._metadata.token()


def ends_in(seconds: float) -> datetime:
    """When something ends, as google-auth writes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).replace(tzinfo=None)
