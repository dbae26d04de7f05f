"""From one object of a file to its model, with everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from syncd.manifests import beta, extensions, messages, rules, support
from syncd.manifests.content import at, without, without_nulls
from syncd.manifests.faults import Fault, Path, Severity
from syncd.manifests.items import NAMESPACED
from syncd.manifests.kinds import MODELS, wrong_kind
from syncd.manifests.store import ClusterSecretStore, SecretStore


@dataclass(frozen=True, slots=True)
class Read:
    """The model is None when the object has no valid form, even with what is unknown pruned."""

    model: BaseModel | None
    faults: tuple[Fault, ...]


def read(content: Any, *, namespace: str) -> Read:
    """Reads an object of our group; unknown fields are faults of severity `strict`, and pruned."""
    kind, api_version = content.get("kind", ""), content.get("apiVersion", "")
    wrong = wrong_kind(api_version, kind)
    if wrong:
        return Read(None, (wrong,))
    refused = tuple(support.check(kind, content))
    if kind not in MODELS:
        return Read(None, refused)
    empty = messages.unknown_nulls(MODELS[kind], content)
    content = _normal(content, kind, namespace)
    model, found = _validated(MODELS[kind], content, beta.newer_fields(kind, content))
    return Read(model, (*empty, *found, *_checked(kind, content, model), *refused))


def _normal(content: Any, kind: str, namespace: str) -> Any:
    content = without_nulls(content)
    metadata = content.get("metadata")
    if not isinstance(metadata, dict):
        return content
    own = metadata.get("namespace") or namespace
    metadata = {name: value for name, value in metadata.items() if name != "namespace"}
    if kind in NAMESPACED:
        metadata["namespace"] = own
    return {**content, "metadata": metadata}


def _validated(model: type[BaseModel], content: Any, newer: list[Path]) -> tuple[BaseModel | None, list[Fault]]:
    """Prunes what is unknown and looks again, so that it hides nothing else that is wrong."""
    faults = [Fault(path, "unknown field of v1beta1", beta.HINT, Severity.STRICT) for path in newer]
    content = without(content, newer)
    try:
        return model.model_validate(content), faults
    except ValidationError as error:
        unknown = messages.unknown_fields(error)
        faults += [messages.unknown_field(model, path) for path in unknown]
        if not unknown:
            return None, [*faults, *messages.faults(error, content)]
        content = without(content, unknown)
    try:
        return model.model_validate(content), faults
    except ValidationError as error:
        return None, [*faults, *messages.faults(error, content)]


def _checked(kind: str, content: Any, model: BaseModel | None) -> Iterator[Fault]:
    said = at(content, ("metadata", "annotations"))
    if isinstance(said, dict):
        yield from extensions.check(kind, said)
    yield from beta.check(kind, content)
    if kind == "ExternalSecret" and isinstance(content.get("spec"), dict):
        yield from rules.check_declaration(content)
    if isinstance(model, SecretStore | ClusterSecretStore):
        yield from rules.check_store(model)
