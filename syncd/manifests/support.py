"""What the language has and syncd does not do yet: one table, from which refusals and the list in the docs are made.

To support a field, take its row away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from syncd.manifests.content import find
from syncd.manifests.faults import Fault
from syncd.manifests.generators import GENERATORS


def _any(_value: object) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A field, or with an empty path a kind, that is refused when `applies` to its value."""

    kind: str
    path: str
    message: str = "not supported yet"
    hint: str = ""
    applies: Callable[[Any], bool] = _any

    @property
    def whole(self) -> bool:
        """Whether no value of the field is supported."""
        return self.applies is _any


UNSUPPORTED = (
    Unsupported(
        "ExternalSecret",
        "spec.target.manifest.kind",
        "only `ConfigMap` can be written beside Secrets",
        "for a Secret, leave `manifest` out",
        applies=lambda value: value != "ConfigMap",
    ),
    Unsupported(
        "ExternalSecret",
        "spec.target.manifest.apiVersion",
        "only `v1` is supported",
        applies=lambda value: value != "v1",
    ),
    Unsupported(
        "ExternalSecret",
        "spec.data[].sourceRef.generatorRef",
        "a generator cannot stand here",
        "name it in `spec.dataFrom`, where its keys become those of the Secret",
    ),
    Unsupported(
        "ExternalSecret",
        "spec.dataFrom[].sourceRef.generatorRef.kind",
        f"only generators of these kinds are supported: {', '.join(f'`{kind}`' for kind in GENERATORS)}",
        applies=lambda value: isinstance(value, str) and value not in GENERATORS,
    ),
    Unsupported(
        "ExternalSecret",
        "spec.target.template.engineVersion",
        "only `v2` is supported",
        "remove the field; the functions of `v1` have other names in `v2`",
        applies=lambda value: isinstance(value, str) and value not in ("", "v2"),
    ),
    Unsupported(
        "ExternalSecret",
        "metadata.annotations[syncd.dev/rollback]",
        applies=lambda value: value == "on",
    ),
    Unsupported("ClusterExternalSecret", ""),
    Unsupported("PushSecret", ""),
    Unsupported("ClusterPushSecret", ""),
)
"""What is refused, by kind and field."""


def check(kind: str, content: Any) -> Iterator[Fault]:
    """The faults of an object that uses what is not supported yet."""
    for row in UNSUPPORTED:
        if row.kind != kind:
            continue
        if not row.path:
            yield Fault((), row.message, row.hint)
            continue
        for path, value in find(content, row.path):
            if row.applies(value):
                yield Fault(path, row.message, row.hint)
