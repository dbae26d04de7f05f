"""Reads the fields of a store's config, naming the path of what is missing or wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from syncd.providers.api import Credentials, Failure, StoreAuth, StoreConfig, StoreError


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A key of a Secret that a store refers to; `path` is the field that names it."""

    name: str
    key: str
    namespace: str | None
    path: str

    def __str__(self) -> str:
        return f"Secret {self.namespace + '/' if self.namespace else ''}{self.name}"

    def text(self, credentials: Credentials) -> str:
        """The value without surrounding blanks, as External Secrets Operator reads credentials. Raises StoreError."""
        try:
            return credentials.secret_key(self.name, self.key, self.namespace).reveal().decode().strip()
        except UnicodeDecodeError:
            message = f"{self.path}: key `{self.key}` of {self} is not text"
            raise StoreError(Failure.MISCONFIGURED, message) from None


@dataclass(frozen=True, slots=True)
class AccountRef:
    """A service account that a store refers to."""

    name: str
    audiences: tuple[str, ...]
    namespace: str | None

    def __str__(self) -> str:
        return f"ServiceAccount {self.namespace + '/' if self.namespace else ''}{self.name}"

    def token(self, credentials: Credentials, expiration: int = 600) -> str:
        """A new token; `expiration` in seconds. Raises StoreError."""
        return (
            credentials.service_account_token(self.name, self.audiences, self.namespace, expiration).reveal().decode()
        )


class Fields:
    """A mapping of the manifest and its path; every method raises StoreError (MISCONFIGURED) naming a field."""

    def __init__(self, values: Mapping[str, Any], path: str) -> None:
        self._values = values
        self.path = path

    @classmethod
    def of(cls, store: StoreConfig) -> Fields:
        return cls(store.config, f"spec.provider.{store.provider}")

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def refuse(self, name: str, message: str, hint: str = "") -> NoReturn:
        where = f"{self.path}.{name}" if name else self.path
        raise StoreError(Failure.MISCONFIGURED, f"{where}: {message}", hint=hint)

    def text(self, name: str, default: str = "") -> str:
        """The default also stands in for an empty text, as in the API."""
        return self._typed(name, str, "text") or default

    def required(self, name: str) -> str:
        return self.text(name) or self.refuse(name, "is required")

    def choice(self, name: str, *allowed: str) -> str:
        """One of `allowed`, the first when the field is not there."""
        value = self.text(name) or allowed[0]
        return value if value in allowed else self.refuse(name, f"must be one of {', '.join(allowed)}")

    def number(self, name: str, default: int) -> int:
        value = self._typed(name, int, "a whole number")
        return default if value is None else value

    def flag(self, name: str) -> bool:
        return bool(self._typed(name, bool, "true or false"))

    def texts(self, name: str) -> tuple[str, ...] | None:
        values = self._typed(name, list, "a list")
        if values is not None and not all(isinstance(value, str) for value in values):
            self.refuse(name, "must be a list of texts")
        return None if values is None else tuple(values)

    def mapping(self, name: str) -> dict[str, str]:
        values = self._typed(name, dict, "a mapping") or {}
        return {str(key): str(value) for key, value in values.items()}

    def child(self, name: str) -> Fields | None:
        values = self._typed(name, dict, "a mapping")
        return None if values is None else Fields(values, f"{self.path}.{name}")

    def required_child(self, name: str) -> Fields:
        return self.child(name) or self.refuse(name, "is required")

    def secret(self, name: str, default_key: str = "") -> SecretRef | None:
        ref = self.child(name)
        if ref is None:
            return None
        key = ref.text("key", default_key) or ref.refuse("key", "is required")
        return SecretRef(ref.required("name"), key, ref.text("namespace") or None, ref.path)

    def required_secret(self, name: str, default_key: str = "") -> SecretRef:
        return self.secret(name, default_key) or self.refuse(name, "is required")

    def account(self, name: str) -> AccountRef | None:
        ref = self.child(name)
        if ref is None:
            return None
        return AccountRef(ref.required("name"), ref.texts("audiences") or (), ref.text("namespace") or None)

    def _typed(self, name: str, kind: type, called: str) -> Any:
        value = self._values.get(name)
        # A bool is an int to Python, and not to the manifests.
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            self.refuse(name, f"must be {called}")
        return value


def is_ambient(store: StoreConfig) -> bool:
    """Whether to log in with what the machine has, whatever the manifest's `auth` is.

    Raises StoreError for a store from a cluster: it has the rights that its manifest names, not those of syncd.
    """
    if store.auth is StoreAuth.MANIFEST:
        return False
    if not store.base:
        message = "the credentials that syncd runs with serve only stores from files"
        raise StoreError(Failure.MISCONFIGURED, message, hint="leave `--store-auth` at `manifest`")
    return True
