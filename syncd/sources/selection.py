"""Which declarations a command is about: the names and the label selector of the command line."""

from __future__ import annotations

from collections.abc import Sequence

from syncd.errors import UsageError
from syncd.manifests.declarations import Declarations
from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.faults import did_you_mean
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
    known = {one.object_name: one for one in declarations.external_secrets}
    return tuple({name: known[name] for name in (_known(name, declarations, known) for name in names)}.values())


def _known(text: str, declarations: Declarations, known: dict[ObjectName, ExternalSecret]) -> ObjectName:
    namespace, slash, name = text.rpartition("/")
    wanted = ObjectName(namespace if slash else declarations.namespace, name)
    if wanted in known:
        return wanted
    elsewhere = [str(one) for one in known if one.name == wanted.name]
    hint = f"did you mean `{elsewhere[0]}`?" if elsewhere else did_you_mean(str(wanted), map(str, known))
    raise UsageError(f"no ExternalSecret `{wanted}` is among the manifests", hint=hint)
