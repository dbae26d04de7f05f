"""Names of secrets and versions as the API of Secret Manager writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from syncd.providers.api import Failure, StoreError

_KEY = re.compile(r"[A-Za-z0-9_-]{1,255}")
_VERSION = re.compile(r"[A-Za-z0-9_-]{1,63}")


@dataclass(frozen=True, slots=True)
class Place:
    """A project, or a region of it: what secrets lie in."""

    project: str
    location: str = ""

    def __str__(self) -> str:
        return f"projects/{self.project}" + (f"/locations/{self.location}" if self.location else "")

    def secret(self, key: str) -> str:
        """Raises StoreError (MISCONFIGURED) for what cannot be the name of a secret."""
        if not _KEY.fullmatch(key):
            hint = "names have up to 255 letters, digits, `-` and `_`"
            raise StoreError(Failure.MISCONFIGURED, f"`{key}` is no name of a secret", hint=hint)
        return f"{self}/secrets/{key}"

    def version(self, key: str, version: str) -> str:
        """Of a number, an alias, or `latest`. Raises StoreError (MISCONFIGURED)."""
        if version and not _VERSION.fullmatch(version):
            message = f"`{version}` is no version of a secret"
            raise StoreError(Failure.MISCONFIGURED, message, hint="use a number, an alias, or `latest`")
        return f"{self.secret(key)}/versions/{version or 'latest'}"


def last_part(name: str) -> str:
    """The key of a secret, or the number of a version: Google writes projects as numbers before it."""
    return name.rpartition("/")[2]
