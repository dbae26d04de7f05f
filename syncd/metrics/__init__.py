"""What is counted and timed, for Prometheus: one set of metrics for the process, recorded wherever it happens.

    with metrics.api_call("HashiCorp/Vault", "ReadSecretData"):
        ...
    table.CHANGES.add("create", "done")

Nothing here loads `prometheus-client`: `exposition` does, when somebody asks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from syncd.metrics.table import API_CALL_DURATION, API_CALLS


@contextmanager
def api_call(provider: str, call: str) -> Iterator[None]:
    """Counts and times one request; one that raises is an error.

    Names are those of external-secrets where it makes the same call: `AWS/SecretsManager`, `GetSecretValue`.
    """
    started, status = time.monotonic(), "error"
    try:
        yield
        status = "success"
    finally:
        API_CALLS.add(provider, call, status)
        API_CALL_DURATION.observe(time.monotonic() - started, provider, call)
