"""Where a remote key lies in a KV mount: the request paths of its data, its metadata and its folder.

The rules are those of External Secrets Operator (`providers/v1/vault/client_get.go`): a key may repeat the mount,
may have `data/` after it, and may begin with a slash.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from syncd.providers.api import Failure, StoreError


class KvVersion(StrEnum):
    V1 = "v1"
    V2 = "v2"


@dataclass(frozen=True, slots=True)
class KvPaths:
    """The paths of one mount; without `mount` the keys begin with theirs.

    Every method raises StoreError (MISCONFIGURED) for a key with `.` or `..` segments, which would leave the mount.
    """

    mount: str
    version: KvVersion = KvVersion.V2

    def data(self, key: str) -> str:
        """The path that a key's value is read from."""
        return _clean(self._join("data", key))

    def metadata(self, key: str) -> str:
        """The path of a KV v2 secret's metadata."""
        return _clean(self._join("metadata", key))

    def folders(self, path: str) -> tuple[str, str]:
        """Where the keys below `path` are listed, and where their values are; `""` is the whole mount."""
        values = self.data(f"{path}/")
        return (self.metadata(f"{path}/") if self.version is KvVersion.V2 else values), values

    def _infix(self, kind: str) -> str:
        return f"{kind}/" if self.version is KvVersion.V2 else ""

    def _join(self, kind: str, key: str) -> str:
        if not self.mount:
            return self._mountless(kind, key)
        rest = key.removeprefix(f"{self.mount}/")
        if rest != key and self.version is KvVersion.V2:
            rest = rest.removeprefix("data/")
        return f"{self.mount}/{self._infix(kind)}{rest}"

    def _mountless(self, kind: str, key: str) -> str:
        key = key.lstrip("/")
        if self.version is KvVersion.V1:
            return key
        if "/data/" in key:
            return key.replace("/data/", f"/{kind}/", 1)
        mount, _, rest = key.partition("/")
        return f"{mount}/{kind}/{rest}"


def _clean(path: str) -> str:
    """A path that means the same to everybody on the way: no empty and no dotted segments."""
    segments = [segment for segment in path.split("/") if segment]
    if "." in segments or ".." in segments:
        raise StoreError(Failure.MISCONFIGURED, f"`{path}` has a `.` or `..` segment, which Vault does not take")
    return "/".join(segments)
