"""Refusals and broken transports are all mapped, and told without an object's content."""

from __future__ import annotations

import http.client
import inspect
import ssl
from collections.abc import Iterator
from types import ModuleType

import kubernetes.client.exceptions
import kubernetes.config.config_exception
import orjson
import pytest
import urllib3

from syncd.cluster.calls import SECRETS, Call, ContentType, Verb
from syncd.cluster.faults import TRANSPORT, Expired, NotFound, broken, fault
from syncd.cluster.kubeconfig import _foreign_errors
from syncd.errors import ClusterError, Conflict, Denied, Rejected, Unauthenticated, Unreachable, UsageError
from syncd.model import ObjectName

CANARY = "canary-77aa"
GET = Call(Verb.GET, SECRETS, ObjectName("shop", "stripe"))
PATCH = Call(Verb.PATCH, SECRETS, ObjectName("shop", "stripe"), content_type=ContentType.MERGE_PATCH)


def status(code: int, *, reason: str = "", message: str = "", **details: object) -> bytes:
    body = {"kind": "Status", "code": code, "reason": reason, "message": message, "details": details}
    return orjson.dumps(body)


def cause(field: str, reason: str, message: str = "") -> dict[str, str]:
    return {"field": field, "reason": reason, "message": message}


RBAC = 'secrets "stripe" is forbidden: User "bob" cannot get resource "secrets" in API group "" in the namespace "shop"'
TABLE = [
    (401, status(401), Unauthenticated, "the API server does not accept the credentials"),
    (403, status(403, message=RBAC), Denied, "`get` on `secrets` in namespace `shop` is denied for `bob`"),
    (403, status(403, message=f"because of {CANARY}"), Denied, "`get` on `secrets` in namespace `shop` is denied"),
    (403, b"<html>proxy", Denied, "`get` on `secrets` in namespace `shop` is denied"),
    (
        403,
        status(403, message="x: exceeded quota: few, used: 1"),
        Rejected,
        "Secret `shop/stripe` would exceed the quota `few`",
    ),
    (
        403,
        status(403, message="x because it is being terminated"),
        Rejected,
        "Secret `shop/stripe`: namespace `shop` is being deleted",
    ),
    (
        403,
        status(403, message=f'admission webhook "policy.example.com" denied the request: {CANARY}'),
        Rejected,
        "admission webhook `policy.example.com` refuses Secret `shop/stripe`",
    ),
    (
        404,
        status(404, reason="NotFound", name="stripe", kind="secrets"),
        NotFound,
        "Secret `shop/stripe` does not exist",
    ),
    (404, status(404, reason="NotFound", name="shop", kind="namespaces"), Rejected, "namespace `shop` does not exist"),
    (404, status(404, reason="NotFound"), Unreachable, "the API server answered 404 to `get` of Secret `shop/stripe`"),
    (404, b'{"errors": []}', Unreachable, "the API server answered 404 to `get` of Secret `shop/stripe`"),
    (404, b"<html>", Unreachable, "the API server answered 404 to `get` of Secret `shop/stripe`"),
    (409, status(409, reason="AlreadyExists"), Conflict, "Secret `shop/stripe` exists already"),
    (409, status(409, reason="Conflict"), Conflict, "Secret `shop/stripe` was changed by somebody else"),
    (410, status(410, reason="Expired"), Expired, "the list of Secret `shop/stripe` has expired"),
    (413, status(413), Rejected, "Secret `shop/stripe` is too large for the API server"),
    (400, status(400, message=CANARY), Rejected, "the API server refuses the request for Secret `shop/stripe`"),
    (422, status(422, message=CANARY), Rejected, "the API server refuses Secret `shop/stripe`"),
    (
        422,
        status(422, causes=[cause("data[a b]", "FieldValueInvalid", CANARY), cause("type", "Other", CANARY)]),
        Rejected,
        "the API server refuses Secret `shop/stripe`: `data[a b]` is not valid; `type` is refused",
    ),
    (
        422,
        status(422, causes=[cause("type", "FieldValueInvalid", f'"{CANARY}": field is immutable')]),
        Rejected,
        "the API server refuses Secret `shop/stripe`: `type`: field is immutable",
    ),
    (429, status(429), Unreachable, "the API server is overloaded: `get` of Secret `shop/stripe`"),
    (500, status(500, message=CANARY), Unreachable, "the API server answered 500 to `get` of Secret `shop/stripe`"),
    (302, b"", Unreachable, "the API server answered 302 to `get` of Secret `shop/stripe`"),
]


@pytest.mark.parametrize(("code", "body", "kind", "message"), TABLE, ids=lambda value: getattr(value, "__name__", None))
def test_answers(code: int, body: bytes, kind: type[ClusterError], message: str) -> None:
    """Each status has its error, and no text of the API server that is not known to be harmless."""
    error = fault(GET, code, body)
    assert (kind, message) == (type(error), error.message)
    assert CANARY not in error.hint


def test_failed_test_of_a_json_patch_is_a_conflict() -> None:
    """The API server says 422 without causes then."""
    assert isinstance(fault(PATCH, 422, status(422, reason="Invalid")), Conflict)


def test_foreign_uid_of_a_merge_patch_is_a_conflict() -> None:
    """The API server calls it immutable."""
    body = status(422, causes=[cause("metadata.uid", "FieldValueInvalid", "field is immutable")])
    assert isinstance(fault(PATCH, 422, body), Conflict)


def test_anonymous_is_told_to_log_in() -> None:
    """A grant would be the wrong advice."""
    error = fault(GET, 403, status(403, message=RBAC.replace("bob", "system:anonymous")))
    assert "no credentials were sent: check the kubeconfig's user" == error.hint


def test_hint_names_the_right() -> None:
    """Verb, resource and namespace, as RBAC writes them."""
    assert "grant `get` on `secrets` in namespace `shop`" == fault(GET, 403, status(403, message=RBAC)).hint


def exceptions_of(module: ModuleType) -> Iterator[type[Exception]]:
    for _, found in inspect.getmembers(module, inspect.isclass):
        if issubclass(found, Exception) and not issubclass(found, Warning):
            yield found


def made(kind: type[Exception]) -> Exception:
    """An instance without its constructor, which differs from class to class."""
    error = kind.__new__(kind)
    error.args = (CANARY,)
    return error


FOREIGN = [
    *exceptions_of(urllib3.exceptions),
    *exceptions_of(http.client),
    *(ssl.SSLError, ssl.SSLCertVerificationError, ConnectionResetError, TimeoutError, OSError, ValueError),
]


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_transport_error_is_mapped(kind: type[Exception]) -> None:
    """urllib3 lets none of http.client's through but ValueError; all it raises is caught and told by its class."""
    through_urllib3 = kind.__module__ != "http.client" or issubclass(kind, OSError)
    assert issubclass(kind, TRANSPORT) or not through_urllib3
    error = broken("https://example", made(kind), 3.0)
    assert isinstance(error, Unreachable)
    assert CANARY not in f"{error.message} {error.hint}"


@pytest.mark.parametrize(
    "kind",
    [*exceptions_of(kubernetes.client.exceptions), *exceptions_of(kubernetes.config.config_exception), RuntimeError],
)
def test_every_error_of_the_client_is_mapped(kind: type[Exception]) -> None:
    """They come from loading the configuration; their texts may quote a kubeconfig."""
    with pytest.raises(UsageError) as caught, _foreign_errors("kubeconfig `x`"):
        raise made(kind)
    assert f"kubeconfig `x` cannot be used ({kind.__name__})" == caught.value.message
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("error", "words", "sent"),
    [
        (
            urllib3.exceptions.NewConnectionError.__new__(urllib3.exceptions.NewConnectionError),
            "cannot be connected to",
            False,
        ),
        (
            urllib3.exceptions.NameResolutionError.__new__(urllib3.exceptions.NameResolutionError),
            "cannot be resolved",
            False,
        ),
        (urllib3.exceptions.ConnectTimeoutError(), "did not answer within 3 s", False),
        (
            urllib3.exceptions.ReadTimeoutError.__new__(urllib3.exceptions.ReadTimeoutError),
            "did not answer within 3 s",
            True,
        ),
        (urllib3.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED"), "certificate that is not trusted", True),
        (urllib3.exceptions.ProtocolError(), "broke the connection off", True),
        (urllib3.exceptions.ProxyError("", OSError()), "through the proxy", False),
    ],
)
def test_broken_transport(error: Exception, words: str, sent: bool) -> None:
    """What is wrong, and whether the request may have arrived: only then is a write not repeated."""
    told = broken("https://example", error, 3.0)
    assert words in told.message
    assert sent is told.sent
