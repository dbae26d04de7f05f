"""The rules that look at more than one field of an object: those of the reference's admission webhook, and syncd's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from syncd.manifests import paths
from syncd.manifests.content import at, find
from syncd.manifests.faults import Fault, Path, Severity, did_you_mean
from syncd.manifests.fields import StoreKind
from syncd.manifests.store import Provider, Store
from syncd.manifests.stores.references import CaProvider, Reference

TARGET = ("spec", "target")


def check_declaration(content: Any) -> Iterator[Fault]:
    """The faults of an ExternalSecret as it was loaded: its other fields may be wrong."""
    data, data_from = _list(content, "data"), _list(content, "dataFrom")
    if all(at(content, ("spec", name)) in (None, []) for name in ("data", "dataFrom")):
        yield Fault(("spec",), "needs `data` or `dataFrom`: it names nothing to fetch")
    yield from _policies(content)
    yield from _privileges(content)
    yield from paths.check(content)
    yield from _repeated_keys(content, data)
    for index, entry in enumerate(data_from):
        if isinstance(entry, dict) and _fetches_nothing(entry):
            hint = "such an entry is passed over with `--validate ignore`"
            yield Fault(("spec", "dataFrom", index), "needs `extract`, `find` or a generator", hint, Severity.STRICT)
    yield from _without_store(content, data, data_from)


def check_store(store: Store) -> Iterator[Fault]:
    """The faults of a store's provider, and of its references: whose Secrets it may name, and whose it must."""
    name = store.provider_name
    hint = did_you_mean(name, Provider.model_fields) if name not in Provider.model_fields else ""
    if hint:
        yield Fault(("spec", "provider", name), "no provider that comes with syncd", hint, Severity.WARNING)
    for path, reference in _references(store.spec, ("spec",)):
        namespace = reference.namespace
        if store.store_kind is StoreKind.CLUSTER_SECRET_STORE:
            if isinstance(reference, CaProvider) and not namespace:
                yield Fault((*path, "namespace"), "required in a ClusterSecretStore")
        elif namespace and namespace != store.metadata.namespace:
            message = f"a SecretStore reads its own namespace `{store.metadata.namespace}` only"
            yield Fault((*path, "namespace"), message, "remove the field, or use a ClusterSecretStore")


def _list(content: Any, name: str) -> Sequence[Any]:
    value = at(content, ("spec", name))
    return value if isinstance(value, list) else []


def _fetches_nothing(entry: dict[str, Any]) -> bool:
    """Of an entry with other fields it is said that they are unknown."""
    if entry.keys() - {"rewrite", "sourceRef"}:
        return False
    source = entry.get("sourceRef")
    return not (isinstance(source, dict) and "generatorRef" in source)


def _policies(content: Any) -> Iterator[Fault]:
    creation, deletion = at(content, (*TARGET, "creationPolicy")), at(content, (*TARGET, "deletionPolicy"))
    path = (*TARGET, "deletionPolicy")
    if deletion == "Delete" and creation in ("Merge", "None", "CreateOrMerge"):
        message = f"`Delete` cannot stand beside `creationPolicy: {creation}`, which does not own the Secret"
        yield Fault(path, message, "set `creationPolicy: Owner`, or leave `Retain`")
    if deletion == "Merge" and creation == "None":
        message = "`Merge` cannot stand beside `creationPolicy: None`: there is no Secret to merge with"
        yield Fault(path, message, "set `creationPolicy: Merge`")


def _privileges(content: Any) -> Iterator[Fault]:
    """Secrets that give their holder rights of their own."""
    template: Path = (*TARGET, "template")
    kind = at(content, (*template, "type"))
    if kind == "bootstrap.kubernetes.io/token":
        yield Fault((*template, "type"), f"`{kind}` is not allowed: such a Secret lets nodes join the cluster")
    if kind != "kubernetes.io/service-account-token":
        return
    message = f"not allowed with type `{kind}`: the Secret would get a token of that account"
    account = (*template, "metadata", "annotations", "kubernetes.io/service-account.name")
    if at(content, account) is not None:
        yield Fault(account, message)
    for path, target in find(content, "spec.target.template.templateFrom[].target"):
        if isinstance(target, str) and target.lower() == "annotations":
            yield Fault(path, message)


def _repeated_keys(content: Any, data: Sequence[Any]) -> Iterator[Fault]:
    """With another policy than Retain the reference lets the last one win."""
    retains = at(content, ("spec", "target", "deletionPolicy")) in (None, "", "Retain")
    seen: dict[str, int] = {}
    for index, entry in enumerate(data):
        key = entry.get("secretKey") if isinstance(entry, dict) else None
        if not isinstance(key, str):
            continue
        if key in seen:
            message = f"`{key}` is also the key of `spec.data[{seen[key]}]`: the last one would win"
            severity = Severity.STRICT if retains else Severity.WARNING
            yield Fault(("spec", "data", index, "secretKey"), message, severity=severity)
        seen[key] = index


def _without_store(content: Any, data: Sequence[Any], data_from: Sequence[Any]) -> Iterator[Fault]:
    path: Path = ("spec", "secretStoreRef")
    default = at(content, path)
    if isinstance(default, dict) and "name" not in default:
        path = (*path, "name")
    elif default is not None:
        return
    for name, entries in (("data", data), ("dataFrom", data_from)):
        for index, entry in enumerate(entries):
            if isinstance(entry, dict) and not entry.get("sourceRef"):
                message = f"required, because `{name}[{index}]` has no `sourceRef`"
                yield Fault(path, message)
                return


def _references(value: object, path: Path) -> Iterator[tuple[Path, Reference]]:
    if isinstance(value, Reference):
        yield path, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _references(getattr(value, name), (*path, field.alias or name))
