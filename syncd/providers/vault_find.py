"""`dataFrom[].find` in a KV mount: everything below a folder whose name, or custom metadata, matches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from syncd.cluster.parallel import fan_out
from syncd.providers.api import Failure, FindQuery, Found, Matched, StoreError
from syncd.providers.names import name_matcher
from syncd.providers.vault_paths import KvPaths, KvVersion
from syncd.providers.vault_reads import KvReads

_T = TypeVar("_T")


def find(reads: KvReads, paths: KvPaths, query: FindQuery) -> Matched:
    """All that matches; `name` goes before `tags`, and neither means everything. Raises StoreError.

    Names begin with `path` as it was written, and are otherwise relative to the mount. Deleted secrets are passed over.
    """
    if not query.name and query.tags and paths.version is KvVersion.V1:
        raise StoreError(Failure.MISCONFIGURED, "find.tags needs KV version 2: version 1 has no custom metadata")
    if not paths.mount and not query.path:
        message = "find needs to know where to look"
        raise StoreError(Failure.MISCONFIGURED, message, hint="set the store's `path`, or `find.path`")
    matches = name_matcher(query.name)
    listing, values = paths.folders(query.path)
    start = f"{query.path}/" if query.path else ""
    below = [name for name in _all_below(reads, listing) if matches(start + name)]
    if not query.name and query.tags:
        tagged = _each(lambda name: _has(reads.metadata(f"{listing}/{name}"), query.tags), below)
        below = [name for name, fits in zip(below, tagged, strict=True) if fits]
    found = _each(lambda name: reads.value(f"{values}/{name}"), below)
    return Matched({start + name: value for name, value in zip(below, found, strict=True) if isinstance(value, Found)})


def _all_below(reads: KvReads, listing: str) -> list[str]:
    """All names below a folder, relative to it, level by level."""
    names: list[str] = []
    folders = [""]
    while folders:
        levels = _each(lambda folder: reads.names(f"{listing}/{folder}".rstrip("/")), folders)
        children = [folder + name for folder, level in zip(folders, levels, strict=True) for name in level]
        folders = [child for child in children if child.endswith("/")]
        names += [child for child in children if not child.endswith("/")]
    return names


def _has(metadata: Mapping[str, str] | None, tags: Mapping[str, str]) -> bool:
    return metadata is not None and all(metadata.get(tag) == value for tag, value in tags.items())


def _each(function: Callable[[str], _T], items: list[str]) -> list[_T]:
    """`function` of every item, several at once; after the first failure nothing more is asked."""
    failures: list[StoreError] = []

    def unless_failed(item: str) -> _T:
        if failures:
            raise failures[0]
        try:
            return function(item)
        except StoreError as error:
            failures.append(error)
            raise

    return fan_out(unless_failed, items)
