"""What a failed call to Vault means: exceptions of hvac and requests, and HTTP statuses, as sentences of ours.

Vault's own texts can hold names, paths and policies that nobody checked, so of them only known phrases are shown.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator
from json import JSONDecodeError

import requests
from hvac.exceptions import VaultError
from requests import exceptions as http

from syncd.providers.api import Failed, Failure, StoreError

_PHRASES = (
    "permission denied",
    "invalid token",
    "missing client token",
    "sealed",
    "invalid role or secret ID",
    "invalid role ID",
    "invalid secret id",
    "invalid username or password",
    "user account is locked",
    "ldap operation failed",
    "no client certificate found",
    "invalid certificate or no client certificate supplied",
    "failed to match all constraints for this login certificate",
    "invalid role name",
    "could not be found",
    "could not load configuration",
    "service account name not authorized",
    "namespace not authorized",
    "lookup failed",
    "invalid audience (aud) claim",
    "error validating token",
    "token is expired",
    "token not yet valid",
    "no known key successfully validated the token signature",
    "namespace not found",
    "no handler for route",
    "Invalid path for a versioned K/V secrets engine",
    "unsupported operation",
    "Field validation failed",
    "rate limit quota exceeded",
    "lease count quota exceeded",
    "local node not active but active cluster node not found",
    "error performing token check",
    "source address not authorized",
)
_NOT_THE_TOKEN = ("1 error occurred:\n\t* permission denied", "preflight capability check returned 403")
_BY_STATUS = {
    401: Failure.DENIED,
    403: Failure.DENIED,
    408: Failure.TIMEOUT,
    412: Failure.UNAVAILABLE,
    429: Failure.THROTTLED,
    472: Failure.UNAVAILABLE,
    473: Failure.UNAVAILABLE,
}
_TRUST_HINT = "set `caBundle` or `caProvider` to the authority that issued the server's certificate"


class TlsError(StoreError):
    """The handshake failed: the certificates at hand, ours or the authority's, may have been replaced meanwhile."""


def from_status(status: int) -> Failure:
    """Who must act on an HTTP status: 412 is a standby that lags behind, 472 and 473 are standbys."""
    return _BY_STATUS.get(status, Failure.UNAVAILABLE if status >= 500 else Failure.MISCONFIGURED)


def known_phrases(texts: Iterable[str]) -> str:
    """The phrases of Vault's texts that are known to be harmless, joined; never anything else of them."""
    said = list(texts)
    return "; ".join(phrase for phrase in _PHRASES if any(phrase in text for text in said))


def token_may_be_dead(response: requests.Response) -> bool:
    """Whether a 403 leaves it open that the token itself has ended: a policy's refusal has forms of its own."""
    if response.status_code != 403:
        return False
    return not any(form in text for form in _NOT_THE_TOKEN for text in _texts(response))


def from_response(response: requests.Response, doing: str, *, hint: str = "") -> StoreError:
    """The error of an answer that nobody expected; `doing` completes "Vault refused to …" or "Vault could not …"."""
    status = response.status_code
    verb = "refused to" if status < 500 else "could not"
    message = f"Vault {verb} {doing} (HTTP {': '.join(filter(None, (str(status), known_phrases(_texts(response)))))})"
    return StoreError(from_status(status), message, hint=hint, retry_after=_retry_after(response))


def from_exception(error: Exception) -> StoreError:
    """The error of a call that got no answer, or one that its library did not take.

    Takes every exception of `requests.exceptions` and `hvac.exceptions`.
    """
    if isinstance(error, VaultError):
        return StoreError(Failure.MISCONFIGURED, f"hvac refused the call (`{type(error).__name__}`)")
    return next((StoreError(*case) for kinds, case in _CASES if isinstance(error, kinds)), None) or _connection(error)


def as_outcome(error: StoreError) -> Failed:
    return Failed(error.failure, error.message, error.hint, error.retry_after)


_Kinds = tuple[type[Exception], ...]
_CASES: tuple[tuple[_Kinds, tuple[Failure, str]], ...] = (
    ((http.Timeout,), (Failure.TIMEOUT, "Vault did not answer in time")),
    ((http.ProxyError,), (Failure.UNAVAILABLE, "the proxy on the way to Vault cannot be reached or refuses")),
    ((http.TooManyRedirects,), (Failure.MISCONFIGURED, "Vault's address redirects in a circle")),
    (
        (http.JSONDecodeError, JSONDecodeError),
        (Failure.UNAVAILABLE, "the answer is no JSON: something that is not Vault answered"),
    ),
    (
        (http.ChunkedEncodingError, http.ContentDecodingError, http.StreamConsumedError),
        (Failure.UNAVAILABLE, "Vault's answer broke off or cannot be decoded"),
    ),
    (
        (
            http.InvalidURL,
            http.MissingSchema,
            http.InvalidSchema,
            http.URLRequired,
            http.InvalidHeader,
            http.UnrewindableBodyError,
            http.InvalidJSONError,
            UnicodeError,
        ),
        (Failure.MISCONFIGURED, "`server`, `headers`, the credentials or a proxy setting make no valid request"),
    ),
)


def _connection(error: Exception) -> StoreError:
    """What stands behind a failed connection, which requests wraps several times."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = getattr(cause, "verify_message", "no reason given")
            message = f"Vault's certificate is not trusted: {why}"
            return TlsError(Failure.MISCONFIGURED, message, hint=_TRUST_HINT)
        if isinstance(cause, ssl.SSLError):
            return _tls(cause)
        if isinstance(cause, ConnectionRefusedError):
            return StoreError(Failure.UNAVAILABLE, "nobody listens at Vault's address")
        if isinstance(cause, TimeoutError):
            return StoreError(Failure.TIMEOUT, "Vault did not answer in time")
        if type(cause).__name__ in ("NameResolutionError", "gaierror"):
            return StoreError(Failure.UNAVAILABLE, "the name of Vault's host cannot be resolved")
    return StoreError(Failure.UNAVAILABLE, f"the connection to Vault broke (`{type(error).__name__}`)")


def _tls(error: ssl.SSLError) -> TlsError:
    reason = (error.reason or "").lower().replace("_", " ")
    if "wrong version number" in reason or "http request" in reason:
        return TlsError(Failure.MISCONFIGURED, "Vault's address speaks no TLS", hint="is `server` meant to be http://?")
    if any(words in reason for words in ("certificate", "handshake failure", "unknown ca")):
        hint = "set `tls.certSecretRef` and `tls.keySecretRef` to a pair that the server takes, if it asks for one"
        return TlsError(Failure.MISCONFIGURED, f"Vault ended the TLS handshake: {reason}", hint=hint)
    return TlsError(Failure.UNAVAILABLE, f"the TLS connection to Vault broke: {reason or 'no reason given'}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what is wrapped in it, by whichever of the three ways requests and urllib3 use."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        current = waiting.pop(0)
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            yield current
            inner = [*current.args, getattr(current, "reason", None)]
            waiting += [current.__cause__, current.__context__, *(x for x in inner if isinstance(x, BaseException))]


def _texts(response: requests.Response) -> list[str]:
    try:
        body = response.json()
    except ValueError:
        return []
    if not isinstance(body, dict):
        return []
    said = [*(body.get("errors") or []), *(body.get("warnings") or [])]
    return [text for text in said if isinstance(text, str)]


def _retry_after(response: requests.Response) -> float | None:
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return None
