"""Which Secrets a workload uses, and which of their keys: a pure walk over its pod spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from syncd.manifests.extensions import RESTART
from syncd.model import NamespaceWorkloads, RestartMode, Unreadable, Workload

RELOADER_AUTO = ("reloader.stakater.com/auto", "secret.reloader.stakater.com/auto")
RELOADER_NAMED = "secret.reloader.stakater.com/reload"
RELOADER_EXCLUDED = "secrets.exclude.reloader.stakater.com/reload"

Users = NamespaceWorkloads | Unreadable
PullSecrets = Mapping[str, tuple[str, ...]] | Unreadable
"""Image pull secrets by service account."""

_CONTAINERS = {
    "initContainers": "init container",
    "containers": "container",
    "ephemeralContainers": "ephemeral container",
}


@dataclass(frozen=True, slots=True)
class Use:
    """How a workload uses one Secret: some keys by name, or all of it (`whole`)."""

    keys: frozenset[str] = frozenset()
    whole: bool = False

    def __or__(self, other: Use) -> Use:
        return Use(self.keys | other.keys, self.whole or other.whole)


WHOLE = Use(whole=True)


class Reference(NamedTuple):
    """One place that names a Secret; its text is put together only when somebody wants to read it."""

    secret: str
    use: Use
    place: str
    names: tuple[object, ...] = ()

    def __str__(self) -> str:
        return self.place.format(*self.names)


def uses(workload: Workload, pull_secrets: PullSecrets) -> dict[str, Use]:
    """Names of the Secrets that the workload uses, in its own namespace."""
    found: dict[str, Use] = {}
    for one in references(workload, pull_secrets):
        found[one.secret] = found[one.secret] | one.use if one.secret in found else one.use
    return found


def references(workload: Workload, pull_secrets: PullSecrets) -> Iterator[Reference]:
    """Every place by which the workload uses a Secret of its own namespace.

    Found are `env`, `envFrom`, volumes, projected volumes and CSI volumes, of containers, init and ephemeral
    containers; image pull secrets, its own or those of its service account; and Secrets that Reloader's
    annotation names.
    """
    spec = workload.pod_spec
    for field, kind in _CONTAINERS.items():
        for container in _items(spec, field):
            yield from _of_container(container, kind)
    for volume in _items(spec, "volumes"):
        yield from _of_volume(volume)
    own = _items(spec, "imagePullSecrets")
    for item in own:
        if name := _text(item, "name"):
            yield Reference(name, WHOLE, "imagePullSecrets")
    if not own:
        yield from _inherited(spec, pull_secrets)
    place = f"annotation `{RELOADER_NAMED}`"
    yield from (Reference(name, WHOLE, place) for name in _named(workload.annotations.get(RELOADER_NAMED, "")))


def _inherited(spec: Mapping[str, Any], pull_secrets: PullSecrets) -> Iterator[Reference]:
    """A service account's pull secrets count when the pod names none (the ServiceAccount admission plugin's rule)."""
    if isinstance(pull_secrets, Unreadable):
        return
    account = str(spec.get("serviceAccountName") or spec.get("serviceAccount") or "default")
    for name in pull_secrets.get(account, ()):
        yield Reference(name, WHOLE, "imagePullSecrets of ServiceAccount `{}`", (account,))


def _of_container(container: Mapping[str, Any], kind: str) -> Iterator[Reference]:
    owner = container.get("name")
    for variable in _items(container, "env"):
        reference = _dig(variable, "valueFrom", "secretKeyRef")
        if name := _text(reference, "name"):
            use = Use(frozenset({_text(reference, "key")}))
            yield Reference(name, use, "env `{}` of {} `{}`", (variable.get("name"), kind, owner))
    for source in _items(container, "envFrom"):
        if name := _text(_dig(source, "secretRef"), "name"):
            yield Reference(name, WHOLE, "envFrom of {} `{}`", (kind, owner))


def _of_volume(volume: Mapping[str, Any]) -> Iterator[Reference]:
    names = (volume.get("name"),)
    secret = _dig(volume, "secret")
    if name := _text(secret, "secretName"):
        yield Reference(name, _of_items(secret), "volume `{}`", names)
    for source in _items(_dig(volume, "projected"), "sources"):
        projected = _dig(source, "secret")
        if name := _text(projected, "name"):
            yield Reference(name, _of_items(projected), "projected volume `{}`", names)
    if name := _text(_dig(volume, "csi", "nodePublishSecretRef"), "name"):
        yield Reference(name, WHOLE, "CSI volume `{}`", names)


def _of_items(reference: Mapping[str, Any]) -> Use:
    items = _items(reference, "items")
    return Use(frozenset(str(item.get("key", "")) for item in items)) if items else WHOLE


def _items(mapping: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = mapping.get(key)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _text(mapping: Mapping[str, Any], key: str) -> str:
    value = mapping.get(key)
    return "" if value is None else str(value)


def _dig(mapping: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    for key in path:
        value = mapping.get(key)
        mapping = value if isinstance(value, Mapping) else {}
    return mapping


def _named(text: str) -> Iterable[str]:
    return (name.strip() for name in text.split(",") if name.strip())


def wants_restart(workload: Workload, secret: str, mode: RestartMode) -> bool:
    """Whether a change of this Secret may restart the workload."""
    return restart_wish(workload, secret, mode)[0]


def restart_wish(workload: Workload, secret: str, mode: RestartMode) -> tuple[bool, str]:
    """Whether a change of this Secret may restart the workload, and who says so.

    The workload's own word goes first, then the declaration's mode. Reloader's annotations count as asking or
    refusing, as Reloader reads them.
    """
    if mode is RestartMode.OFF:
        return False, "restart mode `off`"
    annotations = {**workload.pod_annotations, **workload.annotations}
    if annotations.get(RESTART) == "off":
        return False, f"annotation `{RESTART}: off`"
    if secret in _named(annotations.get(RELOADER_EXCLUDED, "")):
        return False, f"annotation `{RELOADER_EXCLUDED}` names it"
    if annotations.get(RESTART) == "on":
        return True, f"annotation `{RESTART}: on`"
    return _by_reloader(annotations, secret, mode)


def _by_reloader(annotations: Mapping[str, str], secret: str, mode: RestartMode) -> tuple[bool, str]:
    said = {annotations.get(name, ""): name for name in RELOADER_AUTO}
    refused, asked = said.get("false"), said.get("true")
    named = secret in _named(annotations.get(RELOADER_NAMED, ""))
    if mode is RestartMode.AUTO and not refused:
        return True, "restart mode `auto`"
    if asked and not refused:
        return True, f"annotation `{asked}: true`"
    if named:
        return True, f"annotation `{RELOADER_NAMED}` names it"
    return False, f"annotation `{refused}: false`" if refused else "restart mode `annotated`, and nothing asks for it"
