"""The provider `kubernetes`: Secrets of another namespace, or of another cluster."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from syncd.cluster.addresses import shown
from syncd.cluster.kubernetes import KubernetesTarget
from syncd.errors import ClusterError, UsageError
from syncd.model import Missing, ObjectName, Observed, Present, SecretObject, Unreadable
from syncd.providers.api import (
    Absent,
    Credentials,
    Dialect,
    Failed,
    Failure,
    FindQuery,
    Found,
    Matched,
    Outcome,
    Provider,
    RemoteKey,
    SecretValue,
    StoreConfig,
    StoreError,
    StoreHealth,
)
from syncd.providers.documents import kubernetes_document
from syncd.providers.kubernetes_config import Endpoint, KubernetesConfig, read_config
from syncd.providers.names import name_matcher

_T = TypeVar("_T")
_TRUSTED_FOR = 10.0
"""Seconds for which authority and credentials that were looked at again are not doubted, however many calls fail."""


class KubernetesPlugin:
    """`spec.provider.kubernetes`."""

    name: ClassVar[str] = "kubernetes"

    @classmethod
    def open(cls, store: StoreConfig, credentials: Credentials) -> Provider:
        """Raises StoreError (MISCONFIGURED) for a wrong field. Credentials are read at the first call."""
        return KubernetesStore(read_config(store), store, credentials)


@dataclass(frozen=True, slots=True)
class _Opened:
    endpoint: Endpoint
    target: KubernetesTarget


class KubernetesStore:
    """One namespace of a cluster. A key is a Secret's name, its properties are the Secret's keys."""

    dialect = Dialect.KUBERNETES
    batch = 500
    """Names that one list of the namespace answers."""
    width = 8

    def __init__(self, config: KubernetesConfig, store: StoreConfig, credentials: Credentials) -> None:
        self.lane = f"{shown(config.server)} {config.namespace} {config.auth} {store.namespace}"
        self._config = config
        self._credentials = credentials
        self._timeout = store.timeout
        self._lock = threading.Lock()
        self._opened: _Opened | None = None
        self._looked_at = float("-inf")

    def fetch(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Outcome]:
        return {key: _NO_VERSIONS for key in keys if key.version} | self._read([key for key in keys if not key.version])

    def find(self, query: FindQuery) -> Matched | Failed:
        """By labels, else by name, as External Secrets Operator; `path` means nothing here."""
        if not (query.tags or query.name):
            return Failed(Failure.MISCONFIGURED, "find needs `name` or `tags`")
        try:
            matches = name_matcher("" if query.tags else query.name)
            listed = self._ask(lambda target: target.list_secrets(self._config.namespace, _selector(query.tags)))
        except StoreError as error:
            return _failed(error)
        return Matched({secret.name.name: _found(secret) for secret in listed if matches(secret.name.name)})

    def check(self) -> StoreHealth:
        """Asks who we are and whether Secrets may be read; neither needs a right."""
        started = time.monotonic()
        identity = self._ask(lambda target: target.identity())
        latency = time.monotonic() - started
        allowed = self._ask(lambda target: target.may("get", "secrets", self._config.namespace))
        return StoreHealth(identity, latency, "" if allowed else self._right)

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.target.close()

    @property
    def _right(self) -> str:
        return f"`get` on secrets in namespace `{self._config.namespace}`"

    def _read(self, keys: Sequence[RemoteKey]) -> dict[RemoteKey, Outcome]:
        if not keys:
            return {}
        names = {key: ObjectName(self._config.namespace, key.key) for key in keys}
        try:
            observed = self._ask(lambda target: target.read_secrets(set(names.values())))
        except StoreError as error:
            return dict.fromkeys(keys, _failed(error))
        return {key: _outcome(observed[name], metadata=key.metadata) for key, name in names.items()}

    def _ask(self, call: Callable[[KubernetesTarget], _T]) -> _T:
        """Raises StoreError for what the cluster room raises.

        A call that fails is made again, once, if authority or credentials have been replaced meanwhile.
        """
        with _as_store_errors():
            opened = self._current()
            try:
                answer = call(opened.target)
                if not _is_unreadable(answer):
                    return answer
            except ClusterError:
                if fresh := self._replaced(opened):
                    return call(fresh.target)
                raise
            return call(fresh.target) if (fresh := self._replaced(opened)) else answer

    def _current(self) -> _Opened:
        with self._lock:
            if self._opened is None:
                self._opened = self._open(self._config.endpoint(self._credentials))
            return self._opened

    def _replaced(self, failed: _Opened) -> _Opened | None:
        """A connection made of other things than the one that failed; None when there are no others."""
        with self._lock:
            if self._opened is not failed:
                return self._opened
            if time.monotonic() - self._looked_at < _TRUSTED_FOR:
                return None
            self._looked_at = time.monotonic()
            try:
                endpoint = self._config.endpoint(self._credentials)
            except StoreError:
                return None
            if failed.endpoint.lasts(endpoint):
                return None
            self._opened = self._open(endpoint)
        failed.target.close()
        return self._opened

    def _open(self, endpoint: Endpoint) -> _Opened:
        target = KubernetesTarget.for_server(
            endpoint.server,
            ca=endpoint.ca,
            credential=endpoint.credential,
            timeout=self._timeout,
            tries=1,  # the lane repeats
        )
        return _Opened(endpoint, target)


@contextmanager
def _as_store_errors() -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        raise StoreError(Failure.MISCONFIGURED, error.message, hint=error.hint) from None
    except ClusterError as error:
        raise StoreError(error.failure, error.message, hint=error.hint) from None


def _is_unreadable(answer: object) -> bool:
    """Whether a read of Secrets got none of them: then the connection may be at fault."""
    return isinstance(answer, Mapping) and all(isinstance(seen, Unreadable) for seen in answer.values())


_NO_VERSIONS = Failed(Failure.MISCONFIGURED, "a Kubernetes Secret has no versions", hint="leave `version` out")


def _outcome(seen: Observed, *, metadata: bool) -> Outcome:
    match seen:
        case Present():
            return _metadata(seen.secret) if metadata else _found(seen.secret)
        case Missing():
            return Absent()
        case Unreadable():
            return Failed(seen.failure, seen.reason, seen.hint)


def _found(secret: SecretObject) -> Found:
    data = {key: value.reveal() for key, value in sorted(secret.data.items())}
    return Found(SecretValue(kubernetes_document(data)), secret.resource_version)


def _metadata(secret: SecretObject) -> Found:
    document = {"annotations": dict(secret.annotations) or None, "labels": dict(secret.labels) or None}
    return Found(SecretValue(json.dumps(document, sort_keys=True)), secret.resource_version)


def _selector(tags: Mapping[str, str]) -> Mapping[str, str]:
    """Labels that cannot be taken for the syntax of a selector. Raises StoreError (MISCONFIGURED)."""
    for label in (*tags, *tags.values()):
        if not _LABEL.fullmatch(label):
            raise StoreError(Failure.MISCONFIGURED, f"find.tags: `{label}` cannot be a label or its value")
    return tags


_LABEL = re.compile(r"[-._/A-Za-z0-9]*")


def _failed(error: StoreError) -> Failed:
    return Failed(error.failure, error.message, error.hint, error.retry_after)
