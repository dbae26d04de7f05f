"""Which Secrets a workload uses, and which of their keys: a pure walk over its pod spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from syncd.manifests.extensions import RESTART
from syncd.model import NamespaceWorkloads, RestartMode, Unreadable, Workload

RELOADER_AUTO = ("reloader.stakater.com/auto", "secret.reloader.stakater.com/auto")
RELOADER_NAMED = "secret.reloader.stakater.com/reload"
RELOADER_EXCLUDED = "secrets.exclude.reloader.stakater.com/reload"

Users = NamespaceWorkloads | Unreadable


@dataclass(frozen=True, slots=True)
class Use:
    """How a workload uses one Secret: some keys by name, or all of it (`whole`)."""

    keys: frozenset[str] = frozenset()
    whole: bool = False

    def __or__(self, other: Use) -> Use:
        return Use(self.keys | other.keys, self.whole or other.whole)


WHOLE = Use(whole=True)


def uses(workload: Workload, pull_secrets: Mapping[str, tuple[str, ...]] | Unreadable) -> dict[str, Use]:
    """Names of the Secrets that the workload uses, in its own namespace.

    Found are `env`, `envFrom`, volumes, projected volumes and CSI volumes, of containers, init and ephemeral
    containers; image pull secrets, its own or those of its service account; and Secrets that Reloader's
    annotation names.
    """
    found: dict[str, Use] = {}
    for name, use in _references(workload, pull_secrets):
        if name:
            found[name] = found.get(name, Use()) | use
    return found


def _references(
    workload: Workload, pull_secrets: Mapping[str, tuple[str, ...]] | Unreadable
) -> Iterator[tuple[str, Use]]:
    spec = workload.pod_spec
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in _items(spec, kind):
            yield from _of_container(container)
    for volume in _items(spec, "volumes"):
        yield from _of_volume(volume)
    own = [str(item.get("name", "")) for item in _items(spec, "imagePullSecrets")]
    yield from ((name, WHOLE) for name in own or _inherited(spec, pull_secrets))
    yield from ((name, WHOLE) for name in _named(workload.annotations.get(RELOADER_NAMED, "")))


def _inherited(spec: Mapping[str, Any], pull_secrets: Mapping[str, tuple[str, ...]] | Unreadable) -> tuple[str, ...]:
    """A service account's pull secrets count when the pod names none (the ServiceAccount admission plugin's rule)."""
    if isinstance(pull_secrets, Unreadable):
        return ()
    account = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    return pull_secrets.get(str(account), ())


def _of_container(container: Mapping[str, Any]) -> Iterator[tuple[str, Use]]:
    for variable in _items(container, "env"):
        reference = _dig(variable, "valueFrom", "secretKeyRef")
        yield str(reference.get("name", "")), Use(frozenset({str(reference.get("key", ""))}))
    for source in _items(container, "envFrom"):
        yield str(_dig(source, "secretRef").get("name", "")), WHOLE


def _of_volume(volume: Mapping[str, Any]) -> Iterator[tuple[str, Use]]:
    secret = _dig(volume, "secret")
    yield str(secret.get("secretName", "")), _of_items(secret)
    for source in _items(_dig(volume, "projected"), "sources"):
        projected = _dig(source, "secret")
        yield str(projected.get("name", "")), _of_items(projected)
    yield str(_dig(volume, "csi", "nodePublishSecretRef").get("name", "")), WHOLE


def _of_items(reference: Mapping[str, Any]) -> Use:
    items = _items(reference, "items")
    return Use(frozenset(str(item.get("key", "")) for item in items)) if items else WHOLE


def _items(mapping: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = mapping.get(key)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _dig(mapping: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    for key in path:
        value = mapping.get(key)
        mapping = value if isinstance(value, Mapping) else {}
    return mapping


def _named(text: str) -> Iterable[str]:
    return (name.strip() for name in text.split(",") if name.strip())


def wants_restart(workload: Workload, secret: str, mode: RestartMode) -> bool:
    """Whether a change of this Secret may restart the workload: its own word first, then the declaration's mode.

    Reloader's annotations count as asking or refusing, as Reloader reads them.
    """
    if mode is RestartMode.OFF:
        return False
    annotations = {**workload.pod_annotations, **workload.annotations}
    if annotations.get(RESTART) == "off" or secret in _named(annotations.get(RELOADER_EXCLUDED, "")):
        return False
    if annotations.get(RESTART) == "on":
        return True
    if any(annotations.get(name) == "false" for name in RELOADER_AUTO):
        return secret in _named(annotations.get(RELOADER_NAMED, ""))
    if mode is RestartMode.AUTO:
        return True
    asked = any(annotations.get(name) == "true" for name in RELOADER_AUTO)
    return asked or secret in _named(annotations.get(RELOADER_NAMED, ""))
