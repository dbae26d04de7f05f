"""The access token of a store: got by one thread, shared by all, and replaced when GCP does not accept it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from google.auth.credentials import TokenState

from syncd.providers.api import StoreError
from syncd.providers.gcp_errors import Asked, nonsense
from syncd.providers.gcp_exceptions import EXCEPTIONS, NONSENSE, from_exception
from syncd.providers.gcp_http import ACT_AS, TokenHttp
from syncd.providers.gcp_login import Login

_REFUSAL_KEPT = 10.0
"""Seconds for which nobody asks again after a refusal."""
_TRUSTED_FOR = 10.0
"""Seconds for which a login made anew is not doubted, however many calls are refused."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a call sends along."""

    login: Login = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)

    @property
    def identity(self) -> str:
        return self.login.identity


class Tokens:
    """Every method may be called from several threads, and raises StoreError. Nothing is asked before the first."""

    def __init__(self, log_in: Callable[[], Login], http: TokenHttp) -> None:
        self._log_in = log_in
        self._http = http
        self._lock = threading.Lock()
        self._login: Login | None = None
        self._failed: tuple[float, StoreError] | None = None
        self._replaced_at = float("-inf")

    def token(self) -> Token:
        """One that holds for a while. Near its end one thread gets the next, and the others go on with this one."""
        began = time.monotonic()
        login = self._login
        if login and _state(login) is TokenState.FRESH:
            return _token(login)
        lasts = login is not None and _state(login) is TokenState.STALE
        if not self._lock.acquire(blocking=not lasts):
            return _token(login) if login else self.token()
        try:
            return self._renewed(began)
        finally:
            self._lock.release()

    def replaced(self, refused: Token) -> Token | None:
        """One of another login than the one whose token was refused; None when a new one is of no use."""
        with self._lock:
            if self._login is not None and self._login is not refused.login:
                return _token(self._login)
            now = time.monotonic()
            if now - self._replaced_at < _TRUSTED_FOR:
                return None
            self._replaced_at = now
            self._login = self._refreshed(self._log_in())
            return _token(self._login)

    def _renewed(self, began: float) -> Token:
        """Under the lock; `began` is when the caller began to wait for it."""
        login = self._login
        if login and _state(login) is TokenState.FRESH:
            return _token(login)
        lasts = login is not None and _state(login) is TokenState.STALE
        try:
            self._share_failure(began, lasts=lasts)
            login = self._refreshed(login or self._log_in())
        except StoreError as error:
            self._failed = (time.monotonic(), error)
            if login is None or not lasts:
                raise
        else:
            self._failed, self._login = None, login
        return _token(login)

    def _share_failure(self, began: float, *, lasts: bool) -> None:
        """Who waited while a login failed fails with it, and a refused one is not tried again at once."""
        if self._failed is not None:
            when, error = self._failed
            kept = (lasts or not error.failure.retryable) and time.monotonic() - when < _REFUSAL_KEPT
            if kept or when >= began:
                raise error

    def _refreshed(self, login: Login) -> Login:
        credentials: Any = login.credentials  # google-auth is half typed
        asked = Asked(ACT_AS, login.identity, login.identity, "the source of the credentials")
        try:
            credentials.refresh(self._http)
        except StoreError:
            raise
        except (*EXCEPTIONS, *NONSENSE) as error:
            raise from_exception(error, asked) from None
        if not credentials.token:
            raise nonsense(asked.host)
        return login


def _state(login: Login) -> TokenState:
    state: TokenState = login.credentials.token_state
    return state


def _token(login: Login) -> Token:
    headers: dict[str, str] = {}
    credentials: Any = login.credentials  # google-auth is half typed
    credentials.apply(headers)
    return Token(login, tuple(headers.items()))
