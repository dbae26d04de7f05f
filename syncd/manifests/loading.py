"""Makes declarations of the texts of files, and finds everything that is wrong with them in one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from syncd.errors import ManifestError, Problem
from syncd.manifests import crosschecks, extensions, objects, references
from syncd.manifests.content import at
from syncd.manifests.crosschecks import Placed
from syncd.manifests.declarations import Declarations, KeptAside, References, Validation
from syncd.manifests.documents import Parsed, Unreadable, parse
from syncd.manifests.externalsecret import ExternalSecret
from syncd.manifests.faults import Fault, Severity
from syncd.manifests.generators import Generator, key_of
from syncd.manifests.items import Item, Text, items
from syncd.manifests.kinds import Role, foreign_kind, is_meant, not_an_object, role
from syncd.manifests.references import Unusable
from syncd.manifests.store import ClusterSecretStore, SecretStore
from syncd.model import ObjectName, SecretObject, Source, SourceKind

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What could be loaded, and why the rest could not."""

    declarations: Declarations
    problems: tuple[Problem, ...]

    def complete(self) -> Declarations:
        """The declarations, when all of them could be loaded. Raises ManifestError."""
        if self.problems:
            raise ManifestError(self.problems)
        return self.declarations


def load(texts: Iterable[Text], *, namespace: str = "default", validation: Validation = Validation.STRICT) -> Loaded:
    """`namespace` is for objects that name none."""
    loader = _Loader(namespace, validation)
    files = []
    for text in texts:
        files.append(text.name)
        loader.add(text)
    return loader.finish(tuple(files))


def _position(problem: Problem, files: Sequence[str]) -> tuple[int, int]:
    """The order of files, then of lines."""
    name, _, line = problem.where.rpartition(":")
    return (files.index(name), int(line)) if line.isdecimal() and name in files else (len(files), 0)


class _Loader:
    def __init__(self, namespace: str, validation: Validation) -> None:
        self._namespace = namespace
        self._validation = validation
        self._problems: list[Problem] = []
        self._warnings: list[Problem] = []
        self._placed: list[Placed] = []
        self._secrets: dict[ObjectName, SecretObject] = {}
        self._config_maps: dict[ObjectName, Mapping[str, str]] = {}
        self._namespaces: dict[str, Mapping[str, str]] = {}
        self._pauses: dict[str, str] = {}
        self._others: list[KeptAside] = []

    def add(self, text: Text) -> None:
        found = False
        for part in parse(text.content):
            found = True
            if isinstance(part, Unreadable):
                self._problems.append(Problem(f"{text.name}:{part.line}", "", "", part.message, part.hint))
            else:
                self._document(text, part)
        if text.named and not found:
            self._problems.append(Problem(text.name, "", "", "holds no objects"))

    def finish(self, files: tuple[str, ...]) -> Loaded:
        self._problems += crosschecks.check(self._placed)
        self._problems.sort(key=lambda problem: _position(problem, files))
        models = [one.model for one in self._placed]
        stores = [model for model in models if isinstance(model, SecretStore | ClusterSecretStore)]
        declarations = Declarations(
            external_secrets=tuple(model for model in models if isinstance(model, ExternalSecret)),
            stores={store.key: store for store in stores},
            generators={key_of(model): model for model in models if isinstance(model, Generator)},
            references=References(self._secrets, self._config_maps, self._namespaces, self._pauses),
            others=tuple(self._others),
            files=files,
            warnings=tuple(self._warnings),
            namespace=self._namespace,
        )
        return Loaded(declarations, tuple(self._problems))

    def _document(self, text: Text, document: Parsed) -> None:
        whole = Item(text, document, document.content, self._namespace)
        for item in items(whole):
            if item.content is not None:
                self._item(item)
        self._repeated_keys(whole)

    def _item(self, item: Item) -> None:
        fault = not_an_object(item)
        if fault:
            self._report(item, [fault] if is_meant(item) else [])
            return
        match role(item.api_version, item.kind):
            case Role.OURS:
                self._ours(item)
            case Role.OTHER:
                foreign = foreign_kind(item)
                self._report(item, [foreign] if foreign else [])
                self._others.append(KeptAside(item.api_version, item.kind, item.name, item.location))
            case reference:
                self._reference(item, reference)

    def _ours(self, item: Item) -> None:
        read = objects.read(item.content, namespace=self._namespace)
        fine = self._report(item, read.faults)
        model = read.model if fine else None
        if isinstance(model, ExternalSecret):
            model.located(Source(SourceKind.FILES, item.location))
        elif isinstance(model, SecretStore | ClusterSecretStore):
            model.located(Source(SourceKind.FILES, item.location), item.text.base)
        elif isinstance(model, Generator):
            model.located(Source(SourceKind.FILES, item.location))
        self._placed.append(Placed(item, item.kind, item.name, model))

    def _reference(self, item: Item, role: Role) -> None:
        try:
            if role is Role.NAMESPACE:
                self._pause(item)
                self._namespaces[item.name.name] = references.labels(item.content)
            elif role is Role.CONFIG_MAP:
                self._once(item, self._config_maps, references.config_map(item.content))
            else:
                self._once(item, self._secrets, references.secret(item.content, item.name))
        except Unusable as error:
            self._report(item, [error.fault])

    def _pause(self, item: Item) -> None:
        """Nothing is written on a doubt: of two manifests of a Namespace the one that pauses it counts."""
        said = at(item.content, ("metadata", "annotations"))
        if not isinstance(said, dict) or not self._report(item, extensions.check(item.kind, said, text=True)):
            return
        pause = said.get(extensions.PAUSE, "")
        if pause not in ("", "false") and self._pauses.setdefault(item.name.name, pause) != pause:
            path = ("metadata", "annotations", extensions.PAUSE)
            self._report(item, [Fault(path, "another manifest of this Namespace names another pause")])

    def _once(self, item: Item, known: dict[ObjectName, Entry], entry: Entry) -> None:
        """The same object twice is one; two that differ leave open which is meant."""
        if known.setdefault(item.name, entry) != entry:
            self._report(item, [Fault((), "is defined twice, with different content")])

    def _repeated_keys(self, whole: Item) -> None:
        """They are errors where syncd reads them; an object that is kept aside is somebody else's."""
        for duplicate in whole.document.duplicates:
            item = next((one for one in items(whole) if duplicate.path[: len(one.path)] == one.path), whole)
            severity = Severity.WARNING if role(item.api_version, item.kind) is Role.OTHER else Severity.STRICT
            path = duplicate.path[len(item.path) :]
            fault = Fault(path, "the key occurs twice", severity=severity, unnamed=item.kind == "Secret")
            self._report(item, [fault], line=duplicate.line)

    def _report(self, item: Item, faults: Iterable[Fault], *, line: int = 0) -> bool:
        """Whether none of the faults is a problem."""
        before = len(self._problems)
        for fault in faults:
            problem = item.problem(fault)
            if line:
                problem = replace(problem, where=f"{item.text.name}:{line}")
            strict = self._validation is Validation.STRICT
            if fault.severity is Severity.ERROR or (fault.severity is Severity.STRICT and strict):
                self._problems.append(problem)
            elif self._validation is not Validation.IGNORE:
                self._warnings.append(problem)
        return len(self._problems) == before
