"""Identities at a cloud, for stores of another provider that log in with one: what the clouds' plugins offer to them.

Providers do not know each other: who wants an identity names its plugin, and gets what that reads out of the manifest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from syncd.errors import PluginError
from syncd.providers import registry
from syncd.providers.api import Credentials, Failure, StoreConfig, StoreError
from syncd.providers.fields import Fields


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request over HTTP that others may make in our stead."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class RequestIdentity(Protocol):
    """One that signs the question who it is, for others to ask; its text names it in messages."""

    def signed_get_caller_identity(
        self, headers: Mapping[str, str], credentials: Credentials, timeout: float
    ) -> SignedRequest:
        """GetCallerIdentity with these headers; `timeout`, in seconds, is that of each call. Raises StoreError."""
        ...


class TokenIdentity(Protocol):
    """One that has tokens made for it; its text names it in messages."""

    def signed_token(self, audience: str, credentials: Credentials, timeout: float) -> str:
        """A JWT for one audience, for ten minutes; `timeout` as above. Raises StoreError."""
        ...


def aws_identity(fields: Fields, store: StoreConfig) -> RequestIdentity:
    """What `fields` say of an identity of AWS. Raises StoreError (MISCONFIGURED), MissingExtra."""
    identity: RequestIdentity = _plugin("aws").identity(fields, store)
    return identity


def gcp_identity(fields: Fields, store: StoreConfig) -> TokenIdentity:
    """What `fields` say of an identity of GCP. Raises StoreError (MISCONFIGURED), MissingExtra."""
    identity: TokenIdentity = _plugin("gcpsm").identity(fields, store)
    return identity


def _plugin(name: str) -> Any:
    """That of a cloud; its `identity` is no part of the contract of plugins. Raises StoreError (MISCONFIGURED)."""
    try:
        return registry.plugin(name)
    except PluginError as error:
        raise StoreError(Failure.MISCONFIGURED, error.message, hint=error.hint) from None
