"""An identity of GCP for others: a JWT signed by the service account, or by Google for it.

Who signs is as in External Secrets Operator for Vault, but that a key signs by itself and asks nobody.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from google.auth import jwt
from google.oauth2 import service_account

from syncd.providers.api import Credentials, Failure, StoreError
from syncd.providers.gcp_config import SigningAuth, WorkloadIdentityAuth
from syncd.providers.gcp_http import TokenHttp
from syncd.providers.gcp_login import log_in
from syncd.providers.gcp_metadata import MachineCredentials, Metadata
from syncd.providers.gcp_workload_identity import GkeCredentials

_LIFETIME = 600
"""Seconds; Vault takes no JWT that lives longer than fifteen minutes unless its role says so."""


@dataclass(frozen=True, slots=True)
class AccountIdentity:
    """Implements `TokenIdentity`."""

    auth: SigningAuth

    def __str__(self) -> str:
        return str(self.auth)

    def signed_token(self, audience: str, credentials: Credentials, timeout: float) -> str:
        """`timeout`, in seconds, is that of each call to Google. Raises StoreError."""
        with closing(TokenHttp(str(self), timeout)) as http:
            return self._signed(audience, credentials, http)

    def _signed(self, audience: str, credentials: Credentials, http: TokenHttp) -> str:
        auth, now = self.auth, int(time.time())
        claims: dict[str, object] = {"aud": audience, "iat": now, "exp": now + _LIFETIME}
        if isinstance(auth, WorkloadIdentityAuth):
            return GkeCredentials(auth, credentials, http, Metadata(http)).sign_jwt(claims)
        found: Any = log_in(auth, credentials, http).credentials
        if isinstance(found, MachineCredentials):
            return Metadata(http).identity_token(audience)
        if isinstance(found, service_account.Credentials):
            key: Any = found
            claims["sub"] = key.service_account_email
            signed: bytes = jwt.encode(key.signer, claims)  # type: ignore[no-untyped-call]  # google-auth is half typed
            return signed.decode()
        message = f"{auth} are neither a key nor those of a machine, and only these can sign"
        raise StoreError(Failure.DENIED, message, hint="set `secretRef` or `workloadIdentity`")
