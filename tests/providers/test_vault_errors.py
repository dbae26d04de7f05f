"""Every exception of hvac and requests has a sentence, and no text of Vault gets out unseen."""

from __future__ import annotations

import inspect
import json
import ssl

import hvac.exceptions
import pytest
import requests
import requests.exceptions
import urllib3.exceptions

from syncd.providers.api import Failure
from syncd.providers.vault_errors import from_exception, from_response, from_status, known_phrases, token_may_be_dead

CANARY = "kanarie-errors-91c0"


def exceptions(module: object) -> list[type[Exception]]:
    classes = [item for _, item in inspect.getmembers(module, inspect.isclass) if issubclass(item, Exception)]
    return [kind for kind in classes if not issubclass(kind, Warning)]


def made(kind: type[Exception]) -> Exception:
    """An instance with a secret in each text, however the class is made."""
    error = kind.__new__(kind)
    error.args = (CANARY,)
    return error


def response(status: int, body: object, **headers: str) -> requests.Response:
    answer = requests.Response()
    answer.status_code = status
    answer._content = json.dumps(body).encode()
    answer.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return answer


@pytest.mark.parametrize("kind", [*exceptions(hvac.exceptions), *exceptions(requests.exceptions)])
def test_every_exception_is_mapped(kind: type[Exception]) -> None:
    """Each class is somebody's to act on, never a bug, and its own text is not shown."""
    error = from_exception(made(kind))
    assert error.failure is not Failure.BUG
    assert CANARY not in f"{error.message}{error.hint}"


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (requests.exceptions.ConnectTimeout(), Failure.TIMEOUT),
        (requests.exceptions.ReadTimeout(), Failure.TIMEOUT),
        (requests.exceptions.ConnectionError(ConnectionRefusedError()), Failure.UNAVAILABLE),
        (requests.exceptions.ConnectionError(ConnectionResetError()), Failure.UNAVAILABLE),
        (requests.exceptions.ConnectionError(TimeoutError()), Failure.TIMEOUT),
        (requests.exceptions.ProxyError(), Failure.UNAVAILABLE),
        (requests.exceptions.ChunkedEncodingError(), Failure.UNAVAILABLE),
        (requests.exceptions.InvalidHeader(), Failure.MISCONFIGURED),
        (requests.exceptions.InvalidURL(), Failure.MISCONFIGURED),
        (requests.exceptions.TooManyRedirects(), Failure.MISCONFIGURED),
        (requests.exceptions.SSLError(ssl.SSLCertVerificationError(1, "no")), Failure.MISCONFIGURED),
        (urllib3.exceptions.ProtocolError(), Failure.UNAVAILABLE),
        (hvac.exceptions.ParamValidationError(), Failure.MISCONFIGURED),
    ],
)
def test_who_must_act(error: Exception, failure: Failure) -> None:
    """What can pass by itself is tried again; what a person wrote is not."""
    assert failure is from_exception(error).failure


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (400, Failure.MISCONFIGURED),
        (401, Failure.DENIED),
        (403, Failure.DENIED),
        (404, Failure.MISCONFIGURED),
        (405, Failure.MISCONFIGURED),
        (412, Failure.UNAVAILABLE),
        (429, Failure.THROTTLED),
        (472, Failure.UNAVAILABLE),
        (500, Failure.UNAVAILABLE),
        (501, Failure.UNAVAILABLE),
        (502, Failure.UNAVAILABLE),
        (503, Failure.UNAVAILABLE),
    ],
)
def test_statuses(status: int, failure: Failure) -> None:
    """HTTP statuses by who must act on them."""
    assert failure is from_status(status)


def test_only_known_phrases_are_shown() -> None:
    """Of Vault's texts only what is known to be harmless remains."""
    assert "permission denied" == known_phrases([f"1 error: permission denied for {CANARY}", CANARY])
    error = from_response(response(503, {"errors": ["Vault is sealed", CANARY]}), "answer")
    assert "Vault could not answer (HTTP 503: sealed)" == error.message


def test_retry_after_is_kept() -> None:
    """Seconds that Vault asks to wait are handed on; a date is not guessed at."""
    assert 7.0 == from_response(response(429, {}, Retry_After="7"), "answer").retry_after
    assert from_response(response(429, {}, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"), "answer").retry_after is None


@pytest.mark.parametrize(
    ("status", "errors", "expected"),
    [
        (403, ["1 error occurred:\n\t* permission denied\n\n"], False),
        (403, ["permission denied"], True),
        (403, ["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"], True),
        (403, [], True),
        (200, [], False),
    ],
)
def test_a_policy_speaks_otherwise_than_a_dead_token(status: int, errors: list[str], expected: bool) -> None:
    """Only a 403 that is certainly a policy's says nothing against the token."""
    assert expected is token_may_be_dead(response(status, {"errors": errors}))
