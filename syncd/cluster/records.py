"""What syncd keeps for itself in its own namespace: the keys of fingerprints and the guard's record of removals."""

from __future__ import annotations

from dataclasses import replace

from syncd.cluster import resources
from syncd.cluster.calls import CONFIGMAPS, SECRETS
from syncd.cluster.codec import secret_from_json, secret_to_json, strings
from syncd.cluster.connection import Connection
from syncd.cluster.faults import NotFound
from syncd.cluster.keys import new_key, newest_first
from syncd.errors import ClusterError, Conflict, Rejected
from syncd.model import FingerprintKey, Missing, ObjectName, SecretObject, TargetKind, Unreadable

KEY = "syncd-key"
REMOVALS = "syncd-removals"


class Records:
    def __init__(self, connection: Connection, namespace: str) -> None:
        self._connection = connection
        self._key = ObjectName(namespace, KEY)
        self._removals = ObjectName(namespace, REMOVALS)

    def spare(self, name: ObjectName) -> None:
        """Raises Rejected when a declaration's target is one of these, whatever its policy."""
        if name in (self._key, replace(self._removals, kind=TargetKind.CONFIG_MAP)):
            raise Rejected(f"{name.kind} `{name}` is syncd's own", hint="give `target.name` another name")

    def keys(self) -> tuple[FingerprintKey, ...] | Missing | Unreadable:
        try:
            return self._read_keys()
        except NotFound:
            return Missing()
        except ClusterError as error:
            return Unreadable.of(error)

    def _read_keys(self) -> tuple[FingerprintKey, ...]:
        keys = newest_first(secret_from_json(resources.get(self._connection, SECRETS, self._key)).data)
        if not keys:
            message = f"Secret `{self._key}` holds no key of fingerprints"
            raise Rejected(message, hint=f"kubectl delete secret -n {self._key.namespace} {KEY}: a new one is made")
        return keys

    def create_key(self) -> tuple[FingerprintKey, ...]:
        key = new_key()
        secret = SecretObject(self._key, data={key.id: key.secret})
        try:
            resources.create(self._connection, SECRETS, self._key, secret_to_json(secret))
        except Conflict:
            return self._read_keys()
        return (key,)

    def removals(self) -> str:
        try:
            item = resources.get(self._connection, CONFIGMAPS, self._removals)
        except NotFound:
            return ""
        return strings(item.get("data"), "data").get("record", "")

    def write_removals(self, record: str) -> None:
        body = {"data": {"record": record}}
        try:
            resources.merge(self._connection, CONFIGMAPS, self._removals, body)
        except NotFound:
            metadata = {"name": self._removals.name, "namespace": self._removals.namespace}
            new = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **body}
            try:
                resources.create(self._connection, CONFIGMAPS, self._removals, new)
            except Conflict:  # somebody else made it between the two calls
                resources.merge(self._connection, CONFIGMAPS, self._removals, body)
