"""What is asked of a store in one call, and where the answers go."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from syncd.metrics import table
from syncd.providers import calls
from syncd.providers.api import Failed, FindQuery, Matched, Outcome, Provider, RemoteKey, StoreConfig

Item = RemoteKey | FindQuery
"""One thing that is asked for."""
Answer = Outcome | Matched
"""What comes back for it."""

FIND_TIMEOUTS = 6
"""A `find` makes many calls inside the provider, so it may take this many times as long as a `fetch`."""


@dataclass(frozen=True, slots=True, eq=False)
class StoreRequest:
    """Some or all of what a pass wants of one store; a store that did not open answers everything with why."""

    store: StoreConfig
    provider: Provider | Failed
    items: Collection[Item]


@dataclass(frozen=True, slots=True, eq=False)
class StoreReply:
    """The answers to a request: an Outcome for each key, Matched or Failed for each query."""

    request: StoreRequest
    answers: Mapping[Item, Answer] = field(repr=False)


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

    def __init__(self, request: StoreRequest, counts: Statistics, done: Callable[[StoreReply], None]) -> None:
        self.request = request
        self.counts = counts
        self.cancelled = False
        self._done = done
        self._items = dict.fromkeys(request.items)
        self._answers: dict[Item, Answer] = {}

    def start(self) -> list[Job]:
        """The jobs that the request is made of; none when it is answered already."""
        provider = self.request.provider
        if isinstance(provider, Failed):
            self._done(StoreReply(self.request, dict.fromkeys(self._items, provider)))
            return []
        if not self._items:
            self._done(StoreReply(self.request, {}))
        timeout = self.request.store.timeout
        keys = _batches((item for item in self._items if isinstance(item, RemoteKey)), provider.batch)
        queries = (item for item in self._items if isinstance(item, FindQuery))
        return [
            *(Job(self, provider, batch, timeout) for batch in keys),
            *(Job(self, provider, (query,), FIND_TIMEOUTS * timeout) for query in queries),
        ]

    def record(self, item: Item, answer: Answer) -> None:
        """Keeps an answer that is final."""
        self._answers[item] = answer
        if len(self._answers) == len(self._items):
            self._done(StoreReply(self.request, self._answers))


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

    @property
    def provider_name(self) -> str:
        return self.reading.request.store.provider

    def ask(self) -> Mapping[Item, Answer]:
        """Asks the store; blocks, and raises nothing."""
        name = self.provider_name
        keys = [item for item in self.items if isinstance(item, RemoteKey)]
        answers: dict[Item, Answer] = dict((calls.fetch(self.provider, keys, name) if keys else {}).items())
        for query in (item for item in self.items if isinstance(item, FindQuery)):
            answers[query] = calls.find(self.provider, query, name)
        return answers

    def took(self, seconds: float) -> None:
        """Records how long a call for it took."""
        self.reading.counts.seconds += seconds
        operation = "find" if isinstance(self.items[0], FindQuery) else "fetch"
        table.READ_DURATION.observe(seconds, self.provider_name, operation)

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
