"""Logs in to Vault by the method of the manifest."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import hvac
from hvac.exceptions import InvalidPath, VaultError
from requests import Response

from syncd.providers.api import Credentials, Failure, StoreError
from syncd.providers.fields import AccountRef, SecretRef
from syncd.providers.vault_cloud import proof
from syncd.providers.vault_config import (
    AmbientAuth,
    AppRoleAuth,
    Auth,
    CertAuth,
    GcpAuth,
    IamAuth,
    JwtAuth,
    KubernetesAuth,
    Login,
    PasswordAuth,
    TokenAuth,
)
from syncd.providers.vault_errors import from_exception, known_phrases

POD_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


@dataclass(frozen=True, slots=True)
class Token:
    """What a login gave. A lifetime of 0 seconds has no end."""

    value: str = field(repr=False)
    lifetime: float = 0.0
    renewable: bool = False
    revocable: bool = False
    """Whether it is ours to revoke: made by us, and no batch token."""
    index: str = field(default="", repr=False)
    """`X-Vault-Index` of the login: the state that a standby must have reached to know the token."""


def log_in(client: hvac.Client, auth: Auth | None, credentials: Credentials, *, timeout: float) -> Token:
    """`timeout`, in seconds, is that of calls to others than Vault.

    Raises StoreError: DENIED when Vault does not take the credentials, else as the credentials or the call fail."""
    if auth is None:
        return Token("")
    if isinstance(auth, AmbientAuth):
        return Token(_own_token())
    if isinstance(auth, TokenAuth):
        return Token(auth.token.text(credentials))
    try:
        if isinstance(auth, IamAuth | GcpAuth):
            response = _post(client, auth, proof(auth, credentials, timeout))
        else:
            response = _call(client, auth, credentials)
    except VaultError as error:
        raise _refused(auth, error) from None
    return read_token(response)


def read_token(response: Response) -> Token:
    """The token of a login or renewal. Raises StoreError (UNAVAILABLE, MISCONFIGURED) when the answer has none."""
    try:
        answer: Mapping[str, Any] = response.json()["auth"]
        batch = answer.get("token_type") == "batch"
        return Token(
            value=str(answer["client_token"]),
            lifetime=float(answer.get("lease_duration") or 0),
            renewable=bool(answer.get("renewable")) and not batch,
            revocable=not batch,
            index=response.headers.get("X-Vault-Index", ""),
        )
    except ValueError as error:
        raise from_exception(error) from None
    except (KeyError, TypeError, AttributeError):
        message = "Vault took the login and gave no token for it"
        hint = "logins that need a second factor are not supported"
        raise StoreError(Failure.MISCONFIGURED, message, hint=hint) from None


def _post(client: hvac.Client, auth: Login, body: Mapping[str, str]) -> Response:
    """The login of a method for which hvac has none, or one that does less."""
    url = f"/v1/auth/{quote(auth.path)}/login"
    response: Response = client.adapter.login(url=url, json=dict(body), use_token=False)
    return response


def _call(client: hvac.Client, auth: Login, credentials: Credentials) -> Any:
    """The `Response` of hvac's own login of the method; hvac quotes mounts, and user names only for LDAP."""
    at = {"mount_point": auth.path, "use_token": False}
    match auth:
        case AppRoleAuth(role=role, secret=secret):
            role_id = role if isinstance(role, str) else role.text(credentials)
            return client.auth.approle.login(role_id, secret.text(credentials), **at)
        case KubernetesAuth(role=role, source=source):
            return client.auth.kubernetes.login(role, _jwt(source, credentials), **at)
        case PasswordAuth(method="ldap"):
            return client.auth.ldap.login(auth.username, auth.password.text(credentials), **at)
        case PasswordAuth():
            username = quote(auth.username, safe="")
            return client.auth.userpass.login(username, auth.password.text(credentials), **at)
        case JwtAuth(path=path, role=role):
            jwt = _jwt(auth.source, credentials, auth.expiration)
            return client.auth.jwt.jwt_login(role, jwt, use_token=False, path=path)
        case CertAuth(role=role):
            # hvac's method wants files; the certificate is in the TLS context already.
            return _post(client, auth, {"name": role} if role else {})


def _own_token() -> str:
    """What `vault login` left behind; looked at anew in each login."""
    token = os.environ.get("VAULT_TOKEN", "").strip()
    try:
        token = token or (Path.home() / ".vault-token").read_text().strip()
    except (OSError, RuntimeError, UnicodeDecodeError):
        token = ""
    if not token:
        message = "there is no Vault token in VAULT_TOKEN or ~/.vault-token"
        raise StoreError(Failure.DENIED, message, hint="run `vault login`, or set VAULT_TOKEN")
    return token


def _jwt(source: AccountRef | SecretRef | None, credentials: Credentials, expiration: int = 600) -> str:
    if isinstance(source, AccountRef):
        return source.token(credentials, expiration)
    if isinstance(source, SecretRef):
        return source.text(credentials)
    try:
        return POD_TOKEN.read_text().strip()
    except OSError:
        message = "auth.kubernetes names no service account and no Secret, and syncd does not run in a pod with a token"
        raise StoreError(Failure.MISCONFIGURED, message, hint="set `serviceAccountRef` or `secretRef`") from None


def _refused(auth: Login, error: VaultError) -> StoreError:
    """Vault says 400 or 403 to wrong credentials, wrong roles and auth mounts that do not exist alike."""
    said = known_phrases(error.errors or ())
    message = f"Vault refused the login as {auth}" + (f": {said}" if said else "")
    failure = Failure.MISCONFIGURED if isinstance(error, InvalidPath) else Failure.DENIED
    return StoreError(failure, message, hint="check the credentials, the role, the auth path and its namespace")
