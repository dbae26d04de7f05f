"""What `dataFrom[].find` asks for, as both services of AWS can answer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from syncd.providers.api import Failure, FindQuery, StoreError
from syncd.providers.names import name_matcher


@dataclass(frozen=True, slots=True)
class Criteria:
    """Names are whole: the prefix of the store, within which everything is sought, is a part of them."""

    start: str
    """What every name begins with."""
    matches: Callable[[str], bool]
    tags: Mapping[str, str]

    @classmethod
    def of(cls, query: FindQuery, prefix: str, *, folders: bool = False) -> Criteria:
        """With `folders`, `path` is a level of a hierarchy; else it is the beginning of names.

        Raises StoreError (MISCONFIGURED).
        """
        if not query.name and not query.tags:
            message = "find needs `name` or `tags`"
            raise StoreError(Failure.MISCONFIGURED, message, hint="for all secrets, say `name: {regexp: .}`")
        path = _level(query.path) if folders else query.path
        if not prefix.startswith(path) and not path.startswith(prefix):
            message = f"find.path: `{query.path}` lies outside of the store's prefix `{prefix}`"
            raise StoreError(Failure.MISCONFIGURED, message, hint="begin the path with the prefix")
        return cls(max(prefix, path, key=len), name_matcher(query.name), query.tags)

    @property
    def folder(self) -> str:
        """The path of Parameter Store that holds all of them."""
        return self.start[: self.start.rfind("/")] or "/" if self.start.startswith("/") else "/"

    def takes(self, name: str) -> bool:
        return name.startswith(self.start) and self.matches(name)

    def tagged(self, tags: Mapping[str, str]) -> bool:
        """Whether each tag is there with its own value."""
        return all(tags.get(key) == value for key, value in self.tags.items())


def _level(path: str) -> str:
    """The beginning of all names below a path; below the topmost there are names without any slash, too."""
    if path and not path.startswith("/"):
        raise StoreError(Failure.MISCONFIGURED, f"find.path: `{path}` must begin with a slash")
    return f"{path.rstrip('/')}/" if path.strip("/") else ""
