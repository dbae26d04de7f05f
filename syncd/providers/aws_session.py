"""Calls AWS as a store's manifest says, with other credentials when those at hand are not accepted any more."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.credentials import ReadOnlyCredentials

from syncd.providers.api import Credentials, Failure, StoreError
from syncd.providers.aws_codes import Reason
from syncd.providers.aws_config import AwsConfig
from syncd.providers.aws_errors import Asked, AwsError, nonsense
from syncd.providers.aws_login import Login

_TRUSTED_FOR = 10.0
"""Seconds for which credentials that were looked at again are not doubted, however many calls refuse them."""

# At its debug level botocore logs bodies of answers and headers: values must not get there, whatever is configured.
logging.getLogger("botocore").setLevel(logging.CRITICAL)


class AwsSession:
    """Every method may be called from several threads. Nothing is asked before the first call."""

    def __init__(self, config: AwsConfig, credentials: Credentials, *, timeout: float) -> None:
        self.identity = config.identity
        self._config = config
        self._credentials = credentials
        self._timeout = timeout
        self._lock = threading.Lock()
        self._login: Login | None = None
        self._trusted_at = float("-inf")
        self._closed = False

    def call(self, service: str, operation: str, subject: str = "", **parameters: Any) -> dict[str, Any]:
        """The answer to `operation`, as the API calls it; `subject` is what messages name. Raises StoreError.

        A call whose credentials are not accepted is made again with others, once, if there are any.
        """
        asked = self.asked(service, operation, subject)
        login = self._current()
        try:
            return login.ask(service, operation, asked, parameters)
        except AwsError as error:
            if error.reason is not Reason.CREDENTIALS or not (fresh := self._replaced(login, asked)):
                raise
        return fresh.ask(service, operation, asked, parameters)

    def pages(self, service: str, operation: str, subject: str = "", **parameters: Any) -> Iterator[Mapping[str, Any]]:
        """All answers to an operation that answers in pages. Raises StoreError."""
        while True:
            page = self.call(service, operation, subject, **parameters)
            yield page
            token = page.get("NextToken")
            if not token:
                return
            if token == parameters.get("NextToken"):
                raise nonsense(self.asked(service, operation, subject))
            parameters["NextToken"] = token

    def asked(self, service: str, operation: str, subject: str = "") -> Asked:
        return Asked(f"{service}:{operation}", subject, self.identity)

    def close(self) -> None:
        """Closes connections; never raises. There is no session at AWS to end."""
        with self._lock:
            self._closed = True
            if self._login:
                self._login.close()

    def _current(self) -> Login:
        login = self._login
        if login is not None and not self._closed:
            return login
        with self._lock:
            return self._login_or_new()

    def _login_or_new(self) -> Login:
        if self._closed:
            raise StoreError(Failure.UNAVAILABLE, "the store is closed")
        if self._login is None:
            self._login = Login(self._config, self._credentials, timeout=self._timeout)
        return self._login

    def _replaced(self, login: Login, asked: Asked) -> Login | None:
        """A login with other keys than the one whose keys were refused; None when there are no others."""
        with self._lock:
            current = self._login_or_new()
            if current is not login:
                return current
            if time.monotonic() - self._trusted_at < _TRUSTED_FOR:
                return None
            self._trusted_at = time.monotonic()
            fresh = Login(self._config, self._credentials, timeout=self._timeout)
            if fresh.keys(asked) == _keys_of(login, asked):
                return None
            self._login = fresh
        login.close()
        return fresh


def _keys_of(login: Login, asked: Asked) -> ReadOnlyCredentials | None:
    try:
        return login.keys(asked)
    except StoreError:
        return None
