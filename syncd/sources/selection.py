"""Which declarations and stores a command is about: the names and the label selector of the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from syncd.errors import UsageError
from syncd.manifests.declarations import Declarations
from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.faults import did_you_mean
from syncd.manifests.fields import StoreKey, StoreKind
from syncd.manifests.selectors import Selector
from syncd.model import ObjectName


def select(declarations: Declarations, names: Sequence[str], selector: str) -> tuple[ExternalSecret, ...]:
    """All declarations; those with these names (`namespace/name`, or `name`); or those whose labels match.

    Raises UsageError for a name that nobody declares, for a selector that cannot be read, and for both at once.
    """
    if names and selector:
        raise UsageError("names and a label selector cannot be given together", hint="give the one or the other")
    if not names:
        wanted = Selector.parse(selector)
        return tuple(one for one in declarations.external_secrets if wanted.matches(one.metadata.labels))
    known = declarations.by_name
    return tuple({name: known[name] for name in (_known(name, declarations, known) for name in names)}.values())


def _known(text: str, declarations: Declarations, known: Mapping[ObjectName, ExternalSecret]) -> ObjectName:
    namespace, slash, name = text.rpartition("/")
    wanted = ObjectName(namespace if slash else declarations.namespace, name)
    if wanted in known:
        return wanted
    elsewhere = [str(one) for one in known if one.name == wanted.name]
    hint = f"did you mean `{elsewhere[0]}`?" if elsewhere else did_you_mean(str(wanted), map(str, known))
    raise UsageError(f"no ExternalSecret `{wanted}` is among the manifests", hint=hint)


def select_stores(declarations: Declarations, names: Sequence[str]) -> tuple[StoreKey, ...]:
    """The stores with these names: `name`, `namespace/name`, `SecretStore/namespace/name`, `ClusterSecretStore/name`.

    A name alone is that of a SecretStore in the namespace of `-n`, and that of a ClusterSecretStore.
    Raises UsageError for a name that nobody declares.
    """
    return tuple(dict.fromkeys(key for name in names for key in _stores(name, declarations)))


def _stores(text: str, declarations: Declarations) -> Sequence[StoreKey]:
    found = [key for key in _store_keys(text, declarations.namespace) if key in declarations.stores]
    if found:
        return found
    name = text.rpartition("/")[2]
    known = [form for key in declarations.stores for form in (key.name.name, str(key.name), str(key))]
    elsewhere = [str(key) for key in declarations.stores if key.name.name == name]
    hint = f"did you mean `{elsewhere[0]}`?" if elsewhere else did_you_mean(text, known)
    raise UsageError(f"no store `{text}` is among the manifests", hint=hint)


def _store_keys(text: str, default: str) -> Iterator[StoreKey]:
    """What a name may mean."""
    kinds = {str(kind).lower(): kind for kind in StoreKind}
    first, slash, rest = text.partition("/")
    kind = kinds.get(first.lower()) if slash else None
    namespace, _, name = (rest if kind else text).rpartition("/")
    if kind is not StoreKind.CLUSTER_SECRET_STORE:
        yield StoreKey(StoreKind.SECRET_STORE, ObjectName(namespace or default, name))
    if kind is not StoreKind.SECRET_STORE and not namespace:
        yield StoreKey(StoreKind.CLUSTER_SECRET_STORE, ObjectName("", name))
