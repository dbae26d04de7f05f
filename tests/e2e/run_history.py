"""What the API server was told about Secrets and Deployments, and whether restarts fit to the data that they use."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.servers.controlplane import ControlPlane

Key = tuple[str, str]
"""A Secret, and a key of it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    changes: int
    """Of the data that a workload uses, since it began."""
    restarts: int
    needless: int
    """Restarts with no change since the one before."""
    lost: bool
    """The last change was not followed by a restart."""


@dataclass(slots=True)
class History:
    """In the order of `resourceVersion`, which one etcd counts for all of them."""

    secrets: list[tuple[int, str, Mapping[str, str]]] = field(default_factory=list)
    """Version, Secret, its data (none when it was deleted)."""
    workloads: dict[str, list[int]] = field(default_factory=dict)
    """The versions at which each began, and began anew."""
    _templates: dict[str, object] = field(default_factory=dict)

    def hear(self, resource: str, kind: str, item: Mapping[str, Any]) -> None:
        """An event of a watch.

        Restarts show in the pod template: `metadata.generation` of a Deployment counts changes of annotations, too.
        """
        name, version = item["metadata"]["name"], int(item["metadata"]["resourceVersion"])
        if resource == "secrets":
            self.secrets.append((version, name, {} if kind == "DELETED" else item.get("data", {})))
        elif item["spec"]["template"] != self._templates.get(name):
            self.workloads.setdefault(name, []).append(version)
            self._templates[name] = item["spec"]["template"]

    def changes(self, keys: frozenset[Key]) -> list[int]:
        """The versions at which one of these keys got another value, after all were there."""
        values: dict[Key, str] = {}
        found = []
        for version, name, data in list(self.secrets):
            now = values | {key: data.get(key[1], "") for key in keys if key[0] == name}
            if now != values and len(values) == len(keys):
                found.append(version)
            values = now
        return found

    def judge(self, workload: str, keys: frozenset[Key]) -> Verdict:
        """Of a workload that uses these keys."""
        began, *restarts = list(self.workloads[workload])
        changes = [version for version in self.changes(keys) if version > began]
        lost = bool(changes) and (not restarts or restarts[-1] < changes[-1])
        spans = zip([began, *restarts], restarts, strict=False)
        needless = sum(not any(begin < one < end for one in changes) for begin, end in spans)
        return Verdict(len(changes), len(restarts), needless, lost)


@contextmanager
def watched(plane: ControlPlane, namespace: str, resource: str, history: History) -> Iterator[None]:
    """All that happens to `secrets` or `deployments` goes into the history meanwhile, from a thread."""
    api = "apis/apps/v1" if resource == "deployments" else "api/v1"
    path = f"/{api}/namespaces/{namespace}/{resource}"
    listed = plane.request("GET", path)
    for item in listed["items"]:
        history.hear(resource, "ADDED", item)
    ended = threading.Event()

    def keep() -> None:
        version = listed["metadata"]["resourceVersion"]
        while not ended.is_set():
            with suppress(requests.RequestException), _watch(plane, path, version) as answer:
                for line in answer.iter_lines(chunk_size=None):
                    event = json.loads(line)
                    history.hear(resource, event["type"], event["object"])
                    version = event["object"]["metadata"]["resourceVersion"]

    threading.Thread(target=keep, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _watch(plane: ControlPlane, path: str, version: str) -> requests.Response:
    return requests.get(
        plane.server + path,
        params={"watch": "1", "resourceVersion": version},
        headers={"Authorization": f"Bearer {plane.admin_token}"},
        verify=str(plane.ca_file),
        stream=True,
        timeout=(5, 60),
    )
