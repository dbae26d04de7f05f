"""Secrets that stand in the store's own manifest: for tests and first tries, as the reference's `fake` provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

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
from syncd.providers.fields import Fields
from syncd.providers.names import name_matcher

_READY, _UNKNOWN = 0, 1
"""Values of `validationResult` with which the reference reads from the store."""


class FakePlugin:
    """`spec.provider.fake: {data: [{key, value, version}], validationResult}`."""

    name: ClassVar[str] = "fake"

    @classmethod
    def open(cls, store: StoreConfig, credentials: Credentials) -> Provider:  # noqa: ARG003  # it has no credentials
        fields = Fields.of(store)
        entries = store.config.get("data") or []
        if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
            fields.refuse("data", "must be a list of mappings")
        secrets = dict(_secret(Fields(entry, f"{fields.path}.data[{i}]")) for i, entry in enumerate(entries))
        return FakeStore(secrets, fields.number("validationResult", _READY))


class FakeStore:
    """Secrets by key and version; without one in the reference, only the entry without one is meant."""

    dialect = Dialect.FAKE
    batch = 1000
    lane = "fake"
    width = 2

    def __init__(self, secrets: Mapping[RemoteKey, SecretValue], validation_result: int = _READY) -> None:
        self._secrets = secrets
        self._validation_result = validation_result

    def fetch(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Outcome]:
        if failed := self._invalid():
            return dict.fromkeys(keys, failed)
        return {key: self._outcome(RemoteKey(key.key, key.version)) for key in keys}

    def find(self, query: FindQuery) -> Matched | Failed:
        """By name only, as the reference; of several versions the greatest as text."""
        if failed := self._invalid():
            return failed
        if not query.name:
            return Failed(Failure.MISCONFIGURED, "a `fake` store finds by name only", hint="set `find.name.regexp`")
        try:
            matches = name_matcher(query.name)
        except StoreError as exc:
            return Failed(exc.failure, exc.message, exc.hint)
        return Matched({key.key: self._outcome(key) for key in sorted(self._secrets) if matches(key.key)})

    def check(self) -> StoreHealth:
        if failed := self._invalid():
            raise StoreError(failed.failure, failed.message, hint=failed.hint)
        return StoreHealth("fake", 0.0)

    def close(self) -> None:
        """Nothing to end."""

    def _outcome(self, key: RemoteKey) -> Outcome:
        value = self._secrets.get(key)
        return Absent() if value is None else Found(value, key.version)

    def _invalid(self) -> Failed | None:
        if self._validation_result in (_READY, _UNKNOWN):
            return None
        message = f"the store is not valid: it says `validationResult: {self._validation_result}`"
        return Failed(Failure.MISCONFIGURED, message, hint="remove the field, or set it to 0")


def _secret(entry: Fields) -> tuple[RemoteKey, SecretValue]:
    return RemoteKey(entry.required("key"), entry.text("version")), SecretValue(entry.text("value"))
