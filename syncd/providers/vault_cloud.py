"""The logins of Vault that prove an identity of a cloud: its AWS auth, and its GCP auth.

What is signed, and with whose keys, is as in External Secrets Operator and in Vault's own command line.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

import orjson

from syncd.providers.api import Credentials
from syncd.providers.vault_config import GcpAuth, IamAuth

SERVER_ID = "X-Vault-AWS-IAM-Server-ID"


def proof(auth: IamAuth | GcpAuth, credentials: Credentials, timeout: float) -> Mapping[str, str]:
    """The body of the login: it proves to Vault who we are at the cloud.

    `timeout`, in seconds, is that of each call to the cloud. Raises StoreError.
    """
    if isinstance(auth, IamAuth):
        return _caller_identity(auth, credentials, timeout)
    return {"role": auth.role, "jwt": auth.identity.signed_token(f"vault/{auth.role}", credentials, timeout)}


def _caller_identity(auth: IamAuth, credentials: Credentials, timeout: float) -> Mapping[str, str]:
    headers = {SERVER_ID: auth.server_id} if auth.server_id else {}
    request = auth.identity.signed_get_caller_identity(headers, credentials, timeout)
    return {
        "role": auth.role,
        "iam_http_request_method": request.method,
        "iam_request_url": _base64(request.url.encode()),
        "iam_request_body": _base64(request.body),
        "iam_request_headers": _base64(orjson.dumps(dict(request.headers))),
    }


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
