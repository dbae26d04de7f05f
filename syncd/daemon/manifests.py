"""The manifests that `run` goes by: read again when they change; of a file that breaks, the last good version stays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from syncd.errors import ManifestError, Problem
from syncd.manifests.declarations import Declarations, Validation
from syncd.manifests.items import Text
from syncd.manifests.loading import Loaded, load
from syncd.sources import files

_Loads = Callable[[Iterable[Text]], Loaded]


READS = 5
"""How often files are read anew that change while they are read."""


@dataclass(frozen=True, slots=True)
class State:
    """What one reading came to."""

    declarations: Declarations
    problems: tuple[Problem, ...] = ()
    """Of the files as they stand now."""
    good: Mapping[str, Text] = field(default_factory=dict)
    """By name, the versions to go back to."""


class Manifests:
    """Files and folders. One thread reads them; what is in force may be asked for in any."""

    def __init__(self, paths: Sequence[str], *, namespace: str, validation: Validation) -> None:
        self._paths = tuple(paths)
        self._namespace = namespace
        self._validation = validation
        self._signature: frozenset[tuple[object, ...]] = frozenset()
        self._state = State(Declarations(namespace=namespace))
        self._held = threading.local()

    @property
    def state(self) -> State:
        """What is in force now; within `held`, what was when it began."""
        held = getattr(self._held, "state", None)
        return held if isinstance(held, State) else self._state

    @property
    def declarations(self) -> Declarations:
        return self.state.declarations

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.state.problems

    @contextmanager
    def held(self) -> Iterator[State]:
        """Within, this thread goes by one state, whatever is read meanwhile."""
        self._held.state = self._state
        try:
            yield self._held.state
        finally:
            del self._held.state

    def start(self) -> None:
        """Reads for the first time. Raises ManifestError when there is a problem and nothing to work on."""
        self.read()
        if self.problems and not self.declarations.external_secrets:
            raise ManifestError(self.problems)

    def poll(self) -> bool:
        """Reads again when a file has changed. Whether it read."""
        if files.signature(self._paths) == self._signature:
            return False
        return self.read()

    def read(self) -> bool:
        """Reads everything, whether it has changed or not. Whether it read, as `poll` tells: always."""
        found, unread = self._texts()
        self._state = _choose(found, unread, self._state.good, self._load)
        return True

    def _texts(self) -> tuple[tuple[Text, ...], tuple[Problem, ...]]:
        """All of one moment: what moves from one file to another while they are read must not seem to be gone."""
        self._signature = files.signature(self._paths)
        found = files.texts(self._paths)
        for _ in range(READS):
            before, self._signature = self._signature, files.signature(self._paths)
            if self._signature == before:
                break
            found = files.texts(self._paths)
        return found

    def _load(self, texts: Iterable[Text]) -> Loaded:
        return load(texts, namespace=self._namespace, validation=self._validation)


def _choose(
    found: Sequence[Text],
    unread: Sequence[Problem],
    good: Mapping[str, Text],
    loads: Callable[[Iterable[Text]], Loaded],
) -> State:
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
        return State(loaded.declarations, (), texts)
    if not broken:
        return State(loaded.declarations, problems, texts)
    older = {name: good.get(name, text) if name in broken else text for name, text in texts.items()}
    fallback = loads(older.values())
    if len(fallback.problems) > len(loaded.problems):  # the old version and the new neighbours do not go together
        fallback, older = loaded, texts
    kept = {name: text for name, text in older.items() if not _within(name, fallback.problems)}
    return State(fallback.declarations, problems, {**{n: t for n, t in good.items() if n in broken}, **kept})


def _within(name: str, problems: Iterable[Problem]) -> bool:
    """Whether one of the problems is in this file, or in a folder above it."""
    return any(
        problem.where == name
        or problem.where.rpartition(":")[0] == name
        or name.startswith(f"{problem.where.rstrip('/')}/")
        for problem in problems
    )
