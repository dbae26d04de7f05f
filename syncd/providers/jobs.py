"""What is asked of a store in one call, and where the answers go."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from syncd.providers import calls
from syncd.providers.api import Failed, FindQuery, Matched, Outcome, Provider, RemoteKey, StoreConfig

Item = RemoteKey | FindQuery
"""One thing that is asked for."""
Answer = Outcome | Matched
"""What comes back for it."""

FIND_TIMEOUTS = 6
"""A `find` makes many calls inside the provider, so it may take this many times as long as a `fetch`."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What a pass wants of one store; a store that did not open answers everything with why."""

    store: StoreConfig
    provider: Provider | Failed
    keys: Collection[RemoteKey] = ()
    finds: Collection[FindQuery] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to a request: one for each key and query, no more."""

    request: Request
    secrets: Mapping[RemoteKey, Outcome]
    finds: Mapping[FindQuery, Matched | Failed]


@dataclass(slots=True)
class Statistics:
    """What a store was asked, since the start."""

    calls: int = 0
    retries: int = 0
    """Calls that asked again for what had failed; `calls` counts them too."""
    throttled: int = 0
    """Calls after which the store asked to slow down."""
    abandoned: int = 0
    """Calls that were given up on at their deadline."""
    seconds: float = 0.0
    """Time that calls took, added up."""


class Reading:
    """Collects the answers to one request, and hands them on when the last one is there."""

    def __init__(self, request: Request, counts: Statistics, done: Callable[[Answers], None]) -> None:
        self.request = request
        self.counts = counts
        self.cancelled = False
        self._done = done
        self._secrets: dict[RemoteKey, Outcome] = {}
        self._finds: dict[FindQuery, Matched | Failed] = {}
        self._keys = dict.fromkeys(request.keys)
        self._queries = dict.fromkeys(request.finds)
        self._missing = len(self._keys) + len(self._queries)

    def start(self) -> list[Job]:
        """The jobs that the request is made of; none when it is answered already."""
        provider = self.request.provider
        if isinstance(provider, Failed):
            items: list[Item] = [*self._keys, *self._queries]
            for item in items:
                self.record(item, provider)
            return []
        if not self._missing:
            self._finish()
        timeout = self.request.store.timeout
        jobs = [Job(self, provider, keys, timeout) for keys in _batches(self._keys, provider.batch)]
        return jobs + [Job(self, provider, (query,), FIND_TIMEOUTS * timeout) for query in self._queries]

    def record(self, item: Item, answer: Answer) -> None:
        """Keeps an answer that is final."""
        if isinstance(item, RemoteKey) and not isinstance(answer, Matched):
            self._secrets[item] = answer
        elif isinstance(item, FindQuery) and isinstance(answer, Matched | Failed):
            self._finds[item] = answer
        self._missing -= 1
        if not self._missing:
            self._finish()

    def _finish(self) -> None:
        self._done(Answers(self.request, self._secrets, self._finds))


@dataclass(slots=True, eq=False)
class Job:
    """Keys, or one query, of one store that are asked in one call."""

    reading: Reading
    provider: Provider
    items: tuple[Item, ...]
    timeout: float
    """Seconds that a call may take in total."""
    spent: int = 0
    """Attempts used up; waiting for a store that throttles uses up none."""
    first_asked: float = math.inf
    """When, by the clock of the lanes."""

    def ask(self) -> Mapping[Item, Answer]:
        """Asks the store; blocks, and raises nothing."""
        name = self.reading.request.store.provider
        keys = [item for item in self.items if isinstance(item, RemoteKey)]
        answers: dict[Item, Answer] = dict((calls.fetch(self.provider, keys, name) if keys else {}).items())
        for query in (item for item in self.items if isinstance(item, FindQuery)):
            answers[query] = calls.find(self.provider, query, name)
        return answers

    def again(self, items: Iterable[Item], spent: int) -> Job:
        """The job of asking once more for some of it."""
        return replace(self, items=tuple(items), spent=spent)


def temporary(answer: Answer) -> Failed | None:
    """The failure that is worth another attempt, if there is one; a find fails with any of its values."""
    if isinstance(answer, Failed):
        return answer if answer.failure.retryable else None
    if isinstance(answer, Matched):
        return next(filter(None, map(temporary, answer.values.values())), None)
    return None


def _batches(keys: Iterable[RemoteKey], size: int) -> Iterator[tuple[RemoteKey, ...]]:
    rest = iter(keys)
    while batch := tuple(islice(rest, size)):
        yield batch
