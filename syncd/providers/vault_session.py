"""One login for all threads of a store: made at the first read, renewed before it ends, made again when it was lost."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

import hvac
from hvac.adapters import RawAdapter
from hvac.exceptions import VaultError
from requests import Response

from syncd.providers.api import Credentials, Failure, StoreError
from syncd.providers.vault_auth import Token, log_in, read_token
from syncd.providers.vault_config import CertAuth, VaultConfig
from syncd.providers.vault_errors import TlsError, token_may_be_dead
from syncd.providers.vault_transport import ClientCertificate, TlsContexts, VaultHttp

_TRUSTED_FOR = 10.0
"""Seconds for which a token that a 403 cast doubt on is not doubted again, however many reads are denied."""
_REFUSAL_KEPT = 10.0
"""Seconds for which a refused login is not tried again: some servers lock a user after a few."""
_TRY_AGAIN = 1.0
"""Seconds at least between two tries to renew a token that still lives."""
_FAREWELL = 2.0
"""Seconds that a revocation may take: the process wants to end."""


@dataclass(slots=True, eq=False)
class _Login:
    """A client with its token, and until when it is good, by the monotonic clock."""

    reads: hvac.Client
    own: hvac.Client
    """The same token in the namespace of the login, for calls about the token itself."""
    token: Token
    renew_at: float
    ends_at: float
    trusted_at: float = float("-inf")
    """When a 403 was last found not to come from a dead token."""


class VaultSession:
    """Calls Vault as the store's manifest says. Every method may be called from several threads."""

    def __init__(self, config: VaultConfig, credentials: Credentials, *, timeout: float, width: int) -> None:
        self._config = config
        self._credentials = credentials
        self._timeout = timeout
        self._width = width
        self._lock = threading.Lock()
        self._contexts = TlsContexts()
        self._login: _Login | None = None
        self._retired: tuple[_Login, ...] = ()
        self._failed: tuple[float, StoreError] | None = None
        self._closed = False

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Response:
        """The answer to a GET; 4xx are answers too. Raises StoreError.

        A 403 that may come from a dead token is asked again with another one, once.
        """
        login = self._current()
        try:
            response = _get(login.reads, path, params)
            if token_may_be_dead(response) and self._replaced(login):
                response = _get(self._current().reads, path, params)
        except TlsError:
            # The next login reads the certificates again.
            login.ends_at = login.renew_at = 0.0
            raise
        return response

    def look_up(self) -> Response:
        """The token's own data. Raises StoreError."""
        return _get(self._current().own, "auth/token/lookup-self")

    def close(self) -> None:
        """Revokes the tokens that were made here; never raises."""
        # Marked before it looks, while a login shows itself before it looks at the mark: one of both revokes.
        self._closed = True
        for login in (*self._retired, self._login):
            if login is not None:
                _revoke(login)

    def _current(self) -> _Login:
        login = self._login
        if login is not None and time.monotonic() < login.renew_at:
            return login
        return self._refreshed(login)

    def _refreshed(self, seen: _Login | None) -> _Login:
        asked = time.monotonic()
        # While one thread renews, the others go on with the token that still lives.
        if seen is None or asked >= seen.ends_at:
            self._lock.acquire()
        elif not self._lock.acquire(blocking=False):
            return seen
        try:
            login, now = self._login, time.monotonic()
            if login is None or now >= login.ends_at:
                return self._log_in(asked)
            return login if now < login.renew_at else self._prolonged(login)
        finally:
            self._lock.release()

    def _prolonged(self, login: _Login) -> _Login:
        """The login renewed, or another one; as it is when neither can be had now."""
        try:
            return self._renew(login) if login.token.renewable else self._log_in(time.monotonic())
        except StoreError:
            now = time.monotonic()
            login.renew_at = now + max(_TRY_AGAIN, (login.ends_at - now) / 2)
            return login

    def _replaced(self, login: _Login) -> bool:
        """Whether there is another token to try after a 403 that may mean a dead one. Raises StoreError."""
        asked = time.monotonic()
        with self._lock:
            if self._login is not login:
                return True
            if asked - login.trusted_at < _TRUSTED_FOR:
                return False
            if not token_may_be_dead(_get(login.own, "auth/token/lookup-self")):
                login.trusted_at = asked
                return False
            login.ends_at = 0.0
            fresh = self._log_in(asked)
            fresh.trusted_at = asked
            return fresh.token.value != login.token.value

    def _log_in(self, asked: float) -> _Login:
        """A new login, under the lock; `asked` is when the caller began to wait for it."""
        self._refuse_if_closed()
        self._share_failure(asked)
        started = time.monotonic()
        try:
            login = self._logged_in(started)
        except StoreError as error:
            self._failed = (time.monotonic(), error)
            raise
        self._retire(started)
        self._failed, self._login = None, login
        if self._closed:
            _revoke(login)
        self._refuse_if_closed()
        return login

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreError(Failure.UNAVAILABLE, "the store is closed")

    def _logged_in(self, started: float) -> _Login:
        config, http = self._config, self._connect()
        client = self._client(http, "", config.auth_namespace)
        token = log_in(client, config.auth, self._credentials, timeout=self._timeout)
        if token.index and (config.read_your_writes or config.forward_inconsistent):
            http.headers["X-Vault-Index"] = token.index
        reads = self._client(http, token.value, config.namespace)
        own = self._client(http, token.value, config.auth_namespace)
        return _Login(reads, own, token, *_times(token, started))

    def _share_failure(self, asked: float) -> None:
        """Who waited while a login failed fails with it, and a refused one is not tried again at once."""
        if self._failed is not None:
            when, error = self._failed
            if when >= asked or (not error.failure.retryable and time.monotonic() - when < _REFUSAL_KEPT):
                raise StoreError(error.failure, error.message, hint=error.hint, retry_after=error.retry_after)

    def _renew(self, login: _Login) -> _Login:
        started = time.monotonic()
        try:
            token = read_token(login.own.auth.token.renew_self())
        except VaultError:
            return self._log_in(started)
        login.renew_at, login.ends_at = _times(token, started)
        # Near its greatest age a token is renewed for less and less: then it is time for another one.
        renewable = token.renewable and token.lifetime > login.token.lifetime / 2
        login.token = replace(login.token, renewable=renewable)
        return login

    def _retire(self, now: float) -> None:
        """The token before may still be in use by other threads, so it lives until it ends or the store is closed."""
        before = (*self._retired, *([self._login] if self._login else []))
        self._retired = tuple(login for login in before if login.token.revocable and now < login.ends_at)

    def _connect(self) -> VaultHttp:
        """A session of its own for each login, so that rotated certificates are read again."""
        config = self._config
        client = config.client_certificate
        if isinstance(config.auth, CertAuth):
            client = (config.auth.certificate, config.auth.key)
        pair = ClientCertificate(*(ref.text(self._credentials) for ref in client)) if client else None
        context = self._contexts.of(config.trust.pem(self._credentials), pair)
        headers = dict(config.headers)
        if config.forward_inconsistent:
            headers["X-Vault-Inconsistent"] = "forward-active-node"
        # Twice the width: a find reads with threads of its own.
        return VaultHttp(config.server, context=context, pool=2 * self._width, headers=headers)

    def _client(self, http: VaultHttp, token: str, namespace: str) -> hvac.Client:
        # Empty values, not None: for None hvac looks into the environment and ~/.vault-token.
        return hvac.Client(
            url=self._config.server,
            token=token,
            verify=True,
            timeout=self._timeout,
            session=http,
            adapter=RawAdapter,
            namespace=namespace,
        )


def _get(client: hvac.Client, path: str, params: Mapping[str, str] | None = None) -> Response:
    response: Response = client.adapter.get(f"/v1/{quote(path)}", params=params, raise_exception=False)
    return response


def _times(token: Token, started: float) -> tuple[float, float]:
    """When to renew a token and when it ends."""
    if token.lifetime <= 0:
        return float("inf"), float("inf")
    return started + token.lifetime * 2 / 3, started + token.lifetime


def _revoke(login: _Login) -> None:
    if login.token.revocable and time.monotonic() < login.ends_at:
        login.ends_at = 0.0
        with contextlib.suppress(VaultError, StoreError):
            login.own.adapter.post("/v1/auth/token/revoke-self", timeout=_FAREWELL)
    login.own.adapter.close()
