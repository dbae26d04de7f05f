"""Watching our Secrets or ConfigMaps on an API server: a list, then its changes, without any of their content."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from threading import Event
from typing import Any

import orjson

from syncd.cluster.api import SecretList, SecretSeen
from syncd.cluster.calls import WRITTEN, Call, ContentType, Verb
from syncd.cluster.codec import mapping, object_name
from syncd.cluster.connection import Connection
from syncd.cluster.faults import Expired
from syncd.errors import Unreachable
from syncd.model import MANAGED, ObjectName, TargetKind

WINDOW = 45
"""Seconds after which the API server ends a watch, which then goes on where it was."""
GRACE = 15
"""Seconds more that it may take to do so: a connection that is dead is noticed after both."""
SHORTEST = 1.0
"""Seconds between the beginnings of two windows: somebody on the way may end each at once."""
PAGE = 500


def watch_secrets(
    connection: Connection, namespace: str, stop: Event, kind: TargetKind
) -> Iterator[SecretList | SecretSeen]:
    """Raises the errors of a target."""
    place = ObjectName(namespace, "", kind)
    while not stop.is_set():
        versions, at = _listed(connection, place)
        yield SecretList(versions)
        try:
            while not stop.is_set():
                earliest = time.monotonic() + SHORTEST
                for seen, version in _window(connection, place, at):
                    at = version  # where the next window goes on
                    if seen:
                        yield seen
                stop.wait(max(0.0, earliest - time.monotonic()))
        except Expired:
            continue  # changes have been missed: begin with a list


def _listed(connection: Connection, place: ObjectName) -> tuple[dict[ObjectName, str], str]:
    """The versions of all, and that of the list. A list that expires in the middle begins anew."""
    versions: dict[ObjectName, str] = {}
    more = at = ""
    for _ in range(10_000):
        query = (("limit", str(PAGE)), ("labelSelector", MANAGED), *((("continue", more),) if more else ()))
        call = Call(Verb.LIST, WRITTEN[place.kind], place, query=query, accept=ContentType.METADATA_LIST)
        try:
            answer = connection.call(call)
        except Expired:
            versions, more = {}, ""
            continue
        metadata = mapping(answer.get("metadata"), "metadata")
        versions |= dict(_version(item, place.kind) for item in answer.get("items") or ())
        more, at = str(metadata.get("continue") or ""), str(metadata.get("resourceVersion") or "")
        if not more:
            return versions, at
    raise Unreachable("the API server does not come to the end of a list of Secrets")


def _window(connection: Connection, place: ObjectName, at: str) -> Iterator[tuple[SecretSeen | None, str]]:
    """Changes since the version `at`, each with the version to go on from; raises Expired when that is too old."""
    query = (
        ("watch", "true"),
        ("labelSelector", MANAGED),
        ("resourceVersion", at),
        ("allowWatchBookmarks", "true"),
        ("timeoutSeconds", str(WINDOW)),
    )
    call = Call(Verb.WATCH, WRITTEN[place.kind], place, query=query, accept=ContentType.METADATA)
    for line in connection.lines(call, WINDOW + GRACE):
        if line.strip():
            yield _change(line, place.kind)


def _change(line: bytes, of: TargetKind) -> tuple[SecretSeen | None, str]:
    try:
        event = mapping(orjson.loads(line), "event")
    except orjson.JSONDecodeError:
        raise Unreachable("the API server's watch makes no sense") from None
    item = mapping(event.get("object"), "object")
    match event.get("type"):
        case "ERROR":
            if item.get("code") == 410:
                raise Expired(f"the watch of {of}s has expired")
            raise Unreachable(f"the API server ended a watch with {int(item.get('code') or 0)}")
        case "BOOKMARK":
            return None, str(mapping(item.get("metadata"), "metadata").get("resourceVersion") or "")
        case kind:
            name, version = _version(item, of)
            return SecretSeen(name, "" if kind == "DELETED" else version), version


def _version(item: Mapping[str, Any], kind: TargetKind) -> tuple[ObjectName, str]:
    metadata = mapping(item.get("metadata"), "metadata")
    return replace(object_name(metadata), kind=kind), str(metadata.get("resourceVersion") or "")
