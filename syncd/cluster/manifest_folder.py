"""Finds what a folder target reads among the manifests of its folder: workloads, service accounts, ConfigMaps."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from syncd.cluster.yamldoc import BadYaml, Chunk, compose, construct, entry, split, text_of
from syncd.model import WorkloadKind

SUFFIXES = (".yaml", ".yml", ".json")
WORKLOADS = tuple(kind.value for kind in WorkloadKind)
_KINDS = (*WORKLOADS, "ServiceAccount", "ConfigMap")
_INTERESTING = re.compile("|".join((*_KINDS, r"List\b", "Kustomization")))
_NAMESPACE = re.compile(r"""\bnamespace["']?\s*:\s*["']?([-a-z0-9]+)""")
_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_BRACES = "{{"
_OWN_BRACES = re.compile(r"""^["'\s{]*apiVersion["']?:\s*["']?external-secrets\.io/""", re.MULTILINE)
_HELM = re.compile(r"""\.(?:Values|Release|Chart|Capabilities|Files)\b|\binclude\b|\{\{-?\s*["`]\{\{""")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file an object stands: the chunk between two `---`, its document, its number in a List."""

    chunk: int
    document: int
    item: int | None
    line: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object of a kind that matters here."""

    path: Path
    relative: str
    place: Place
    kind: str
    data: Mapping[str, Any] = field(repr=False)
    templated: bool = False
    """It stands in a file with Helm braces."""

    @property
    def location(self) -> str:
        return f"{self.relative}:{self.place.line}"

    @property
    def name(self) -> str:
        return str(self._metadata.get("name") or "")

    def namespace(self, default: str) -> str:
        return str(self._metadata.get("namespace") or default)

    @property
    def _metadata(self) -> Mapping[str, Any]:
        metadata = self.data.get("metadata")
        return metadata if isinstance(metadata, dict) else {}


@dataclass(frozen=True, slots=True)
class Blind:
    """Text that is not YAML: the kinds and namespaces that it names; no namespace means that it may be any."""

    location: str
    namespaces: frozenset[str]
    kinds: frozenset[str]

    def hides(self, namespace: str, default: str, kinds: Iterable[str]) -> bool:
        """Whether objects of the namespace and of one of the kinds may stand there; `default` is never ruled out."""
        possible = not self.namespaces or namespace in (default, *self.namespaces)
        return possible and not self.kinds.isdisjoint((*kinds, "List"))


@dataclass(frozen=True, slots=True)
class Found:
    manifests: tuple[Manifest, ...] = ()
    blind: tuple[Blind, ...] = ()
    patches: frozenset[Path] = frozenset()
    """Files that a kustomization names as patches."""
    unread: tuple[str, ...] = ()
    """Templates in which nothing can be found."""


class ManifestFolder:
    """Reads a file again only when it has changed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._cache: dict[Path, tuple[tuple[int, int, int], Found]] = {}
        self._lock = threading.Lock()

    def scan(self) -> Found:
        """Everything in the folder but `secrets/` and hidden folders. Raises OSError."""
        with self._lock:
            self._cache = {path: self._read(path) for path in _files(self._root)}
            files = [found for _, found in self._cache.values()]
        return Found(
            manifests=tuple(manifest for file in files for manifest in file.manifests),
            blind=tuple(blind for file in files for blind in file.blind),
            patches=frozenset(path for file in files for path in file.patches),
            unread=tuple(name for file in files for name in file.unread),
        )

    def _read(self, path: Path) -> tuple[tuple[int, int, int], Found]:
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        cached = self._cache.get(path)
        if cached is not None and cached[0] == stamp:
            return cached
        return stamp, read_manifests(path, path.relative_to(self._root).as_posix())


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not (name == "secrets" and Path(folder) == root)
        )
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith(".") and (path := Path(folder, name)).is_file():
                yield path


def read_text(path: Path) -> tuple[str, str]:
    """Byte-order mark and text. Raises UnicodeDecodeError, OSError."""
    text = path.read_bytes().decode()
    return ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)


def read_manifests(path: Path, relative: str) -> Found:
    try:
        _, text = read_text(path)
    except UnicodeDecodeError:
        return Found(blind=(Blind(relative, frozenset(), frozenset(_KINDS)),))
    if not _INTERESTING.search(text) and path.stem != "kustomization":
        return Found()
    if any(_is_helm(chunk.text) for chunk in split(text)):
        return _read_template(path, relative, text)
    manifests: list[Manifest] = []
    blind: list[Blind] = []
    patches: set[Path] = set()
    for number, chunk in enumerate(split(text)):
        try:
            found = list(_objects(path, relative, number, chunk))
        except BadYaml as error:
            namespaces, kinds = _NAMESPACE.findall(chunk.text), _INTERESTING.findall(chunk.text)
            where = f"{relative}:{chunk.line + error.line - 1}"
            blind.append(Blind(where, frozenset(namespaces), frozenset(kinds)))
            continue
        manifests += [one for one in found if one.kind != "Kustomization"]
        patches.update(*(_patch_files(path, one.data) for one in found if one.kind == "Kustomization"))
    return Found(tuple(manifests), tuple(blind), frozenset(patches))


def _objects(path: Path, relative: str, number: int, chunk: Chunk) -> Iterator[Manifest]:
    """Raises BadYaml."""
    for document, root in enumerate(compose(chunk.text)):
        for item, node in _items(root):
            kind = text_of(node, "kind") or ("Kustomization" if path.stem == "kustomization" else "")
            if kind in _KINDS or kind == "Kustomization":
                place = Place(number, document, item, chunk.line + node.start_mark.line)
                data = construct(node)
                yield Manifest(path, relative, place, kind, data if isinstance(data, dict) else {})


def _items(root: yaml.Node) -> Iterator[tuple[int | None, yaml.Node]]:
    """The document itself, or the objects of a List."""
    items = entry(root, "items") if text_of(root, "kind") == "List" else None
    if items and isinstance(items[1], yaml.SequenceNode):
        yield from enumerate(items[1].value)
    else:
        yield None, root


def _patch_files(path: Path, kustomization: Mapping[str, Any]) -> Iterator[Path]:
    named: list[Any] = []
    for section in ("patches", "patchesStrategicMerge", "patchesJson6902"):
        entries = kustomization.get(section)
        named += entries if isinstance(entries, list) else []
    for one in named:
        target = one.get("path") if isinstance(one, dict) else one
        if isinstance(target, str) and "\n" not in target and len(target) < 1000:
            yield (path.parent / target).resolve()


def _is_helm(text: str) -> bool:
    """Whether the braces of a chunk are Helm's: those of external-secrets.io are the declarations' own templates."""
    return _BRACES in text and not (_OWN_BRACES.search(text) and not _HELM.search(text))


def _read_template(path: Path, relative: str, text: str) -> Found:
    """What can be found in a file with Helm braces: actions on lines of their own are left out, others are texts."""
    actions: list[str] = []

    def keep(match: re.Match[str]) -> str:
        actions.append(match[0])
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        after = text[match.end() :].partition("\n")[0]
        newlines = "\n" * match[0].count("\n")
        return newlines if not (before + after).strip() else f"\ue000{len(actions) - 1}\ue001{newlines}"

    plain = _ACTION.sub(keep, text)
    try:
        found = [one for number, chunk in enumerate(split(plain)) for one in _objects(path, relative, number, chunk)]
    except BadYaml:
        return Found(unread=(relative,))
    return Found(
        tuple(
            Manifest(one.path, one.relative, one.place, one.kind, _restored(one.data, actions), templated=True)
            for one in found
            if one.kind in WORKLOADS
        )
    )


def _restored(value: Any, actions: list[str]) -> Any:
    """The data with the braces that stood there."""
    if isinstance(value, str):
        return re.sub("\ue000(\\d+)\ue001", lambda match: actions[int(match[1])], value)
    if isinstance(value, dict):
        return {_restored(key, actions): _restored(inner, actions) for key, inner in value.items()}
    return [_restored(inner, actions) for inner in value] if isinstance(value, list) else value
