"""Objects of an API server as JSON: reading one, reading all, writing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from syncd.cluster.calls import Call, ContentType, Resource, Verb
from syncd.cluster.connection import Connection
from syncd.cluster.faults import Expired
from syncd.errors import Unreachable
from syncd.model import ObjectName

PAGE = 500
MANAGER = (("fieldManager", "syncd"),)
Json = Mapping[str, Any]


def get(connection: Connection, resource: Resource, name: ObjectName) -> Json:
    """Raises NotFound and the errors of a target."""
    return _checked(connection.call(Call(Verb.GET, resource, name)), resource.kind)


def list_all(connection: Connection, resource: Resource, namespace: str, **selectors: str) -> list[Json]:
    """All objects, in pages; of all namespaces when `namespace` is empty. Either complete, or an error.

    `selectors` are query parameters such as `labelSelector`.
    """
    for _ in range(3):
        try:
            return list(_pages(connection, resource, namespace, tuple(selectors.items())))
        except Expired:
            continue  # the server has forgotten the rest of this list: begin again
    raise Unreachable(f"the API server lets every list of `{resource}` in `{namespace}` expire")


def _pages(
    connection: Connection, resource: Resource, namespace: str, selectors: tuple[tuple[str, str], ...]
) -> Iterator[Json]:
    more = ""
    while True:
        query = (("limit", str(PAGE)), *selectors, *((("continue", more),) if more else ()))
        call = Call(Verb.LIST, resource, ObjectName(namespace, ""), query=query)
        answer = _checked(connection.call(call), f"{resource.kind}List")
        yield from answer.get("items") or ()
        more = str((answer.get("metadata") or {}).get("continue") or "")
        if not more:
            return


def create(connection: Connection, resource: Resource, name: ObjectName, body: Json, subresource: str = "") -> Json:
    """Raises Conflict when the object exists."""
    query = () if subresource else MANAGER
    call = Call(Verb.CREATE, resource, name, subresource=subresource, query=query, body=orjson.dumps(body))
    return connection.call(call)


def merge(connection: Connection, resource: Resource, name: ObjectName, body: Json) -> Json:
    """A JSON merge patch."""
    return _patch(connection, resource, name, body, ContentType.MERGE_PATCH)


def patch(connection: Connection, resource: Resource, name: ObjectName, operations: list[dict[str, Any]]) -> Json:
    """A JSON patch; a failed `test` is a Conflict."""
    return _patch(connection, resource, name, operations, ContentType.JSON_PATCH)


def _patch(connection: Connection, resource: Resource, name: ObjectName, body: Any, content: ContentType) -> Json:
    call = Call(Verb.PATCH, resource, name, query=MANAGER, body=orjson.dumps(body), content_type=content)
    return connection.call(call)


def delete(connection: Connection, resource: Resource, name: ObjectName, preconditions: Mapping[str, str]) -> None:
    body = orjson.dumps({"preconditions": preconditions})
    connection.call(Call(Verb.DELETE, resource, name, body=body))


def _checked(answer: Json, kind: str) -> Json:
    if answer.get("kind") != kind:
        raise Unreachable(f"the API server did not answer with a {kind}", hint="check the server's address")
    return answer
