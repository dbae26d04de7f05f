"""The fake of Secret Manager on the wire: gRPC, and REST as the library transcodes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import grpc  # type: ignore[import-untyped]  # grpcio has no types
from google.cloud.secretmanager_v1.types import service
from google.protobuf import any_pb2, duration_pb2, json_format  # type: ignore[import-untyped]  # protobuf has no types
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]  # nor has googleapis-common
from grpc_status import rpc_status  # type: ignore[import-untyped]  # grpcio-status has no types

from tests.servers.gcp_iam import Refusal
from tests.servers.gcp_secrets import Secrets
from tests.servers.wire import Answer, Call

_SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
_REQUESTS: dict[str, Any] = {
    "AccessSecretVersion": service.AccessSecretVersionRequest,
    "GetSecret": service.GetSecretRequest,
    "ListSecrets": service.ListSecretsRequest,
    "ListSecretVersions": service.ListSecretVersionsRequest,
}


def grpc_server(secrets: Secrets, address: str, *, certificate: tuple[Path, Path] | None = None) -> Any:
    """A server that listens at `address`, with TLS where given certificate and key; it is not started yet."""
    server = grpc.server(futures.ThreadPoolExecutor(64, "gcp"))
    handlers = {
        method: grpc.unary_unary_rpc_method_handler(
            _handler(secrets, method), request_deserializer=kind.deserialize, response_serializer=_serialized
        )
        for method, kind in _REQUESTS.items()
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))
    if certificate is None:
        server.add_insecure_port(address)
    else:
        chain, key = (path.read_bytes() for path in certificate)
        server.add_secure_port(address, grpc.ssl_server_credentials([(key, chain)]))
    return server


def rest(secrets: Secrets, call: Call) -> Answer:
    """The answer to a call of the REST API. Raises Refusal."""
    name = unquote(call.path).removeprefix("/v1/")
    query = {key: value for key, value in parse_qsl(call.query) if not key.startswith("$")}
    if name.endswith(":access"):
        return _answered(secrets, "AccessSecretVersion", {"name": name.removesuffix(":access")}, call)
    if name.endswith("/versions"):
        return _answered(secrets, "ListSecretVersions", {**query, "parent": name.removesuffix("/versions")}, call)
    if name.endswith("/secrets"):
        return _answered(secrets, "ListSecrets", {**query, "parent": name.removesuffix("/secrets")}, call)
    return _answered(secrets, "GetSecret", {"name": name}, call)


def error(refusal: Refusal) -> Answer:
    """A refusal as Google's REST APIs write it."""
    code, _ = refusal.code.value
    details: list[dict[str, Any]] = []
    if refusal.reason:
        info = {"reason": refusal.reason, "domain": "googleapis.com"}
        details.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", **info})
    if refusal.delay is not None:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{refusal.delay:g}s"})
    status = _HTTP[code]
    document = {"code": status, "message": refusal.message, "status": refusal.code.name, "details": details}
    return Answer(status, json.dumps({"error": document}).encode())


_HTTP = dict(enumerate((200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401)))
"""By the codes of gRPC, as google/rpc/code.proto has it."""


def bearer(call: Call) -> str | None:
    """The header that says who calls."""
    return next((value for name, value in call.headers.items() if name.lower() == "authorization"), None)


def _answered(secrets: Secrets, method: str, fields: dict[str, str], call: Call) -> Answer:
    request = _REQUESTS[method]()
    json_format.ParseDict(fields, type(request).pb(request))
    who = secrets.iam.authenticate(bearer(call))
    answer = getattr(secrets, method)(who, request)
    return Answer(200, json_format.MessageToJson(type(answer).pb(answer)).encode())


def _handler(secrets: Secrets, method: str) -> Callable[[Any, Any], Any]:
    def handle(request: Any, context: Any) -> Any:
        try:
            who = secrets.iam.authenticate(dict(context.invocation_metadata()).get("authorization"))
            return getattr(secrets, method)(who, request)
        except Refusal as refusal:
            context.abort_with_status(rpc_status.to_status(_status(refusal)))

    return handle


def _status(refusal: Refusal) -> Any:
    details = []
    if refusal.reason:
        details.append(error_details_pb2.ErrorInfo(reason=refusal.reason, domain="googleapis.com"))
    if refusal.delay is not None:
        nanos = int(refusal.delay * 1e9)
        delay = duration_pb2.Duration(seconds=nanos // 10**9, nanos=nanos % 10**9)
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    packed = [any_pb2.Any() for _ in details]
    for envelope, detail in zip(packed, details, strict=True):
        envelope.Pack(detail)
    code, _ = refusal.code.value
    return status_pb2.Status(code=code, message=refusal.message, details=packed)


def _serialized(message: Any) -> bytes:
    raw: bytes = type(message).serialize(message)
    return raw
