"""Which Secrets and ConfigMaps a workload uses, and which of their keys: a pure walk over its pod spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from syncd.manifests.extensions import RESTART
from syncd.model import NamespaceWorkloads, ObjectName, RestartMode, TargetKind, Unreadable, Workload

Users = NamespaceWorkloads | Unreadable
PullSecrets = Mapping[str, tuple[str, ...]] | Unreadable
"""Image pull secrets by service account."""

CONFIG_MAP = ObjectName("", "", TargetKind.CONFIG_MAP).local
"""What the local name of a ConfigMap begins with; that of a Secret is its name."""
_VARIABLES = (("secretKeyRef", ""), ("configMapKeyRef", CONFIG_MAP))
_ENVIRONMENTS = (("secretRef", ""), ("configMapRef", CONFIG_MAP))
_VOLUMES = (("secret", "secretName", ""), ("configMap", "name", CONFIG_MAP))
_PROJECTED = (("secret", ""), ("configMap", CONFIG_MAP))
_CONTAINERS = {
    "initContainers": "init container",
    "containers": "container",
    "ephemeralContainers": "ephemeral container",
}


@dataclass(frozen=True, slots=True)
class _Reloader:
    """The annotations by which Reloader is told of Secrets, or of ConfigMaps."""

    auto: tuple[str, str]
    named: str
    excluded: str

    @classmethod
    def of(cls, kind: TargetKind) -> _Reloader:
        one, domain = kind.lower(), "reloader.stakater.com"
        auto = (f"{domain}/auto", f"{one}.{domain}/auto")
        return cls(auto, named=f"{one}.{domain}/reload", excluded=f"{one}s.exclude.{domain}/reload")


_RELOADER = {kind: _Reloader.of(kind) for kind in TargetKind}


@dataclass(frozen=True, slots=True)
class Use:
    """How a workload uses one Secret: some keys by name, or all of it (`whole`)."""

    keys: frozenset[str] = frozenset()
    whole: bool = False

    def __or__(self, other: Use) -> Use:
        return Use(self.keys | other.keys, self.whole or other.whole)


WHOLE = Use(whole=True)


class Reference(NamedTuple):
    """One place that names a Secret or ConfigMap; its text is put together only when somebody wants to read it."""

    secret: str
    """Its local name."""
    use: Use
    place: str
    names: tuple[object, ...] = ()

    def __str__(self) -> str:
        return self.place.format(*self.names)


def uses(workload: Workload, pull_secrets: PullSecrets) -> dict[str, Use]:
    """Local names of the Secrets and ConfigMaps that the workload uses, in its own namespace."""
    found: dict[str, Use] = {}
    for one in references(workload, pull_secrets):
        found[one.secret] = found[one.secret] | one.use if one.secret in found else one.use
    return found


def references(workload: Workload, pull_secrets: PullSecrets) -> Iterator[Reference]:
    """Every place by which the workload uses a Secret or ConfigMap of its own namespace.

    Found are `env`, `envFrom`, volumes, projected volumes and CSI volumes, of containers, init and ephemeral
    containers; image pull secrets, its own or those of its service account; and what Reloader's annotations name.
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
    for kind, reloader in _RELOADER.items():
        for name in _named(workload.annotations.get(reloader.named, "")):
            yield Reference(ObjectName("", name, kind).local, WHOLE, f"annotation `{reloader.named}`")


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
        for field, prefix in _VARIABLES:
            reference = _dig(variable, "valueFrom", field)
            if name := _text(reference, "name"):
                use = Use(frozenset({_text(reference, "key")}))
                yield Reference(prefix + name, use, "env `{}` of {} `{}`", (variable.get("name"), kind, owner))
    for source in _items(container, "envFrom"):
        for field, prefix in _ENVIRONMENTS:
            if name := _text(_dig(source, field), "name"):
                yield Reference(prefix + name, WHOLE, "envFrom of {} `{}`", (kind, owner))


def _of_volume(volume: Mapping[str, Any]) -> Iterator[Reference]:
    names = (volume.get("name"),)
    for field, key, prefix in _VOLUMES:
        mounted = _dig(volume, field)
        if name := _text(mounted, key):
            yield Reference(prefix + name, _of_items(mounted), "volume `{}`", names)
    for source in _items(_dig(volume, "projected"), "sources"):
        for field, prefix in _PROJECTED:
            projected = _dig(source, field)
            if name := _text(projected, "name"):
                yield Reference(prefix + name, _of_items(projected), "projected volume `{}`", names)
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
    """Whether a change of this Secret or ConfigMap, by its local name, may restart the workload."""
    return restart_wish(workload, secret, mode)[0]


def restart_wish(workload: Workload, secret: str, mode: RestartMode) -> tuple[bool, str]:
    """Whether a change of this Secret or ConfigMap may restart the workload, and who says so.

    The workload's own word goes first, then the declaration's mode. Reloader's annotations count as asking or
    refusing, as Reloader reads them.
    """
    if mode is RestartMode.OFF:
        return False, "restart mode `off`"
    annotations = {**workload.pod_annotations, **workload.annotations}
    name = ObjectName.within("", secret)
    reloader = _RELOADER[name.kind]
    if annotations.get(RESTART) == "off":
        return False, f"annotation `{RESTART}: off`"
    if name.name in _named(annotations.get(reloader.excluded, "")):
        return False, f"annotation `{reloader.excluded}` names it"
    if annotations.get(RESTART) == "on":
        return True, f"annotation `{RESTART}: on`"
    return _by_reloader(annotations, name, mode)


def _by_reloader(annotations: Mapping[str, str], name: ObjectName, mode: RestartMode) -> tuple[bool, str]:
    reloader = _RELOADER[name.kind]
    said = {annotations.get(annotation, ""): annotation for annotation in reloader.auto}
    refused, asked = said.get("false"), said.get("true")
    named = name.name in _named(annotations.get(reloader.named, ""))
    if mode is RestartMode.AUTO and not refused:
        return True, "restart mode `auto`"
    if asked and not refused:
        return True, f"annotation `{asked}: true`"
    if named:
        return True, f"annotation `{reloader.named}` names it"
    return False, f"annotation `{refused}: false`" if refused else "restart mode `annotated`, and nothing asks for it"
