"""The fields of a ConfigMap that a template can fill: the paths of `templateFrom[].target` beside `manifest`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from syncd.manifests.content import at, find
from syncd.manifests.faults import Fault, did_you_mean

_MANIFEST = ("spec", "target", "manifest")
_TARGETS = "spec.target.template.templateFrom[].target"
_WHOLE = ("", "data", "annotations", "labels")
"""What every target takes, in any case."""
_ELSEWHERE = {
    "immutable": "set `spec.target.immutable`",
    "metadata.finalizers": "name them in `spec.target.template.metadata.finalizers`",
    "metadata.name": "set `spec.target.name`",
}


class ManifestField(StrEnum):
    DATA = "data"
    BINARY_DATA = "binaryData"
    LABELS = "metadata.labels"
    ANNOTATIONS = "metadata.annotations"


@dataclass(frozen=True, slots=True)
class Place:
    """A field, or one key of it."""

    field: ManifestField
    key: str = ""


class Misplaced(ValueError):
    """A path that leads nowhere in a ConfigMap: why, and what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class ManifestPath:
    """A path as it is written, such as `metadata.labels.team`."""

    text: str

    def __str__(self) -> str:
        return self.text

    def place(self) -> Place:
        """Where it leads. Steps are split at every dot and keep their case, as in the reference. Raises Misplaced."""
        if "[" in self.text or "]" in self.text:
            raise Misplaced(f"`{self.text}`: `[n]` is an entry of a list, and a ConfigMap has no list there")
        steps = self.text.split(".")
        if not all(steps):
            raise Misplaced(f"`{self.text}`: a step of the path is empty")
        for field in ManifestField:
            of_field = field.split(".")
            if steps[: len(of_field)] == of_field:
                return Place(field, _key(field, steps[len(of_field) :], self.text))
        raise Misplaced(_unknown(steps), _instead(steps))


def check(content: Any) -> Iterator[Fault]:
    """The faults of the targets of an ExternalSecret's templates, as it was loaded."""
    manifest = at(content, _MANIFEST)
    for path, target in find(content, _TARGETS):
        if not isinstance(target, str) or target.lower() in _WHOLE:
            continue
        if manifest is None:
            hint = did_you_mean(target, ("Data", "Annotations", "Labels"))
            yield Fault(path, "must be one of `Data`, `Annotations`, `Labels`", hint)
        elif at(content, (*_MANIFEST, "kind")) == "ConfigMap":
            try:
                ManifestPath(target).place()
            except Misplaced as error:
                yield Fault(path, error.message, error.hint)


def _key(field: ManifestField, steps: Sequence[str], text: str) -> str:
    if len(steps) > 1:
        message = f"`{text}` is a mapping inside of `{field}.{steps[0]}`, where the API server takes text only"
        whole = "Data" if field is ManifestField.DATA else field
        raise Misplaced(message, f"a key with dots is written in the text of the template, with `target: {whole}`")
    return steps[0] if steps else ""


def _unknown(steps: Sequence[str]) -> str:
    if steps[0] in ("metadata", "apiVersion", "kind", "immutable"):
        return f"a template cannot fill `{'.'.join(steps[:2])}` of a ConfigMap"
    return f"a ConfigMap has no field `{steps[0]}`: the API server would drop it"


def _instead(steps: Sequence[str]) -> str:
    found = next((_ELSEWHERE[step] for step in (steps[0], ".".join(steps[:2])) if step in _ELSEWHERE), "")
    names = {field.rpartition(".")[2]: str(field) for field in ManifestField}
    near = next((full for name, full in names.items() if name.lower() == steps[0].lower()), "")
    if near:
        return f"did you mean `{'.'.join((near, *steps[1:]))}`?"
    return found or did_you_mean(".".join(steps[:2]), ManifestField) or f"it has {_listed()}"


def _listed() -> str:
    return ", ".join(f"`{field}`" for field in ManifestField)
