"""Records what stores answered to a pass, for the metrics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from syncd import metrics
from syncd.metrics import table
from syncd.providers.api import Failed, Matched
from syncd.providers.jobs import Answer, StoreReply

NO_PROVIDER = "none"
"""Of stores that are not defined, or that a declaration may not use."""


def record(replies: Iterable[StoreReply]) -> None:
    """Counts what failed; a store is ready when it answered anything, whoever it was opened for."""
    ready: dict[tuple[str, str, str], bool] = defaultdict(bool)
    for reply in replies:
        store = reply.request.store
        for failed in _failures(reply.answers.values()):
            table.FETCH_FAILURES.add(store.provider or NO_PROVIDER, failed.failure)
        if store.provider and reply.answers:
            answered = any(not isinstance(answer, Failed) for answer in reply.answers.values())
            ready[store.kind, store.name.name, store.name.namespace] |= answered
    for key, answered in ready.items():
        metrics.store_answered(*key, ready=answered)


def _failures(answers: Iterable[Answer]) -> Iterator[Failed]:
    for answer in answers:
        if isinstance(answer, Failed):
            yield answer
        elif isinstance(answer, Matched):
            yield from _failures(answer.values.values())
