"""What is counted and timed, for Prometheus: one set of metrics for the process, recorded wherever it happens.

    with metrics.api_call("HashiCorp/Vault", "ReadSecretData"):
        ...
    table.CHANGES.add("create", "done")

Nothing here loads `prometheus-client`: `exposition` does, when somebody asks.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from syncd.metrics.families import Gauge, Labels
from syncd.metrics.table import API_CALL_DURATION, API_CALLS, CLUSTER_STORE_CONDITION, STORE_CONDITION


@dataclass(slots=True)
class ApiCall:
    failed: bool = False
    """May be set when the answer is an error and nothing is raised."""


@contextmanager
def api_call(provider: str, call: str) -> Iterator[ApiCall]:
    """Counts and times one request; one that raises is an error.

    Names are those of external-secrets where it makes the same call: `AWS/SecretsManager`, `GetSecretValue`.
    """
    started, one = time.monotonic(), ApiCall()
    try:
        yield one
    except BaseException:
        one.failed = True
        raise
    finally:
        API_CALLS.add(provider, call, "error" if one.failed else "success")
        API_CALL_DURATION.observe(time.monotonic() - started, provider, call)


def condition(family: Gauge, *labels: str, ready: bool) -> None:
    """Sets the condition `Ready`: 1 for the status that holds, 0 for the other, as external-secrets has it."""
    family.set(float(ready), *labels, "Ready", "True")
    family.set(float(not ready), *labels, "Ready", "False")


def store_answered(kind: str, name: str, namespace: str, *, ready: bool) -> None:
    """Says whether a store answered anything when a pass read it."""
    condition(_STORES[kind], name, namespace, ready=ready)


def keep_stores(kind: str, stores: Collection[Labels]) -> None:
    """Lets go of the series of all other stores of a kind; stores are given by name and namespace."""
    _STORES[kind].keep(stores)


_STORES = {"SecretStore": STORE_CONDITION, "ClusterSecretStore": CLUSTER_STORE_CONDITION}
