"""When to ask again: the one place that says how often and after how long."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenacity import RetryCallState, Retrying
from tenacity.wait import wait_base, wait_exponential, wait_random, wait_random_exponential

from syncd.providers.api import Failed, Failure


@dataclass(frozen=True, slots=True)
class Retries:
    """Attempts and waits; all times in seconds."""

    attempts: int = 3
    """A time-out uses up two of them: a store that hangs would otherwise hold its declarations for half a minute."""
    backoff: wait_base = field(default_factory=lambda: wait_random_exponential(multiplier=0.25, max=4))
    """After the n-th failure of a call: full jitter, so that calls which failed together do not come back together."""
    pause: wait_base = field(default_factory=lambda: wait_exponential(multiplier=0.5, max=15) + wait_random(0, 0.5))
    """After the n-th time in a row that the store asked to slow down, when it did not say for how long."""
    bound: float = 60.0
    """Since something was first asked for: it is not asked for again after this."""

    def spend(self, failure: Failed) -> int:
        """How many attempts a failure uses up."""
        return 2 if failure.failure is Failure.TIMEOUT else 1

    def backoff_after(self, failures: int) -> float:
        return _seconds(self.backoff, failures)

    def pause_after(self, throttles: int) -> float:
        return _seconds(self.pause, throttles)


def _seconds(wait: wait_base, attempt: int) -> float:
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempt
    return float(wait(state))
