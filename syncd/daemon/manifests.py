"""The manifests that `run` goes by: read again when they change; of a file that breaks, the last good version stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from syncd.errors import ManifestError, Problem
from syncd.manifests.declarations import Declarations, Validation
from syncd.manifests.items import Text
from syncd.manifests.loading import Loaded, load
from syncd.sources import files

_Loads = Callable[[Iterable[Text]], Loaded]


class Manifests:
    """Files and folders. For one thread, but `declarations` may be read from any."""

    def __init__(self, paths: Sequence[str], *, namespace: str, validation: Validation) -> None:
        self._paths = tuple(paths)
        self._namespace = namespace
        self._validation = validation
        self._signature: frozenset[tuple[object, ...]] = frozenset()
        self._good: Mapping[str, Text] = {}
        self.declarations = Declarations(namespace=namespace)
        self.problems: tuple[Problem, ...] = ()

    def start(self) -> None:
        """Reads for the first time. Raises ManifestError when there is a problem and nothing to work on."""
        self.read()
        if self.problems and not self.declarations.external_secrets:
            raise ManifestError(self.problems)

    def poll(self) -> bool:
        """Reads again when a file has changed. Whether it did."""
        if files.signature(self._paths) == self._signature:
            return False
        self.read()
        return True

    def read(self) -> None:
        """Reads everything, whether it has changed or not."""
        self._signature = files.signature(self._paths)  # first: what is written meanwhile is read once more
        found, unread = files.texts(self._paths)
        chosen = _choose(found, unread, self._good, self._load)
        self.declarations, self.problems = chosen.declarations, chosen.problems
        self._good = chosen.good

    def _load(self, texts: Iterable[Text]) -> Loaded:
        return load(texts, namespace=self._namespace, validation=self._validation)


@dataclass(frozen=True, slots=True)
class _Choice:
    declarations: Declarations
    problems: tuple[Problem, ...]
    """Of the files as they stand now."""
    good: Mapping[str, Text]
    """By name, the versions to go back to."""


def _choose(
    found: Sequence[Text],
    unread: Sequence[Problem],
    good: Mapping[str, Text],
    loads: Callable[[Iterable[Text]], Loaded],
) -> _Choice:
    """Of each file its present version, or the last good one where the present one does not load.

    A file that can no longer be read counts as broken; one that is gone is gone. What breaks the set as a whole
    (two files that contradict each other, say) goes back with the files that are named.
    """
    texts = {text.name: text for text in found}
    texts |= {name: text for name, text in good.items() if name not in texts and _within(name, unread)}
    loaded = loads(texts.values())
    problems = (*unread, *loaded.problems)
    broken = {name for name in texts if _within(name, loaded.problems)}
    if not problems:
        return _Choice(loaded.declarations, (), texts)
    if not broken:
        return _Choice(loaded.declarations, problems, texts)
    older = {name: good.get(name, text) if name in broken else text for name, text in texts.items()}
    fallback = loads(older.values())
    if len(fallback.problems) > len(loaded.problems):  # the old version and the new neighbours do not go together
        fallback, older = loaded, texts
    kept = {name: text for name, text in older.items() if not _within(name, fallback.problems)}
    return _Choice(fallback.declarations, problems, {**{n: t for n, t in good.items() if n in broken}, **kept})


def _within(name: str, problems: Iterable[Problem]) -> bool:
    """Whether one of the problems is in this file, or in a folder above it."""
    return any(
        problem.where == name
        or problem.where.rpartition(":")[0] == name
        or name.startswith(f"{problem.where.rstrip('/')}/")
        for problem in problems
    )
