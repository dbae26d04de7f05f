"""Logs in to GCP as a store's manifest says: one `Login` for each of its auth methods."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from google.auth.credentials import Credentials as GoogleCredentials
from google.oauth2 import service_account

from syncd.providers.api import Credentials, Failure, StoreError
from syncd.providers.fields import SecretRef
from syncd.providers.gcp_ambient import ambient
from syncd.providers.gcp_config import AmbientAuth, Auth, FederationAuth, KeyAuth, WorkloadIdentityAuth
from syncd.providers.gcp_federation import federated
from syncd.providers.gcp_http import TokenHttp
from syncd.providers.gcp_json import NOT_RIGHT, json_object, of_key
from syncd.providers.gcp_metadata import Metadata
from syncd.providers.gcp_workload_identity import GkeCredentials


@dataclass(frozen=True, slots=True, eq=False)
class Login:
    """Credentials of google-auth, which hold an access token and can get another one."""

    credentials: GoogleCredentials
    called: str
    """Who logs in, for messages, where no account is known."""
    project: str = ""
    """The project that the identity belongs to, where that is known."""

    @property
    def identity(self) -> str:
        """The e-mail of the account, once it is known."""
        email = getattr(self.credentials, "service_account_email", "") or getattr(self.credentials, "account", "")
        return email if isinstance(email, str) and "@" in email else self.called


def log_in(auth: Auth, credentials: Credentials, http: TokenHttp) -> Login:
    """Reads what the manifest refers to; asks Google nothing yet. Raises StoreError."""
    login = partial(Login, called=str(auth))
    match auth:
        case KeyAuth(key=ref):
            key = _key(ref, credentials)
            return login(key, project=key.project_id or "")
        case WorkloadIdentityAuth():
            return login(GkeCredentials(auth, credentials, http, Metadata(http)), project=auth.project)
        case FederationAuth():
            return login(federated(auth, credentials))
        case AmbientAuth():
            found = ambient(Metadata(http))
            return login(found.credentials, project=found.project)


def _key(ref: SecretRef, credentials: Credentials) -> service_account.Credentials:
    try:
        return of_key(json_object(ref.text(credentials)))
    except NOT_RIGHT:
        message = f"{ref.path}: key `{ref.key}` of {ref} is no JSON key of a service account"
        hint = "make one with `gcloud iam service-accounts keys create`; for other credentials use another auth method"
        raise StoreError(Failure.MISCONFIGURED, message, hint=hint) from None
