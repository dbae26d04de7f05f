"""The login of Vault's AWS auth: a signed question to AWS who we are, which Vault asks in our stead.

What is signed, and with whose keys, is as in External Secrets Operator and in Vault's own command line.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import orjson
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from syncd.providers.api import Credentials
from syncd.providers.aws_clients import new_session, public_address
from syncd.providers.aws_errors import Asked
from syncd.providers.aws_login import Login
from syncd.providers.vault_config import IamAuth

SERVER_ID = "X-Vault-AWS-IAM-Server-ID"
_QUESTION = b"Action=GetCallerIdentity&Version=2011-06-15"


def signed_request(auth: IamAuth, credentials: Credentials, timeout: float) -> Mapping[str, str]:
    """The body of the login. AWS is asked for keys at most, by calls of `timeout` seconds. Raises StoreError."""
    asked = Asked("sts:GetCallerIdentity", "", auth.identity.identity)
    with closing(Login(auth.identity, credentials, timeout=timeout)) as login:
        keys = login.keys(asked)
    url = _address(auth.identity.region, asked, timeout)
    return {
        "role": auth.role,
        "iam_http_request_method": "POST",
        "iam_request_url": _base64(url.encode()),
        "iam_request_body": _base64(_QUESTION),
        "iam_request_headers": _base64(orjson.dumps(_headers(url, keys, auth))),
    }


def _headers(url: str, keys: ReadOnlyCredentials, auth: IamAuth) -> dict[str, str]:
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    if auth.server_id:
        headers[SERVER_ID] = auth.server_id
    request: Any = AWSRequest("POST", url, headers=headers, data=_QUESTION)
    sign: Any = SigV4Auth(keys, "sts", auth.identity.region)
    sign.add_auth(request)
    return dict(request.headers.items())


def _address(region: str, asked: Asked, timeout: float) -> str:
    """STS of a region; the one of `us-east-1` is the global one, which Vault asks unless told otherwise."""
    if region == "us-east-1":
        return "https://sts.amazonaws.com/"
    return public_address(new_session(region, timeout), "sts", asked) + "/"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
