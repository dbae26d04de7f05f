"""Every exception of Google's libraries has a sentence, the same over gRPC and REST, and no text of theirs gets out."""

from __future__ import annotations

import inspect
import json
import ssl
from types import ModuleType
from typing import Any

import google.api_core.exceptions
import google.auth.exceptions
import pytest
import requests
import requests.exceptions
import urllib3.exceptions

from syncd.providers.api import Failure
from syncd.providers.gcp_errors import _HTTP, _STATUSES, Asked, Said, from_said
from syncd.providers.gcp_exceptions import EXCEPTIONS, NONSENSE, from_exception, said_by

CANARY = "kanarie-errors-17ab"
ASKED = Asked("secretmanager.versions.access", "projects/p/secrets/a/versions/latest", "syncd@p", "api:443")


def exceptions(module: ModuleType) -> list[type[Exception]]:
    """All that the library itself defines."""
    classes = [item for _, item in inspect.getmembers(module, inspect.isclass) if issubclass(item, Exception)]
    library = module.__name__.partition(".")[0]
    return [kind for kind in classes if not issubclass(kind, Warning) and kind.__module__.startswith(library)]


def made(kind: type[Exception]) -> Exception:
    """An instance with a secret in each text, however the class is made."""
    try:
        return kind(CANARY)
    except TypeError:
        error = kind.__new__(kind)
        error.args = (CANARY,)
        error.__dict__ |= {"_cause": ValueError(CANARY), "message": CANARY}
        return error


def response(status: int, body: object, **headers: str) -> requests.Response:
    answer = requests.Response()
    answer.status_code = status
    answer._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    answer.request = requests.Request("GET", "https://api:443/v1/x").prepare()
    return answer


def google_error(http: int, status: str, *details: dict[str, Any], message: str = CANARY) -> requests.Response:
    return response(http, {"error": {"code": http, "message": message, "status": status, "details": [*details]}})


@pytest.mark.parametrize(
    "kind",
    [
        *exceptions(google.api_core.exceptions),
        *exceptions(google.auth.exceptions),
        *exceptions(requests.exceptions),
        *exceptions(urllib3.exceptions),
    ],
)
def test_every_exception_is_mapped(kind: type[Exception]) -> None:
    """Each class is caught, is somebody's to act on, never a bug, and its own text is not shown."""
    assert issubclass(kind, (*EXCEPTIONS, *NONSENSE))
    error = from_exception(made(kind), ASKED)
    assert error.failure is not Failure.BUG
    assert CANARY not in f"{error.message}{error.hint}"


_API: Any = google.api_core.exceptions
_AUTH: Any = google.auth.exceptions


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (_API.NotFound("x"), Failure.MISCONFIGURED),
        (_API.PermissionDenied("x"), Failure.DENIED),
        (_API.Unauthenticated("x"), Failure.DENIED),
        (_API.FailedPrecondition("x"), Failure.MISCONFIGURED),
        (_API.InvalidArgument("x"), Failure.MISCONFIGURED),
        (_API.ResourceExhausted("x"), Failure.THROTTLED),
        (_API.ServiceUnavailable("x"), Failure.UNAVAILABLE),
        (_API.InternalServerError("x"), Failure.UNAVAILABLE),
        (_API.Unknown("x"), Failure.UNAVAILABLE),
        (_API.DataLoss("x"), Failure.UNAVAILABLE),
        (_API.Aborted("x"), Failure.UNAVAILABLE),
        (_API.Cancelled("x"), Failure.UNAVAILABLE),
        (_API.DeadlineExceeded("x"), Failure.TIMEOUT),
        (_API.MethodNotImplemented("x"), Failure.MISCONFIGURED),
        (_API.RetryError("x", _API.DeadlineExceeded("x")), Failure.TIMEOUT),
        (_API.DuplicateCredentialArgs("x"), Failure.MISCONFIGURED),
        (_AUTH.RefreshError("x"), Failure.DENIED),
        (_AUTH.RefreshError("x", retryable=True), Failure.UNAVAILABLE),
        (_AUTH.ReauthFailError("x"), Failure.DENIED),
        (_AUTH.DefaultCredentialsError("x"), Failure.DENIED),
        (_AUTH.MalformedError("x"), Failure.DENIED),
        (_AUTH.TransportError("x"), Failure.UNAVAILABLE),
        (_AUTH.TimeoutError("x"), Failure.TIMEOUT),
        (_AUTH.MutualTLSChannelError("x"), Failure.DENIED),
        (requests.exceptions.ReadTimeout(), Failure.TIMEOUT),
        (requests.exceptions.ConnectionError(ConnectionRefusedError()), Failure.UNAVAILABLE),
        (requests.exceptions.ProxyError(), Failure.UNAVAILABLE),
        (requests.exceptions.ChunkedEncodingError(), Failure.UNAVAILABLE),
        (requests.exceptions.TooManyRedirects(), Failure.MISCONFIGURED),
        (requests.exceptions.InvalidHeader(), Failure.MISCONFIGURED),
        (requests.exceptions.SSLError(ssl.SSLCertVerificationError(1, "no")), Failure.MISCONFIGURED),
        (KeyError("x"), Failure.UNAVAILABLE),
    ],
)
def test_who_must_act(error: Exception, failure: Failure) -> None:
    """What can pass by itself is tried again; what a person wrote is not."""
    assert failure is from_exception(error, ASKED).failure


@pytest.mark.parametrize(
    ("text", "failure", "message"),
    [
        ("…: connect: Connection refused (111)", Failure.UNAVAILABLE, "nobody listens at `api:443`"),
        ("DNS resolution failed for api:443: …", Failure.UNAVAILABLE, "the name of `api:443` cannot be resolved"),
        (
            "errors resolving api:443: [address lookup failed …",
            Failure.UNAVAILABLE,
            "the name of `api:443` cannot be resolved",
        ),
        (
            "… Hostname Verification Check failed.",
            Failure.MISCONFIGURED,
            "the certificate of `api:443` is that of another host",
        ),
        ("… CERTIFICATE_VERIFY_FAILED: …", Failure.MISCONFIGURED, "the certificate of `api:443` is not trusted"),
        ("… WRONG_VERSION_NUMBER …", Failure.MISCONFIGURED, "`api:443` speaks no TLS"),
        ("… Timeout occurred: FD Shutdown", Failure.TIMEOUT, "`api:443` did not answer in time"),
        ("Socket closed", Failure.UNAVAILABLE, "the connection to `api:443` broke"),
        (CANARY, Failure.UNAVAILABLE, "GCP could not answer (UNAVAILABLE)"),
    ],
)
def test_connections_of_grpc(text: str, failure: Failure, message: str) -> None:
    """gRPC says in words why it has none; they are known, or not shown."""
    error = from_exception(_API.ServiceUnavailable(f"{text} {CANARY}"), ASKED)
    assert (failure, message) == (error.failure, error.message)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (google_error(404, "NOT_FOUND"), Said("NOT_FOUND", 404)),
        (google_error(400, "FAILED_PRECONDITION"), Said("FAILED_PRECONDITION", 400)),
        (google_error(403, "PERMISSION_DENIED", {"reason": "R"}), Said("PERMISSION_DENIED", 403, "R")),
        (google_error(429, "X", {"retryDelay": "2.5s"}), Said("X", 429, retry_after=2.5)),
        (response(429, {"errors": ["slow"]}, Retry_After="3"), Said(http=429, retry_after=3.0)),
        (response(429, {}, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"), Said(http=429)),
        (response(404, b"<html>no</html>"), Said(http=404)),
        (response(404, {"error": ["x"]}), Said(http=404)),
        (response(500, [1]), Said(http=500)),
        (response(400, {"error": "invalid_grant"}), Said(http=400, reason="invalid_grant")),
    ],
)
def test_what_rest_says(answer: requests.Response, expected: Said) -> None:
    """Google's form, OAuth's, and anybody else's."""
    said = said_by(answer)
    assert expected == Said(said.status, said.http, said.reason, retry_after=said.retry_after)


def test_a_404_of_somebody_else_is_not_absence() -> None:
    """Only a status of GCP's own says that a secret does not exist."""
    foreign = from_exception(_API.from_http_response(response(404, b"<html>")), ASKED)
    assert ("endpoint", "absent") == (
        foreign.reason,
        from_exception(_API.from_http_response(google_error(404, "NOT_FOUND")), ASKED).reason,
    )


@pytest.mark.parametrize("status", _STATUSES)
def test_both_transports_say_the_same(status: str) -> None:
    """A status of GCP's means the same however it comes."""
    http = dict.fromkeys(_STATUSES, 400) | {"UNIMPLEMENTED": 501}
    by_rest = from_exception(_API.from_http_response(google_error(http[status], status)), ASKED)
    by_grpc = from_said(Said(status), ASKED)
    assert (by_grpc.reason, by_grpc.message) == (by_rest.reason, by_rest.message)


@pytest.mark.parametrize("status", [*_HTTP, 302, 400, 418, 500, 502, 503])
def test_statuses_of_http_have_a_sentence(status: int) -> None:
    """Where an answer has no form that is known."""
    error = from_said(Said(http=status), ASKED)
    assert error.message
    assert f"HTTP {status}" in error.message


def test_only_known_reasons_are_shown() -> None:
    """Anybody may have written what stands there."""
    assert "(PERMISSION_DENIED)" in from_said(Said("PERMISSION_DENIED", 403, CANARY), ASKED).message
    assert "(HTTP 403)" in from_said(Said(CANARY, 403), ASKED).message


def test_the_missing_right_is_the_one_that_gcp_names() -> None:
    """It may be another than that of the call."""
    text = "Permission 'serviceusage.services.use' denied on resource x"
    error = from_said(Said("PERMISSION_DENIED", 403, text=text), ASKED)
    assert "`serviceusage.services.use`" in error.message
    assert "`roles/serviceusage.serviceUsageConsumer`" in error.hint


def test_an_api_that_is_not_enabled() -> None:
    """It looks like a missing right on the wire, and is none."""
    error = from_said(Said("PERMISSION_DENIED", 403, "SERVICE_DISABLED"), ASKED)
    assert Failure.DENIED is error.failure
    assert "cannot use Secret Manager (PERMISSION_DENIED: SERVICE_DISABLED)" in error.message
    assert "gcloud services enable" in error.hint
