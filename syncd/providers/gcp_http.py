"""HTTP to whoever gives tokens: deadlines, no retries, no redirects, and errors as sentences of ours."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from google.auth import transport

from syncd.metrics import api_call
from syncd.providers.api import StoreError
from syncd.providers.gcp_endpoints import authorities, proxies
from syncd.providers.gcp_errors import Asked, GcpError, Reason, Said, from_said, nonsense, reason_of
from syncd.providers.gcp_exceptions import EXCEPTIONS, from_exception, said_by

ACT_AS = "iam.serviceAccounts.getAccessToken"
_OF_ACCOUNT = {"generateAccessToken": ACT_AS, "signJwt": "iam.serviceAccounts.signJwt"}
"""What is asked of IAM in the name of a service account, and the right that it needs."""
_EXCHANGES = ("/v1/token", "/v1/identitybindingtoken")


class _Answer(transport.Response):
    """What google-auth reads of an answer."""

    status = 0
    headers: Mapping[str, str] = MappingProxyType({})
    data = b""

    def __init__(self, response: requests.Response) -> None:
        self.status, self.headers, self.data = response.status_code, response.headers, response.content


class TokenHttp(transport.Request):
    """The request that google-auth is given; what it would retry, or tell in words of its own, is a StoreError."""

    def __init__(self, identity: str, timeout: float) -> None:
        """`identity` is who logs in, for messages; `timeout` in seconds."""
        self._identity = identity
        self._timeout = timeout
        self._session = requests.Session()
        # No `.netrc`, and proxies by address: not all of these calls leave the machine.
        self._session.trust_env = False

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **options: Any,
    ) -> transport.Response:
        """Raises StoreError for no answer, and for answers that are errors of a service of Google's."""
        response = self._send(
            url, method, data=body, headers=headers, timeout=min(timeout or self._timeout, self._timeout), **options
        )
        said = said_by(response) if response.status_code >= 300 else None
        if said and (reason_of(said).failure.retryable or _is_googles(url) or 300 <= said.http < 400):
            raise self._refused(url, said)
        return _Answer(response)

    def post(self, url: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """The JSON that comes back for JSON. Raises StoreError."""
        response = self._send(url, "POST", json=body, headers=headers, timeout=self._timeout)
        if response.status_code != 200:
            raise self._refused(url, said_by(response))
        return _object(response)

    def metadata(self, url: str) -> str:
        """What the metadata server of the machine says; `""` when it has no such thing. Raises StoreError."""
        response = self._send(url, "GET", headers={"Metadata-Flavor": "Google"}, timeout=self._timeout)
        if response.headers.get("Metadata-Flavor") != "Google":
            raise nonsense(_host(url))
        if response.status_code not in (200, 404):
            raise self._refused(url, said_by(response))
        return response.text.strip() if response.status_code == 200 else ""

    def close(self) -> None:
        self._session.close()

    def _send(self, url: str, method: str, **options: Any) -> requests.Response:
        ca = authorities()
        options |= {"proxies": proxies(url), "verify": str(ca) if ca else True, "allow_redirects": False}
        try:
            with api_call("GCP/SecretManager", _call(url)) as call:
                response = self._session.request(method, url, **options)
                call.failed = response.status_code >= 400
            return response
        except EXCEPTIONS as error:
            raise from_exception(error, self._asked(url)) from None

    def _asked(self, url: str) -> Asked:
        right = _OF_ACCOUNT.get(_action(url), ACT_AS)
        return Asked(right, _account(url) or self._identity, self._identity, _host(url))

    def _refused(self, url: str, said: Said) -> StoreError:
        reason = reason_of(said)
        lasting = not reason.failure.retryable and reason is not Reason.ENDPOINT
        if lasting and urlsplit(url).path in _EXCHANGES:
            message = f"GCP does not take the token of {self._identity} ({said.known})"
            hint = "check the audience, the pool and its provider with its conditions; for GKE the name of the cluster"
            return GcpError(Reason.CREDENTIALS, message, hint=hint)
        if lasting and _is_googles(url) and not _account(url):
            message = f"the login of {self._identity} is refused ({said.known})"
            hint = "run `gcloud auth application-default login`, or check the account and its key"
            return GcpError(Reason.CREDENTIALS, message, hint=hint)
        return from_said(said, self._asked(url))


def _object(response: requests.Response) -> Mapping[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise nonsense(_host(response.url))
    return answer


def _is_googles(url: str) -> bool:
    """Whether it is a service that gives tokens, and not a source of what is exchanged for them."""
    path = urlsplit(url).path
    return bool(_account(url)) or path.endswith("/token") or path in _EXCHANGES


def _action(url: str) -> str:
    return urlsplit(url).path.rpartition(":")[2]


def _account(url: str) -> str:
    """The service account that a call of IAM is about."""
    before, _, action = urlsplit(url).path.rpartition(":")
    return unquote(before.rpartition("/")[2]) if action in _OF_ACCOUNT else ""


def _call(url: str) -> str:
    """As external-secrets calls it in its metrics, where it makes the same."""
    if _account(url):
        return "SignJwt" if _action(url) == "signJwt" else "GenerateAccessToken"
    if urlsplit(url).path == _EXCHANGES[1]:
        return "GenerateIDBindToken"
    return "GetToken" if _is_googles(url) else "GetMetadata"


def _host(url: str) -> str:
    return urlsplit(url).netloc
