"""What `syncd explain` is asked about: names of ExternalSecrets, Secrets and workloads, as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncd.errors import UsageError
from syncd.manifests import Declarations
from syncd.manifests.faults import did_you_mean
from syncd.model import ObjectName, TargetKind, WorkloadKind, WorkloadName

_TARGETS = {kind.lower(): kind for kind in TargetKind}
_KINDS: Mapping[str, WorkloadKind] = {
    "deployment": WorkloadKind.DEPLOYMENT,
    "deployments": WorkloadKind.DEPLOYMENT,
    "deploy": WorkloadKind.DEPLOYMENT,
    "statefulset": WorkloadKind.STATEFUL_SET,
    "statefulsets": WorkloadKind.STATEFUL_SET,
    "sts": WorkloadKind.STATEFUL_SET,
    "daemonset": WorkloadKind.DAEMON_SET,
    "daemonsets": WorkloadKind.DAEMON_SET,
    "ds": WorkloadKind.DAEMON_SET,
}


@dataclass(frozen=True, slots=True)
class Secret:
    """A Secret that declarations ask for, or a ConfigMap."""

    name: ObjectName


Subject = Secret | WorkloadName


def subject(text: str, declarations: Declarations) -> Subject:
    """`shop/stripe` or `stripe`, `deployment/web` or `shop/deployment/web`, `secret/stripe` or `shop/secret/stripe`.

    Kinds are also those of kubectl: `deploy`, `deployment.apps`. Of declarations the Secret is meant that they ask
    for. Raises UsageError for a Secret that nobody declares, and for what is no such name.
    """
    parts = text.split("/")
    kind = parts[-2].lower().removesuffix(".apps") if len(parts) > 1 else ""
    if (kind in _KINDS or kind in _TARGETS) and len(parts) <= 3:
        namespace = parts[0] if len(parts) == 3 else declarations.namespace
        if kind in _KINDS:
            return WorkloadName(_KINDS[kind], ObjectName(namespace, parts[-1]))
        return _declared(text, ObjectName(namespace, parts[-1], _TARGETS[kind]), declarations)
    if len(parts) > 2:
        raise UsageError(f"`{text}` is no name", hint="write `shop/stripe`, or `shop/deployment/web`")
    return _declared(text, ObjectName(parts[0] if len(parts) == 2 else declarations.namespace, parts[-1]), declarations)


def _declared(text: str, name: ObjectName, declarations: Declarations) -> Secret:
    """The Secret of an ExternalSecret of this name, else the Secret of this name."""
    targets = {one.object_name: one.target_name for one in declarations.external_secrets}
    if name in targets and _TARGETS.keys().isdisjoint(text.lower().split("/")[-2:-1]):
        return Secret(targets[name])
    if name in targets.values():
        return Secret(name)
    known = [*map(str, targets), *map(str, targets.values())]
    elsewhere = [one for one in known if one.rpartition("/")[2] == name.name]
    hint = f"did you mean `{elsewhere[0]}`?" if elsewhere else did_you_mean(str(name), known)
    raise UsageError(f"no ExternalSecret or Secret `{name}` is among the manifests", hint=hint)
