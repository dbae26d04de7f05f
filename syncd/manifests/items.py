"""One object of a file, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from syncd.errors import Problem
from syncd.manifests.content import at
from syncd.manifests.documents import Parsed
from syncd.manifests.faults import KUSTOMIZE, Fault, Path, field_path
from syncd.model import ObjectName

NAMESPACED = frozenset(
    {"ExternalSecret", "SecretStore", "PushSecret", "Secret", "ConfigMap", "Password", "UUID", "Fake", "SSHKey"}
)
"""The kinds that get a namespace when they name none; of what is kept aside nobody knows."""


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a file. One that was `named` must hold objects; of a folder's files some may hold none."""

    name: str
    content: str
    base: str = ""
    """Its folder."""
    named: bool = True
    kustomized: bool = False
    """Whether a kustomization lies beside it, of which it may be a patch."""


@dataclass(frozen=True, slots=True)
class Item:
    """`content` is what stands at `path` of the document: most often all of it.

    `namespace` is that of objects that name none.
    """

    text: Text
    document: Parsed
    content: Any
    namespace: str
    path: Path = ()

    def string(self, *path: str) -> str:
        """A field that should be text; empty when it is not."""
        value = at(self.content, path)
        return value if isinstance(value, str) else ""

    @property
    def api_version(self) -> str:
        return self.string("apiVersion")

    @property
    def kind(self) -> str:
        return self.string("kind")

    @property
    def name(self) -> ObjectName:
        namespace = self.string("metadata", "namespace")
        if self.kind in NAMESPACED:
            namespace = namespace or self.namespace
        elif self.kind.startswith("Cluster") or self.kind == "Namespace":
            namespace = ""
        return ObjectName(namespace, self.string("metadata", "name"))

    @property
    def subject(self) -> str:
        return f"{self.kind} {self.name}" if self.name.name else self.kind

    @property
    def location(self) -> str:
        return self.where() if self.path else f"{self.text.name}:{self.document.line}"

    def where(self, path: Path = ()) -> str:
        return f"{self.text.name}:{self.document.line_of((*self.path, *path))}"

    def problem(self, fault: Fault) -> Problem:
        shown = fault.path[:-1] if fault.unnamed else fault.path
        incomplete = self.text.kustomized and fault.message.startswith(("required", "needs "))
        hint = fault.hint or (KUSTOMIZE if incomplete else "")
        return Problem(self.where(fault.path), self.subject, field_path(shown), fault.message, hint)


def items(whole: Item) -> Iterator[Item]:
    """The objects of a document: itself, or what a `List` holds."""
    entries = at(whole.content, ("items",))
    if not whole.kind.endswith("List") or not isinstance(entries, list):
        yield whole
        return
    for index, entry in enumerate(entries):
        yield from items(replace(whole, content=_typed(entry, whole), path=(*whole.path, "items", index)))


def _typed(entry: Any, around: Item) -> Any:
    """The items of an `ExternalSecretList` may leave out what the list says of them."""
    kind = around.kind.removesuffix("List")
    if not kind or not isinstance(entry, dict):
        return entry
    return {"apiVersion": around.api_version, "kind": kind, **entry}
