"""The login of Vault's GCP auth: a JWT for one role of Vault, signed by the service account or by Google for it.

Who signs is as in External Secrets Operator, but that a key signs by itself and asks nobody.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from google.auth import jwt
from google.oauth2 import service_account

from syncd.providers.api import Credentials, Failure, StoreError
from syncd.providers.gcp_config import WorkloadIdentityAuth
from syncd.providers.gcp_http import TokenHttp
from syncd.providers.gcp_login import log_in
from syncd.providers.gcp_metadata import MachineCredentials, Metadata
from syncd.providers.gcp_workload_identity import GkeCredentials
from syncd.providers.vault_config import GcpAuth

_LIFETIME = 600
"""Seconds; Vault takes no JWT that lives longer than fifteen minutes unless its role says so."""


def signed_claims(auth: GcpAuth, credentials: Credentials, timeout: float) -> Mapping[str, str]:
    """The body of the login; `timeout`, in seconds, is that of each call to Google. Raises StoreError."""
    with closing(TokenHttp(str(auth.source), timeout)) as http:
        return {"role": auth.role, "jwt": _jwt(auth, credentials, http)}


def _jwt(auth: GcpAuth, credentials: Credentials, http: TokenHttp) -> str:
    source, audience, now = auth.source, f"vault/{auth.role}", int(time.time())
    claims: dict[str, object] = {"aud": audience, "iat": now, "exp": now + _LIFETIME}
    if isinstance(source, WorkloadIdentityAuth):
        identity = GkeCredentials(source, credentials, http, Metadata(http))
        return identity.sign_jwt(claims)
    found: Any = log_in(source, credentials, http).credentials
    if isinstance(found, MachineCredentials):
        return Metadata(http).identity_token(audience)
    if isinstance(found, service_account.Credentials):
        key: Any = found
        claims["sub"] = key.service_account_email
        signed: bytes = jwt.encode(key.signer, claims)  # type: ignore[no-untyped-call]  # google-auth is half typed
        return signed.decode()
    message = f"{auth.source} are neither a key nor those of a machine, and Vault takes no other"
    raise StoreError(Failure.DENIED, message, hint="set `secretRef` or `workloadIdentity` in `auth.gcp`")
