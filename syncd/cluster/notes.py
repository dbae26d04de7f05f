"""Kubernetes Events on Secrets and ConfigMaps: one object for each of them and each reason, whose count grows."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from syncd.cluster import resources
from syncd.cluster.api import Note
from syncd.cluster.calls import EVENTS
from syncd.cluster.codec import mapping
from syncd.cluster.connection import Connection
from syncd.errors import Conflict
from syncd.model import ObjectName

COMPONENT = "syncd"
LONGEST = 1024
"""Bytes of a message that the API server takes."""


def write_note(connection: Connection, note: Note) -> None:
    """Raises the errors of a target."""
    name = event_name(note)
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    try:
        resources.create(connection, EVENTS, name, _event(note, name, now))
    except Conflict:
        there = resources.get(connection, EVENTS, name)
        count = int(there.get("count") or 1) + 1
        version = mapping(there.get("metadata"), "metadata").get("resourceVersion")
        body = {"metadata": {"resourceVersion": version}, "count": count, "lastTimestamp": now}
        resources.merge(connection, EVENTS, name, {**body, "message": _message(note)})


def event_name(note: Note) -> ObjectName:
    """The same for the same Secret and reason; no longer than the name of an object may be."""
    digest = hashlib.sha256(f"{note.secret.local}/{note.reason}".encode()).hexdigest()[:16]
    return ObjectName(note.secret.namespace, f"{note.secret.name[:200].rstrip('.-')}.{digest}")


def _event(note: Note, name: ObjectName, now: str) -> dict[str, Any]:
    secret = {
        "apiVersion": "v1",
        "kind": str(note.secret.kind),
        "namespace": note.secret.namespace,
        "name": note.secret.name,
    }
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name.name, "namespace": name.namespace},
        "involvedObject": secret,
        "reason": note.reason,
        "message": _message(note),
        "type": "Warning" if note.warning else "Normal",
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }


def _message(note: Note) -> str:
    return note.message.encode()[:LONGEST].decode(errors="ignore")
