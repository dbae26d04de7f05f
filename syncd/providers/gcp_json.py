"""Credentials out of the JSON that Google's tools write: keys, logins of people, external and impersonated accounts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from google.auth import aws, exceptions, identity_pool, impersonated_credentials, pluggable
from google.auth.credentials import Credentials as GoogleCredentials
from google.oauth2 import credentials as oauth2
from google.oauth2 import service_account

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
NOT_RIGHT = (KeyError, ValueError, TypeError, AttributeError, exceptions.GoogleAuthError)
"""What is raised for JSON that lacks something, or has it in another form."""
Info = Mapping[str, Any]


def json_object(text: str | bytes) -> dict[str, Any]:
    """What a JSON object holds; nothing for any other text."""
    try:
        info = orjson.loads(text)
    except ValueError:
        return {}
    return info if isinstance(info, dict) else {}


def of_any_kind(info: Info) -> GoogleCredentials:
    """Raises one of NOT_RIGHT."""
    return _KINDS[str(info.get("type", ""))](info)


def of_key(info: Info) -> service_account.Credentials:
    """A key signs its own tokens: nobody has to be asked for one (AIP-4111). Raises one of NOT_RIGHT."""
    if info.get("type") != "service_account":
        raise ValueError("another type")
    made: Any = service_account.Credentials.from_service_account_info
    key: service_account.Credentials = made(info, scopes=[SCOPE], always_use_jwt_access=True)
    return key


def of_external_account(info: Info) -> GoogleCredentials:
    """Raises one of NOT_RIGHT."""
    source = info["credential_source"]
    kind: Any = identity_pool.Credentials
    if source.get("environment_id"):
        kind = aws.Credentials
    elif source.get("executable"):
        kind = pluggable.Credentials  # which wants a variable before it runs anything
    made: GoogleCredentials = kind.from_info(info, scopes=[SCOPE])
    return made


def _of_login(info: Info) -> GoogleCredentials:
    made: Any = oauth2.Credentials.from_authorized_user_info
    user: Any = made(info, scopes=[SCOPE])
    # gcloud's own variable for the address that google-auth has built in.
    host = os.environ.get("CLOUDSDK_AUTH_TOKEN_HOST")
    login: GoogleCredentials = user.with_token_uri(host) if host else user
    return login


def _of_impersonated(info: Info) -> GoogleCredentials:
    url = str(info["service_account_impersonation_url"])
    made: Any = impersonated_credentials.Credentials
    impersonated: GoogleCredentials = made(
        source_credentials=of_any_kind(info["source_credentials"]),
        target_principal=url.rpartition("/")[2].partition(":")[0],
        target_scopes=[SCOPE],
        delegates=info.get("delegates"),
        quota_project_id=info.get("quota_project_id"),
        iam_endpoint_override=url,
    )
    return impersonated


_KINDS: Mapping[str, Callable[[Info], GoogleCredentials]] = {
    "service_account": of_key,
    "authorized_user": _of_login,
    "external_account": of_external_account,
    "impersonated_service_account": _of_impersonated,
}
