"""What an API server's refusals and a broken transport mean, in words that hold nothing of an object's content."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson
import urllib3

from syncd.cluster.calls import Call, Verb
from syncd.errors import ClusterError, Conflict, Denied, Failure, Rejected, Unauthenticated, Unreachable


class NotFound(ClusterError):
    """The API server says for certain that the object does not exist; stays inside this room."""


class Expired(ClusterError):
    """The rest of a list is no longer to be had; stays inside this room."""


_RBAC = re.compile(r'User "([^"]*)" cannot ')
_QUOTA = re.compile(r"exceeded quota: ([-.a-z0-9]+)")
_WEBHOOK = re.compile(r'admission (?:webhook|policy) "([-.a-z0-9]+)"')
_HARMLESS = re.compile(r"field is immutable(?: when `immutable` is set)?|may not be more than \d+ bytes")
"""The only texts of the API server that are passed on: others may quote a label or an annotation."""
_REASONS = {
    "FieldValueRequired": "is required",
    "FieldValueInvalid": "is not valid",
    "FieldValueTooLong": "is too long",
    "FieldValueForbidden": "is not allowed",
    "FieldValueDuplicate": "is a duplicate",
    "FieldValueNotSupported": "is not supported",
}


def fault(call: Call, status: int, body: bytes) -> ClusterError:
    """The error that an answer of 300 or more stands for."""
    state = _status_object(body)
    reason, message = str(state.get("reason") or ""), str(state.get("message") or "")
    match status:
        case 401:
            return Unauthenticated(
                "the API server does not accept the credentials", hint="log in again, or check the kubeconfig's user"
            )
        case 403:
            return _forbidden(call, message)
        case 404 if reason == "NotFound" and _details(state).get("name"):
            return _not_found(call, state)
        case 409 if reason == "AlreadyExists":
            return Conflict(f"{call.subject} exists already")
        case 409:
            return Conflict(f"{call.subject} was changed by somebody else")
        case 410:
            return Expired(f"the list of {call.subject} has expired")
        case 422:
            return _invalid(call, state)
        case 413:
            return Rejected(f"{call.subject} is too large for the API server")
        case 400 | 405 | 406 | 415:
            return _webhook(call, message) or Rejected(f"the API server refuses the request for {call.subject}")
        case 429:
            return Unreachable(f"the API server is overloaded: `{call.verb}` of {call.subject}")
    return Unreachable(f"the API server answered {status} to `{call.verb}` of {call.subject}")


def _status_object(body: bytes) -> Mapping[str, Any]:
    try:
        state = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return state if isinstance(state, dict) and state.get("kind") == "Status" else {}


def _details(state: Mapping[str, Any]) -> Mapping[str, Any]:
    details = state.get("details")
    return details if isinstance(details, dict) else {}


def _causes(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    causes = _details(state).get("causes")
    return [cause for cause in causes if isinstance(cause, dict)] if isinstance(causes, list) else []


def _forbidden(call: Call, message: str) -> ClusterError:
    if user := _RBAC.search(message):
        message = f"{call.right} is denied for `{user[1]}`"
        if user[1] == "system:anonymous":
            return Unauthenticated(message, hint="no credentials were sent: check the kubeconfig's user")
        return Denied(message, hint=f"grant {call.right}")
    if quota := _QUOTA.search(message):
        return Rejected(f"{call.subject} would exceed the quota `{quota[1]}`")
    if "is being terminated" in message:
        return Rejected(f"{call.subject}: namespace `{call.name.namespace}` is being deleted")
    return _webhook(call, message) or Denied(f"{call.right} is denied", hint=f"grant {call.right}")


def _webhook(call: Call, message: str) -> Rejected | None:
    name = _WEBHOOK.search(message)
    return Rejected(f"admission webhook `{name[1]}` refuses {call.subject}") if name else None


def _not_found(call: Call, state: Mapping[str, Any]) -> ClusterError:
    if _details(state).get("kind") == "namespaces":
        namespace = call.name.namespace
        return Rejected(f"namespace `{namespace}` does not exist", hint=f"kubectl create namespace {namespace}")
    return NotFound(f"{call.subject} does not exist")


def _invalid(call: Call, state: Mapping[str, Any]) -> ClusterError:
    causes = _causes(state)
    if call.verb is Verb.PATCH and (not causes or any(cause.get("field") == "metadata.uid" for cause in causes)):
        # A failed `test` of a JSON patch has no causes; a foreign uid in a merge patch is "immutable".
        return Conflict(f"{call.subject} is no longer what it was")
    if webhook := _webhook(call, str(state.get("message") or "")):
        return webhook
    problems = "; ".join(_cause(cause) for cause in causes)
    return Rejected(f"the API server refuses {call.subject}" + (f": {problems}" if problems else ""))


def _cause(cause: Mapping[str, Any]) -> str:
    known = _HARMLESS.search(str(cause.get("message") or ""))
    reason = known[0] if known else _REASONS.get(str(cause.get("reason")), "is refused")
    return f"`{str(cause.get('field'))[:200]}`: {reason}" if known else f"`{str(cause.get('field'))[:200]}` {reason}"


_LATE = (urllib3.exceptions.ReadTimeoutError, TimeoutError)
_NEVER_SENT = (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.ProxyError)
TRANSPORT = (urllib3.exceptions.HTTPError, OSError, ValueError)
"""All that a request through urllib3 raises: `ValueError` is http.client's, for headers that cannot be sent."""


class Broken(Unreachable):
    """No answer. `sent` is False when the request certainly did not leave, `lasting` when a second try is in vain."""

    def __init__(self, message: str, *, hint: str, sent: bool, lasting: bool, failure: Failure) -> None:
        super().__init__(message, hint=hint)
        self.sent = sent
        self.lasting = lasting
        self.failure = failure


def broken(host: str, error: BaseException, seconds: float) -> Broken:
    """The error for a request without an answer. Of the foreign exception only its class is told."""
    words, hint = _transport_words(error, seconds)
    lasting = isinstance(error, urllib3.exceptions.SSLError | ValueError)
    failure = Failure.TIMEOUT if isinstance(error, _LATE) else Failure.UNAVAILABLE
    sent = not isinstance(error, _NEVER_SENT)
    return Broken(f"`{host}` {words}", hint=hint, sent=sent, lasting=lasting, failure=failure)


def _transport_words(error: BaseException, seconds: float) -> tuple[str, str]:
    exceptions = urllib3.exceptions
    if isinstance(error, exceptions.NameResolutionError):
        return "cannot be resolved to an address", "check the kubeconfig's server and the network"
    if isinstance(error, exceptions.NewConnectionError):
        return "cannot be connected to", "is the cluster running, and the network up?"
    if isinstance(error, exceptions.TimeoutError | TimeoutError):
        return f"did not answer within {seconds:g} s", ""
    if isinstance(error, exceptions.ProxyError):
        return "cannot be reached through the proxy", "check HTTPS_PROXY and NO_PROXY"
    if isinstance(error, exceptions.SSLError):
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return "shows a certificate that is not trusted", "check the kubeconfig's certificate-authority"
        return "does not speak TLS as expected", ""
    if isinstance(error, exceptions.ProtocolError | ConnectionError):
        return "broke the connection off", ""
    return f"gave no answer ({type(error).__name__})", ""
