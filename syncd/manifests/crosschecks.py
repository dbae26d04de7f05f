"""What is wrong between objects that are right for themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from syncd.errors import Problem
from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.faults import Fault, Path, did_you_mean
from syncd.manifests.fields import StoreKey, StoreKind, StoreRef
from syncd.manifests.generators import GENERATORS
from syncd.manifests.items import Item
from syncd.model import CreationPolicy, ObjectName

_STORE_KINDS = frozenset(kind.value for kind in StoreKind)


@dataclass(frozen=True, slots=True)
class Placed:
    """An object and where it stands; `model` is None when it has faults of its own."""

    item: Item
    kind: str
    name: ObjectName
    model: BaseModel | None


def check(placed: Sequence[Placed]) -> Iterator[Problem]:
    """Objects that are there twice, stores that are not there, Secrets with two owners."""
    first: dict[tuple[str, ObjectName], Placed] = {}
    for one in (named for named in placed if named.name.name):
        other = first.setdefault((one.kind, one.name), one)
        if other is not one:
            yield one.item.problem(Fault((), f"is defined twice: first at {other.item.location}"))
    stores = [StoreKey(StoreKind(kind), name) for kind, name in first if kind in _STORE_KINDS]
    declarations = [one for one in first.values() if isinstance(one.model, ExternalSecret)]
    for one in declarations:
        yield from _missing_stores(one, stores)
        yield from _missing_generators(one, first)
    yield from _shared_targets(declarations)


def _missing_stores(one: Placed, stores: Sequence[StoreKey]) -> Iterator[Problem]:
    known = frozenset(stores)
    for path, reference in _references(one.model):
        key = reference.key(one.name.namespace)
        if key not in known:
            message = f"no {key.kind} `{key.name}` is among the manifests"
            yield one.item.problem(Fault((*path, "name"), message, _other_store(key, one.name.namespace, stores)))


def _missing_generators(one: Placed, known: Mapping[tuple[str, ObjectName], Placed]) -> Iterator[Problem]:
    sources = one.model.spec.data_from if isinstance(one.model, ExternalSecret) else ()
    for index, reference in enumerate(source.generator for source in sources):
        if reference is None or reference.kind not in GENERATORS:
            continue
        namespace = "" if reference.kind == "ClusterGenerator" else one.name.namespace
        if (reference.kind, ObjectName(namespace, reference.name)) not in known:
            path = ("spec", "dataFrom", index, "sourceRef", "generatorRef", "name")
            message = f"no {reference.kind} `{reference.name}` is among the manifests"
            near = [name.name for kind, name in known if kind == reference.kind and name.namespace == namespace]
            yield one.item.problem(Fault(path, message, did_you_mean(reference.name, near)))


def _references(model: BaseModel | None) -> Iterator[tuple[Path, StoreRef]]:
    """Every reference that is used, with its path."""
    if not isinstance(model, ExternalSecret):
        return
    spec = model.spec
    uses_default = False
    entries = [(("data", index), entry.source_ref) for index, entry in enumerate(spec.data)]
    entries += [(("dataFrom", index), entry.source_ref) for index, entry in enumerate(spec.data_from)]
    for path, source in entries:
        if source is None:
            uses_default = True
        elif source.store_ref:
            yield ("spec", *path, "sourceRef", "storeRef"), source.store_ref
    if uses_default and spec.secret_store_ref:
        yield ("spec", "secretStoreRef"), spec.secret_store_ref


def _other_store(key: StoreKey, namespace: str, stores: Sequence[StoreKey]) -> str:
    """A store of the other kind, one of that name in another namespace, or one with a name that is close."""
    alike = [store for store in stores if store.name.name == key.name.name]
    if any(store.kind is not key.kind and store.name.namespace in ("", namespace) for store in alike):
        return f"there is a {next(kind for kind in StoreKind if kind is not key.kind)} of that name: set `kind`"
    if alike:
        return f"there is one in namespace `{alike[0].name.namespace}`: a SecretStore serves its own namespace only"
    near = [
        store.name.name for store in stores if store.kind is key.kind and store.name.namespace == key.name.namespace
    ]
    return did_you_mean(key.name.name, near)


def _shared_targets(declarations: Sequence[Placed]) -> Iterator[Problem]:
    owners: dict[ObjectName, Placed] = {}
    for one in declarations:
        model = one.model
        if not isinstance(model, ExternalSecret) or model.spec.target.creation_policy is not CreationPolicy.OWNER:
            continue
        other = owners.setdefault(model.target_name, one)
        if other is not one:
            what = f"{model.target_name.kind} {model.target_name}"
            message = f"{what} is also owned by ExternalSecret {other.name} at {other.item.location}"
            yield one.item.problem(
                Fault(("spec", "target", "name"), message, "use `creationPolicy: Merge` in one of them")
            )
