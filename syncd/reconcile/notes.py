"""The note on a workload: fingerprints of the keys that its pods were last started with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from syncd.model import Fingerprint, FingerprintKey, ObjectName, SecretValue
from syncd.reconcile.users import Use

LIMIT = 16 * 1024
"""Bytes that a note may have; a longer one keeps a single fingerprint per Secret."""
ABSENT = "-"
"""Stands for a key that the Secret did not have."""
ALL = "*"
"""No key of a Secret can be called so. With a fingerprint it stands for the whole Secret, in a note that would be
too long otherwise; with `-` it says that every key was noted, so that one that comes later is a change."""


@dataclass(frozen=True, slots=True)
class Note:
    """By the local name of a Secret or ConfigMap, the fingerprint of each used key, as text."""

    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Note:
        """Raises ValueError when the text is not a note."""
        body = json.loads(text)
        if not isinstance(body, dict):
            raise ValueError("a note is a JSON object")  # noqa: TRY004  # callers treat all bad notes alike
        for keys in body.values():
            if not isinstance(keys, dict) or not all(_is_mark(mark) for mark in keys.values()):
                raise ValueError("a note holds fingerprints by Secret and key")
        return cls(body)

    def __str__(self) -> str:
        return json.dumps(self.secrets, sort_keys=True, separators=(",", ":"))

    @property
    def key_ids(self) -> frozenset[str]:
        marks = (mark for keys in self.secrets.values() for mark in keys.values() if mark != ABSENT)
        return frozenset(Fingerprint.parse(mark).key_id for mark in marks)


def _is_mark(mark: object) -> bool:
    if mark == ABSENT:
        return True
    try:
        return isinstance(mark, str) and bool(Fingerprint.parse(mark))
    except ValueError:
        return False


def marks_of(secret: ObjectName, data: Mapping[str, SecretValue], use: Use, key: FingerprintKey) -> dict[str, str]:
    """The fingerprints of the keys that `use` takes from this data."""
    names = use.keys | set(data) if use.whole else use.keys
    marks = {name: _mark(secret, data, name, key) for name in sorted(names)}
    return {ALL: ABSENT, **marks} if use.whole else marks


def _mark(secret: ObjectName, data: Mapping[str, SecretValue], name: str, key: FingerprintKey) -> str:
    return str(key.fingerprint(secret, name, data[name])) if name in data else ABSENT


def condensed(secret: ObjectName, data: Mapping[str, SecretValue], key: FingerprintKey) -> dict[str, str]:
    """One fingerprint for a whole Secret."""
    marks = marks_of(secret, data, Use(whole=True), key)
    return {ALL: str(key.fingerprint(secret, ALL, SecretValue(json.dumps(marks, sort_keys=True))))}


def with_new_keys(noted: Mapping[str, str], use: Use, before: Mapping[str, str]) -> dict[str, str]:
    """What is noted, with the keys that are new to the workload as they were (`before`), without those it left."""
    everything_noted = ALL in noted
    if use.whole:
        return dict(noted) if everything_noted else {**before, **noted}
    if is_condensed(noted):
        return dict(noted)
    return {name: noted.get(name, ABSENT if everything_noted else before[name]) for name in sorted(use.keys)}


def is_condensed(noted: Mapping[str, str]) -> bool:
    return noted.get(ALL, ABSENT) != ABSENT


def changed_keys(
    noted: Mapping[str, str],
    use: Use,
    secret: ObjectName,
    data: Mapping[str, SecretValue],
    keys: Mapping[str, FingerprintKey],
) -> frozenset[str]:
    """The used keys whose value is another than the noted one; `*` when the note cannot say which.

    `keys` are the fingerprint keys by id; every id in the note must be among them.
    """
    if is_condensed(noted):
        key = keys[Fingerprint.parse(noted[ALL]).key_id]
        return frozenset() if condensed(secret, data, key) == noted else frozenset({ALL})
    used = use.keys | set(data) if use.whole else use.keys
    candidates = (used | set(noted)) - {ALL} if use.whole and ALL in noted else used & set(noted)
    return frozenset(name for name in candidates if not _same(noted.get(name, ABSENT), secret, data, name, keys))


def _same(
    noted: str, secret: ObjectName, data: Mapping[str, SecretValue], name: str, keys: Mapping[str, FingerprintKey]
) -> bool:
    if noted == ABSENT or name not in data:
        return noted == ABSENT and name not in data
    return _mark(secret, data, name, keys[Fingerprint.parse(noted).key_id]) == noted
