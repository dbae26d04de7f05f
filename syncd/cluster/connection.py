"""Raw JSON calls to an API server: credentials, deadlines, and the one layer of retries."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import urllib3
from tenacity import RetryCallState, Retrying, wait_exponential_jitter

from syncd.cluster.addresses import shown
from syncd.cluster.calls import Call
from syncd.cluster.faults import TRANSPORT, Broken, broken, fault
from syncd.cluster.parallel import within
from syncd.cluster.transport import Deadline, install_deadlines, request, split, stream
from syncd.errors import SyncdError, Unauthenticated, Unreachable, UsageError

if TYPE_CHECKING:
    from kubernetes.client import Configuration

POOL = 32
"""Connections kept open; more threads than this open some of their own."""
TRIES = 6
RELOAD_PAUSE = 5.0
"""Seconds between two reloads of the configuration after a 401."""
TOKEN_AGE = 1.0
"""Seconds that a token is used before the configuration is asked for it again."""


class _Session:
    """One loaded configuration and its pool; a new one takes its place when the credentials are refused."""

    def __init__(self, configuration: Configuration, context: Any = None) -> None:
        from kubernetes.client import ApiClient

        configuration.connection_pool_maxsize = POOL
        self.configuration = configuration
        try:
            self.manager = manager = ApiClient(configuration).rest_client.pool_manager
        except (urllib3.exceptions.HTTPError, ImportError):  # of a scheme that nobody knows, or of SOCKS
            message = "the proxy for the API server cannot be used"
            hint = "HTTPS_PROXY, or `proxy-url` of the kubeconfig, must begin with http:// or https://"
            raise UsageError(message, hint=hint) from None  # its text may quote a password
        if context is not None:
            manager.connection_pool_kw["ssl_context"] = context
        install_deadlines(manager)
        self.pool: urllib3.PoolManager | urllib3.HTTPConnectionPool = manager
        self.prefix = str(configuration.host)
        if self.prefix.startswith("https:"):  # spares the manager's search for the pool at every call
            with suppress(urllib3.exceptions.LocationValueError):  # each call says so, as with any address
                self.pool = manager.connection_from_url(self.prefix)
                self.prefix = urllib3.util.parse_url(self.prefix).path or ""
        self._lock = threading.Lock()
        self._headers: Mapping[str, str] = {}
        self._asked = float("-inf")

    def headers(self, deadline: Deadline) -> Mapping[str, str]:
        """The authorization header of now. Raises TimeoutError: the configuration may run a program to get a token."""
        if time.monotonic() - self._asked <= TOKEN_AGE:
            return self._headers
        if not self._lock.acquire(timeout=deadline.left()):
            raise TimeoutError("no credentials in time")
        try:
            if time.monotonic() - self._asked > TOKEN_AGE:
                self._headers = within(deadline.left(), self._ask)
                self._asked = time.monotonic()
            return self._headers
        finally:
            self._lock.release()

    def _ask(self) -> Mapping[str, str]:
        try:
            settings = self.configuration.auth_settings()
        except Exception as error:  # noqa: BLE001  # plugins and login libraries raise whatever they like
            message = f"the kubeconfig's credentials cannot be renewed ({type(error).__name__})"
            raise Unauthenticated(message, hint="log in again") from None  # its text may quote the kubeconfig
        bearer = settings.get("BearerToken")
        return {"authorization": str(bearer["value"]).strip()} if bearer and bearer["value"] else {}


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one try: an answer, or the error of having none."""

    session: _Session
    status: int = 0
    body: bytes = field(default=b"", repr=False)
    retry_after: float | None = None
    error: Broken | None = None

    def worth_repeating(self, call: Call) -> bool:
        if self.error:
            return not self.error.lasting and (call.verb.safe or not self.error.sent)
        if self.status == 429:
            return call.verb.safe or self.retry_after is not None
        return call.verb.safe and self.status >= 500


class Connection:
    """Calls from several threads at once.

    `load` returns a configuration and, where certificates come from memory, an `ssl.SSLContext`. It is called at once,
    and again when the API server says 401: tokens and certificates on disk may have been renewed. `tries` of one call
    are made at most.
    """

    def __init__(self, load: Callable[[], tuple[Configuration, Any]], *, timeout: float, tries: int = TRIES) -> None:
        self._load = load
        self._timeout = timeout
        self._tries = tries
        self._session = _Session(*load())
        self._reload_lock = threading.Lock()
        self._reloaded = float("-inf")
        self.host = shown(str(self._session.configuration.host))

    def call(self, call: Call) -> Mapping[str, Any]:
        """The JSON object that the API server answers with. Raises ClusterError, with `NotFound` among its kinds.

        Safe calls are repeated on 429, 5xx and broken connections; others only on a 429 that says when to come
        again, and when the connection was never made.
        """
        deadline = Deadline(self._timeout)
        outcome = self._repeated(call, deadline)
        if outcome.status == 401 and self._renew(outcome.session, deadline):
            outcome = self._repeated(call, deadline)
        if outcome.error:
            raise outcome.error
        if outcome.status >= 300:
            raise fault(call, outcome.status, outcome.body)
        try:
            parsed = orjson.loads(outcome.body)
        except orjson.JSONDecodeError:
            parsed = None
        if not isinstance(parsed, dict):
            raise Unreachable(f"`{self.host}` does not answer as an API server does", hint="check the server's address")
        return parsed

    def lines(self, call: Call, seconds: float) -> Iterator[bytes]:
        """The lines of an answer that goes on, as they come, for `seconds` at the most. Raises ClusterError.

        Nothing is repeated, but for a call after whose 401 the credentials were renewed.
        """
        deadline = Deadline(seconds)
        try:
            for renewed in (False, True):
                session = self._session
                headers = {"accept": call.accept.value, **session.headers(deadline)}
                url = session.prefix + call.url
                with closing(stream(session.pool, call.method, url, deadline=deadline, headers=headers)) as answer:
                    if answer.status == 401 and not renewed and self._renew(session, Deadline(self._timeout)):
                        continue
                    if answer.status >= 300:
                        raise fault(call, answer.status, answer.read())
                    yield from split(answer.stream())
                    return
        except TRANSPORT as error:
            raise broken(self.host, error, seconds) from None

    def _repeated(self, call: Call, deadline: Deadline) -> _Outcome:
        first = self._once(call, deadline)
        if not first.worth_repeating(call):  # nearly always: spares the machinery of retries
            return first
        known = [first]
        last: _Outcome = _RETRYING(
            lambda *_: known.pop() if known else self._once(call, deadline), call, deadline, self._tries
        )
        return last

    def _once(self, call: Call, deadline: Deadline) -> _Outcome:
        session = self._session
        try:
            headers = {"accept": call.accept.value, **session.headers(deadline)}
            if call.body is not None:
                headers["content-type"] = call.content_type.value
            url = session.prefix + call.url
            answer = request(session.pool, call.method, url, deadline=deadline, body=call.body, headers=headers)
        except TRANSPORT as error:
            return _Outcome(session, error=broken(self.host, error, deadline.seconds))
        return _Outcome(session, answer.status, answer.data, _seconds(answer.headers.get("retry-after")))

    def _renew(self, stale: _Session, deadline: Deadline) -> bool:
        """Loads the configuration again, once for all threads that were refused."""
        if not self._reload_lock.acquire(timeout=deadline.left()):
            return False
        try:
            if self._session is not stale:
                return True
            if time.monotonic() - self._reloaded < RELOAD_PAUSE:
                return False
            self._reloaded = time.monotonic()
            self._session = _Session(*within(deadline.left(), self._load))
            return True  # calls under way end on the old pool, which closes itself when nobody has it any more
        except SyncdError as error:
            raise Unauthenticated(error.message, hint=error.hint) from None
        except TimeoutError as error:
            raise broken(self.host, error, deadline.seconds) from None
        finally:
            self._reload_lock.release()

    def close(self) -> None:
        self._session.manager.clear()


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdecimal() else None


def _outcome(state: RetryCallState) -> _Outcome:
    if state.outcome is None:
        raise RuntimeError("asked about a try before it was made")
    outcome: _Outcome = state.outcome.result()
    return outcome


def _again(state: RetryCallState) -> bool:
    return _outcome(state).worth_repeating(state.args[0])


_backoff = wait_exponential_jitter(multiplier=0.2, max=5, jitter=0.3)


def _wait(state: RetryCallState) -> float:
    retry_after = _outcome(state).retry_after
    return _backoff(state) if retry_after is None else retry_after


def _stop(state: RetryCallState) -> bool:
    _, deadline, tries = state.args
    return bool(state.attempt_number >= tries or state.upcoming_sleep >= deadline.left())


_RETRYING = Retrying(retry=_again, wait=_wait, stop=_stop, retry_error_callback=_outcome)
