"""`dataFrom[].find` in Secret Manager: all secrets of a project or region whose name, or labels, match."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from syncd.cluster.parallel import fan_out
from syncd.providers.api import Absent, Failure, FindQuery, Matched, Outcome, StoreError
from syncd.providers.gcp_reads import Reads
from syncd.providers.names import name_matcher

_WIDTH = 16
"""Values that are read at once; the API allows 90,000 reads a minute."""
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
"""What needs no quotes in a filter of the API."""


def find(reads: Reads, query: FindQuery) -> Matched:
    """All that matches; `name` goes before `tags`, as in External Secrets Operator. Raises StoreError.

    What has no version, or vanished after it was listed, is left out; what cannot be read fails it all.
    """
    if not query.name and not query.tags:
        message = "find needs `name` or `tags`"
        raise StoreError(Failure.MISCONFIGURED, message, hint="for all secrets, say `name: {regexp: .}`")
    matches = name_matcher(query.name)
    tags = {} if query.name else query.tags
    keys = [
        key
        for key, labels in reads.secrets(_filter(query.path, tags))
        if key.startswith(query.path) and matches(key) and all(labels.get(tag) == tags[tag] for tag in tags)
    ]
    values = fan_out(_until_a_failure(reads.value), keys, _WIDTH)
    return Matched({key: value for key, value in zip(keys, values, strict=True) if not isinstance(value, Absent)})


def _until_a_failure(read: Callable[[str], Outcome]) -> Callable[[str], Outcome]:
    """Asks nothing more once one of many has failed."""
    failures: list[StoreError] = []

    def reading(key: str) -> Outcome:
        if failures:
            raise failures[0]
        try:
            return read(key)
        except StoreError as error:
            failures.append(error)
            raise

    return reading


def _filter(path: str, tags: Mapping[str, str]) -> str:
    """What the API may leave out already; it knows no beginnings of names, and all is looked at again here."""
    wanted = [f"labels.{tag}={value}" for tag, value in tags.items() if _plain(tag, value)]
    return " ".join([*wanted, *([f"name:{path}"] if _plain(path) else [])])


def _plain(*texts: str) -> bool:
    return all(_PLAIN.fullmatch(text) for text in texts)
