"""Calls Secret Manager as a store's manifest says: one client and one login for all threads."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

from syncd.metrics import api_call
from syncd.providers.api import Credentials, Failure, StoreError
from syncd.providers.gcp_client import new_client
from syncd.providers.gcp_config import GcpConfig, KeyAuth
from syncd.providers.gcp_endpoints import Address, transport
from syncd.providers.gcp_errors import Asked, GcpError, Reason
from syncd.providers.gcp_exceptions import EXCEPTIONS, NONSENSE, from_exception
from syncd.providers.gcp_http import TokenHttp
from syncd.providers.gcp_login import log_in
from syncd.providers.gcp_metadata import Metadata
from syncd.providers.gcp_names import Place
from syncd.providers.gcp_tokens import Token, Tokens


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    permission: str

    @property
    def name(self) -> str:
        """As the API has it."""
        return self.method.title().replace("_", "")


class Operation(Enum):
    """What is asked of Secret Manager, and the right that it needs."""

    ACCESS = _Call("access_secret_version", "secretmanager.versions.access")
    GET = _Call("get_secret", "secretmanager.secrets.get")
    LIST = _Call("list_secrets", "secretmanager.secrets.list")
    LIST_VERSIONS = _Call("list_secret_versions", "secretmanager.versions.list")


class GcpSession:
    """Every method may be called from several threads. Nothing is asked before the first call."""

    def __init__(
        self, config: GcpConfig, credentials: Credentials, address: Address, *, timeout: float, width: int
    ) -> None:
        self.host = address.host
        self._config = config
        self._address = address
        self._timeout = timeout
        self._width = width
        self._http = TokenHttp(str(config.auth), timeout)
        self._tokens = Tokens(partial(log_in, config.auth, credentials, self._http), self._http)
        self._lock = threading.Lock()
        self._client: Any = None
        self._place: Place | None = None
        self._closed = False

    def place(self) -> Place:
        """The project, which may have to be looked up, and the region. Raises StoreError."""
        if self._place is None:
            self._place = Place(self._config.project or self._project(), self._config.location)
        return self._place

    def call(self, operation: Operation, request: Mapping[str, Any]) -> Any:
        """The answer, as the library gives it. Raises StoreError.

        A call whose token is not accepted is made again with that of a new login, once.
        """
        token = self._token()
        try:
            return self._ask(operation, request, token)
        except GcpError as error:
            fresh = self._tokens.replaced(token) if error.reason is Reason.CREDENTIALS else None
            if fresh is None:
                raise
        return self._ask(operation, request, fresh)

    def identity(self) -> str:
        """The e-mail of the account, or how the manifest names it. Raises StoreError."""
        return self._token().identity

    def close(self) -> None:
        """Closes connections; calls that are under way fail. There is no session at GCP to end."""
        with self._lock:
            self._closed = True
            client, self._client = self._client, None
        if client:
            client.transport.close()
        self._http.close()

    def _token(self) -> Token:
        self._refuse_if_closed()
        return self._tokens.token()

    def _ask(self, operation: Operation, request: Mapping[str, Any], token: Token) -> Any:
        call = operation.value
        asked = Asked(call.permission, request.get("name") or request["parent"], token.identity, self._address.host)
        client = self._connected()
        try:
            with api_call("GCP/SecretManager", call.name):
                return getattr(client, call.method)(
                    request=dict(request), retry=None, timeout=self._timeout, metadata=token.headers
                )
        except (*EXCEPTIONS, *NONSENSE) as error:
            self._refuse_if_closed()
            raise from_exception(error, asked) from None

    def _connected(self) -> Any:
        with self._lock:
            self._refuse_if_closed()
            if self._client is None:
                self._client = _new(self._address, self._width)
            return self._client

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreError(Failure.UNAVAILABLE, "the store is closed")

    def _project(self) -> str:
        """That of the identity, or of the machine; a key says nothing about the machine that it is used on."""
        project = self._token().login.project
        if not project and not isinstance(self._config.auth, KeyAuth):
            project = Metadata(self._http).project()
        if not project:
            message = "projectID: is required, because the credentials name no project"
            raise StoreError(Failure.MISCONFIGURED, message, hint="set `projectID` in the store")
        return project


def _new(address: Address, width: int) -> Any:
    try:
        return new_client(address, transport(address), width)
    except OSError as error:
        message = f"the file of certificate authorities cannot be read: {error.strerror}"
        hint = "check CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE, REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE"
        raise StoreError(Failure.MISCONFIGURED, message, hint=hint) from None
