"""Reads many keys in few calls, and one by one where AWS does not let us, or where one key spoils a batch."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Sequence

from syncd.cluster.parallel import fan_out
from syncd.providers.api import Failed, Failure, Outcome, RemoteKey, StoreError
from syncd.providers.aws_codes import Reason
from syncd.providers.aws_errors import AwsError, as_outcome
from syncd.providers.aws_reads import Reads

_SINGLES = 4
"""Single reads under way at once within one call of `fetch`."""
_DENIED_FOR = 600.0
"""Seconds after which a denied batch is tried again: the right may have been granted."""
_log = logging.getLogger("syncd.providers.aws")


class Batches:
    """Reads for one store; `store` is its name, for the log."""

    def __init__(self, reads: Reads, store: str) -> None:
        self._reads = reads
        self._store = store
        self._lock = threading.Lock()
        self._said = False
        self._denied_at = float("-inf")

    @property
    def size(self) -> int:
        """How many keys are best read in one call, now."""
        return 1 if self._denied else self._reads.size

    def read(self, keys: Collection[RemoteKey]) -> dict[RemoteKey, Outcome]:
        """One outcome for each key; raises nothing that is expected."""
        together = [] if self._denied else [key for key in keys if self._reads.batches(key)]
        size = self._reads.size
        batches = [together[start : start + size] for start in range(0, len(together), size)]
        failures: list[Failed] = []
        found = fan_out(lambda batch: self._batch(batch, failures), batches)
        answers = {key: outcome for outcomes in found for key, outcome in outcomes.items()}
        return answers | self._one_by_one([key for key in keys if key not in answers])

    def _batch(self, keys: Sequence[RemoteKey], failures: list[Failed]) -> dict[RemoteKey, Outcome]:
        """What one batch answers; keys are left out that must be read alone. After a failure of all, nobody asks."""
        if failures:
            return dict.fromkeys(keys, failures[0])
        if len(keys) == 1:
            return {}
        try:
            return dict(self._reads.batch(keys))
        except StoreError as error:
            if not isinstance(error, AwsError) or not error.reason.of_one_key:
                failures.append(as_outcome(error))
                return dict.fromkeys(keys, failures[0])
            denied = error.reason is Reason.PERMISSION
        answers = self._one_by_one(keys)
        if denied:
            self._judge(answers.values())
        return answers

    def _judge(self, answers: Collection[Outcome]) -> None:
        """Whether a denied batch was denied for being one, as the same keys one by one show."""
        denied = any(isinstance(answer, Failed) and answer.failure is Failure.DENIED for answer in answers)
        if denied and self._reads.names_keys:
            return
        self._denied_at = time.monotonic()
        with self._lock:
            said, self._said = self._said, True
        if not said:
            action = self._reads.batch_action
            _log.warning(
                "store `%s` reads its keys one by one, because `%s` is denied; hint: grant it, for %d keys a call",
                self._store,
                action,
                self._reads.size,
            )

    def _one_by_one(self, keys: Sequence[RemoteKey]) -> dict[RemoteKey, Outcome]:
        return dict(zip(keys, fan_out(self._single, keys, _SINGLES), strict=True))

    def _single(self, key: RemoteKey) -> Outcome:
        try:
            return self._reads.single(key)
        except StoreError as error:
            return as_outcome(error)

    @property
    def _denied(self) -> bool:
        return time.monotonic() - self._denied_at < _DENIED_FOR
