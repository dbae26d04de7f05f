"""What both services of AWS offer to a store: reads one by one, reads in batches, and a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from syncd.providers import gojson
from syncd.providers.api import Dialect, FindQuery, Outcome, RemoteKey, SecretValue


class Reads(Protocol):
    """Keys are those of AWS: the prefix of the store stands in them already. All methods raise StoreError."""

    dialect: Dialect
    size: int
    """Keys in one batch."""
    width: int
    batch_action: str
    """The right that batches need beside the one to read."""
    names_keys: bool
    """A denied batch may be denied for one of its keys, not for being a batch."""

    def batches(self, key: RemoteKey) -> bool:
        """Whether a key can be read with others."""
        ...

    def batch(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Outcome]:
        """What one call says of these; of keys that are left out it says nothing for certain."""
        ...

    def single(self, key: RemoteKey) -> Outcome:
        """What AWS says of one key."""
        ...

    def find(self, query: FindQuery) -> Mapping[RemoteKey, Outcome | None]:
        """All keys that match; None where the value is still to be read."""
        ...

    def probe(self) -> str:
        """Reads something that need not exist, and says which right is missing for it; empty when none is."""
        ...


def tags_value(tags: Sequence[Mapping[str, str]]) -> SecretValue:
    """Tags as the JSON object that `metadataPolicy: Fetch` gives."""
    return SecretValue(gojson.write({tag["Key"]: tag.get("Value", "") for tag in tags}))
