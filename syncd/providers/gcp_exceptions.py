"""What the exceptions of Google's libraries mean: of the API, of google-auth, and of requests below both."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.protobuf.json_format import ParseError  # type: ignore[import-untyped]  # protobuf has no types
from requests import exceptions as http
from urllib3.exceptions import HTTPError

from syncd.providers.gcp_errors import Asked, GcpError, Reason, Said, from_said, nonsense

EXCEPTIONS = (api.GoogleAPIError, auth.GoogleAuthError, http.RequestException, HTTPError, OSError, NotImplementedError)
"""All that a call of Google's libraries raises, but for what they make of an answer that is none of Google's."""
NONSENSE = (ParseError, AttributeError, KeyError, TypeError, ValueError)
"""What they make of that; caught after EXCEPTIONS, some of which are ValueErrors too."""


def from_exception(error: Exception, asked: Asked) -> GcpError:
    """The error of a call that raised any of EXCEPTIONS or NONSENSE."""
    if isinstance(error, api.RetryError) and isinstance(error.cause, Exception):
        return from_exception(error.cause, asked)
    if isinstance(error, api.GoogleAPICallError):
        said = _said(error)
        return _unconnected(said, asked) or from_said(said, asked)
    if isinstance(error, auth.GoogleAuthError):
        return _auth(error, asked)
    if isinstance(error, api.GoogleAPIError | api.AsyncRestUnsupportedParameterError):
        return GcpError(Reason.REQUEST, f"Google's library refused the call (`{type(error).__name__}`)")
    if isinstance(error, http.JSONDecodeError | http.ChunkedEncodingError | http.ContentDecodingError):
        return nonsense(asked.host)
    if isinstance(error, http.RequestException | HTTPError | OSError):
        return _connection(error, asked.host)
    return nonsense(asked.host)


def said_by(response: requests.Response) -> Said:
    """What an error's answer over HTTP says: in the form of Google's APIs, or of OAuth."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        error = None
    retry_after = _seconds(response.headers.get("Retry-After", ""))
    if isinstance(error, str):
        return Said(http=response.status_code, reason=error, retry_after=retry_after)
    if not isinstance(error, dict):
        return Said(http=response.status_code, retry_after=retry_after)
    details = [one for one in error.get("details") or () if isinstance(one, dict)]
    return Said(
        status=str(error.get("status") or ""),
        http=response.status_code,
        reason=next((str(one["reason"]) for one in details if "reason" in one), ""),
        text=str(error.get("message") or ""),
        retry_after=next((_seconds(str(one["retryDelay"])) for one in details if "retryDelay" in one), retry_after),
    )


def _said(error: api.GoogleAPICallError) -> Said:
    if isinstance(error.response, requests.Response):
        return said_by(error.response)
    status = error.grpc_status_code
    delays = [detail.retry_delay for detail in error.details if hasattr(detail, "retry_delay")]
    return Said(
        status=status.name if status is not None else "",
        http=int(error.code or 0),
        reason=str(error.reason or ""),
        text=str(error.message),
        retry_after=delays[0].ToTimedelta().total_seconds() if delays else None,
    )


_TRUST_HINT = "set CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE to the authority that issued it"
_OTHER_HINT = "check `location`, proxies, and the variable that names the endpoint"
_UNRESOLVED, _NAME_HINT = "the name of `{host}` cannot be resolved", "check `location`, and the name service"
# gRPC says why it has no connection in words only.
_UNCONNECTED = (
    ("CERTIFICATE_VERIFY_FAILED", Reason.ENDPOINT, "the certificate of `{host}` is not trusted", _TRUST_HINT),
    ("Hostname Verification", Reason.ENDPOINT, "the certificate of `{host}` is that of another host", _OTHER_HINT),
    ("WRONG_VERSION_NUMBER", Reason.ENDPOINT, "`{host}` speaks no TLS", ""),
    ("Connection refused", Reason.UNAVAILABLE, "nobody listens at `{host}`", ""),
    ("DNS resolution failed", Reason.UNAVAILABLE, _UNRESOLVED, _NAME_HINT),
    ("address lookup failed", Reason.UNAVAILABLE, _UNRESOLVED, _NAME_HINT),
    ("errors resolving", Reason.UNAVAILABLE, _UNRESOLVED, _NAME_HINT),
    ("Timeout occurred", Reason.TIMEOUT, "`{host}` did not answer in time", ""),
    ("Socket closed", Reason.UNAVAILABLE, "the connection to `{host}` broke", ""),
    ("Connection reset", Reason.UNAVAILABLE, "the connection to `{host}` broke", ""),
    ("failed to connect", Reason.UNAVAILABLE, "`{host}` cannot be reached", ""),
)


def _unconnected(said: Said, asked: Asked) -> GcpError | None:
    if said.status != "UNAVAILABLE" or said.reason:
        return None
    for phrase, reason, message, hint in _UNCONNECTED:
        if phrase in said.text:
            return GcpError(reason, message.format(host=asked.host), hint=hint)
    return None


_Kinds = tuple[type[Exception], ...]
_AUTH: tuple[tuple[_Kinds, Reason, str, str], ...] = (
    (
        (auth.ReauthFailError,),
        Reason.CREDENTIALS,
        "the GCP login wants a second factor, which nobody can enter here",
        "run `gcloud auth application-default login`",
    ),
    (
        (auth.RefreshError, auth.UserAccessTokenError, auth.OAuthError),
        Reason.CREDENTIALS,
        "no access token comes from {identity}",
        "check the account and its key, or run `gcloud auth application-default login`",
    ),
    (
        (auth.ClientCertError, auth.MutualTLSChannelError),
        Reason.CREDENTIALS,
        "the client certificate that Google's library is told to use is not right",
        "check GOOGLE_API_USE_CLIENT_CERTIFICATE",
    ),
    (
        (auth.DefaultCredentialsError,),
        Reason.CREDENTIALS,
        "Google's library does not take the form of {identity}",
        "make the key or the configuration again",
    ),
    ((auth.TimeoutError,), Reason.TIMEOUT, "the source of the GCP credentials did not answer in time", ""),
    (
        (auth.TransportError, auth.ResponseError),
        Reason.UNAVAILABLE,
        "the source of the GCP credentials does not work now",
        "",
    ),
)


def _auth(error: auth.GoogleAuthError, asked: Asked) -> GcpError:
    for kinds, reason, message, hint in _AUTH:
        if isinstance(error, kinds):
            retryable = reason is Reason.CREDENTIALS and error.retryable
            return GcpError(
                Reason.UNAVAILABLE if retryable else reason, message.format(identity=asked.identity), hint=hint
            )
    message = f"Google's library does not log in as {asked.identity} (`{type(error).__name__}`)"
    return GcpError(Reason.UNAVAILABLE if error.retryable else Reason.CREDENTIALS, message)


def _connection(error: Exception, host: str) -> GcpError:
    """What stands behind a failed connection, which requests wraps several times."""
    if isinstance(error, http.ProxyError):
        return GcpError(Reason.UNAVAILABLE, f"the proxy on the way to `{host}` cannot be reached or refuses")
    if isinstance(error, http.TooManyRedirects):
        return GcpError(Reason.ENDPOINT, f"`{host}` redirects, and a token is not sent to another address")
    if isinstance(error, http.InvalidURL | http.MissingSchema | http.InvalidSchema | http.InvalidHeader):
        return GcpError(Reason.REQUEST, f"`{host}` or a proxy setting makes no valid request")
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = getattr(cause, "verify_message", "no reason given")
            message = f"the certificate of `{host}` is not trusted: {why}"
            return GcpError(Reason.ENDPOINT, message, hint=_TRUST_HINT)
        if isinstance(cause, ConnectionRefusedError):
            return GcpError(Reason.UNAVAILABLE, f"nobody listens at `{host}`")
        if isinstance(cause, TimeoutError | http.Timeout):
            return GcpError(Reason.TIMEOUT, f"`{host}` did not answer in time")
        if type(cause).__name__ in ("NameResolutionError", "gaierror"):
            return GcpError(Reason.UNAVAILABLE, _UNRESOLVED.format(host=host), hint=_NAME_HINT)
    return GcpError(Reason.UNAVAILABLE, f"the connection to `{host}` broke (`{type(error).__name__}`)")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what is wrapped in it, by whichever of the ways requests and urllib3 use."""
    seen: list[BaseException] = []
    todo = [error]
    while todo:
        current = todo.pop(0)
        if current is None or current in seen:
            continue
        seen.append(current)
        yield current
        wrapped = (*current.args, getattr(current, "reason", None))
        todo += [current.__cause__, current.__context__, *(one for one in wrapped if isinstance(one, BaseException))]


def _seconds(text: str) -> float | None:
    """`Retry-After`, or a duration of protobuf, `3.5s`; a date is not guessed at."""
    try:
        return max(0.0, float(text.removesuffix("s")))
    except ValueError:
        return None
