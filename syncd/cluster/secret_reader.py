"""Reading Secrets and ConfigMaps from an API server with as few calls as rights allow."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from syncd.cluster import resources
from syncd.cluster.api import OwnedSecrets
from syncd.cluster.calls import WRITTEN
from syncd.cluster.codec import Malformed, secret_from_json
from syncd.cluster.connection import Connection
from syncd.cluster.faults import NotFound
from syncd.cluster.parallel import fan_out
from syncd.cluster.rules import is_name
from syncd.errors import ClusterError, Denied, Unauthenticated
from syncd.model import MANAGED, Missing, ObjectName, Observed, Present, SecretObject, TargetKind, Unreadable

BULK = 4
"""From this many names of a namespace on, the namespace is listed."""
HELM = "helm.sh/release.v1"
"""Type of the Secrets in which Helm keeps its releases: large, many, and never ours."""
FORGET = 600.0
"""Seconds after which a denied `list` is tried again: rights may have been granted."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """That a list was denied: when, and what a person is told of it."""

    at: float
    warning: str


class SecretReader:
    """Remembers which namespaces may not be listed, and which names a list does not show."""

    def __init__(self, connection: Connection, *, everywhere: bool = True) -> None:
        self._connection = connection
        self._everywhere = everywhere
        self._denied: dict[tuple[str, TargetKind], _Refusal] = {}
        self._hidden: set[ObjectName] = set()

    @property
    def warnings(self) -> list[str]:
        """Which lists were denied when they were last tried, and what to grant."""
        return [refusal.warning for refusal in list(self._denied.values())]

    def hide(self, name: ObjectName) -> None:
        """It exists although a list did not show it: from now on it is read by name."""
        self._hidden.add(name)

    def read(self, names: Collection[ObjectName]) -> dict[ObjectName, Observed]:
        found: dict[ObjectName, Observed] = {name: Missing() for name in names if not is_name(name)}
        bulk, single = self._split([name for name in names if name not in found])
        for group, listed in zip(bulk, fan_out(self._listed, bulk), strict=True):
            found.update(listed)
            single += [name for name in group if name not in listed]
        found.update(zip(single, fan_out(self._one, single), strict=True))
        self._hidden.difference_update(name for name, observed in found.items() if not _is_hidden(observed))
        return found

    def matching(self, namespace: str, **selectors: str) -> tuple[SecretObject, ...]:
        """All Secrets of a namespace that match. Raises the errors of a target."""
        return self._matching(namespace, TargetKind.SECRET, **selectors)

    def _matching(self, namespace: str, kind: TargetKind, **selectors: str) -> tuple[SecretObject, ...]:
        items = resources.list_all(self._connection, WRITTEN[kind], namespace, **selectors)
        return tuple(secret_from_json(item, kind) for item in items)

    def owned(self, namespaces: Collection[str], kind: TargetKind) -> OwnedSecrets:
        hint = ""
        if self._everywhere:
            try:
                return OwnedSecrets(self._matching("", kind, labelSelector=MANAGED))
            except Unauthenticated:
                raise
            except Denied as denied:
                hint = denied.hint
        found: list[SecretObject] = []
        complete = True
        for result in fan_out(lambda namespace: self._owned_in(namespace, kind), sorted(namespaces)):
            if isinstance(result, Denied):
                complete, hint = False, result.hint
            else:
                found += result
        return OwnedSecrets(tuple(found), complete, hint)

    def _owned_in(self, namespace: str, kind: TargetKind) -> tuple[SecretObject, ...] | Denied:
        try:
            return self._matching(namespace, kind, labelSelector=MANAGED)
        except Unauthenticated:
            raise
        except Denied as denied:
            return denied

    def _split(self, names: Collection[ObjectName]) -> tuple[list[tuple[ObjectName, ...]], list[ObjectName]]:
        """The names to be listed, by namespace and kind, and those to be read one by one."""
        groups: dict[tuple[str, TargetKind], list[ObjectName]] = defaultdict(list)
        single: list[ObjectName] = []
        for name in dict.fromkeys(names):
            if name in self._hidden or not self._listable(name):
                single.append(name)
            else:
                groups[name.namespace, name.kind].append(name)
        for group in groups.values():
            if len(group) < BULK:
                single += group
        return [tuple(group) for group in groups.values() if len(group) >= BULK], single

    def _listable(self, name: ObjectName) -> bool:
        refusal = self._denied.get((name.namespace, name.kind))
        return refusal is None or time.monotonic() - refusal.at > FORGET

    def _listed(self, names: tuple[ObjectName, ...]) -> Mapping[ObjectName, Observed]:
        """An answer for each of these names of one namespace and kind, or none when `list` is denied."""
        namespace, kind = names[0].namespace, names[0].kind
        selectors = {"fieldSelector": f"type!={HELM}"} if kind is TargetKind.SECRET else {}
        try:
            items = resources.list_all(self._connection, WRITTEN[kind], namespace, **selectors)
        except Unauthenticated as error:  # as would be each single read
            return dict.fromkeys(names, Unreadable.of(error))
        except Denied as denied:
            self._refuse(namespace, kind, denied)
            return {}
        except ClusterError as error:
            return dict.fromkeys(names, Unreadable.of(error))
        self._denied.pop((namespace, kind), None)
        there = {item["metadata"]["name"]: item for item in items}
        return {name: _observed(there[name.name], kind) if name.name in there else Missing() for name in names}

    def _refuse(self, namespace: str, kind: TargetKind, denied: Denied) -> None:
        """Notes it, and forgets those that are asked for no more."""
        now = time.monotonic()
        for place, refusal in list(self._denied.items()):
            if now - refusal.at > 2 * FORGET:
                self._denied.pop(place, None)
        warning = f"{denied.message}: {kind}s are read one by one; {denied.hint} to save calls"
        self._denied[namespace, kind] = _Refusal(now, warning)

    def _one(self, name: ObjectName) -> Observed:
        try:
            return _observed(resources.get(self._connection, WRITTEN[name.kind], name), name.kind)
        except NotFound:
            return Missing()
        except ClusterError as error:
            return Unreadable.of(error)


def _is_hidden(observed: Observed) -> bool:
    """Whether a list would not show it, or may not."""
    return isinstance(observed, Unreadable) or (isinstance(observed, Present) and observed.secret.type == HELM)


def _observed(item: resources.Json, kind: TargetKind) -> Observed:
    try:
        return Present(secret_from_json(item, kind))
    except Malformed as error:
        return Unreadable(f"the API server's answer makes no sense: {error}")
