"""The keys of fingerprints: making one, and the order of those that are kept."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from syncd.model import FingerprintKey, SecretValue

LENGTH = 32
"""Bytes of a key."""
_ID = re.compile(r"\d{4}-[0-9a-f]{8}")


def new_key(older: tuple[FingerprintKey, ...] = ()) -> FingerprintKey:
    """A random key. Its id is the next number, for the order, and a random part, so that no two keys share an id."""
    number = 1 + max((int(key.id[:4]) for key in older), default=0)
    return FingerprintKey(f"{number:04d}-{secrets.token_hex(4)}", SecretValue(secrets.token_bytes(LENGTH)))


def newest_first(entries: Mapping[str, SecretValue]) -> tuple[FingerprintKey, ...]:
    """The keys among the entries `<id>` to key, by descending number; anything else is not a key of ours."""
    keys = [FingerprintKey(id_, value) for id_, value in entries.items() if _ID.fullmatch(id_) and len(value) >= LENGTH]
    return tuple(sorted(keys, key=lambda key: key.id, reverse=True))
