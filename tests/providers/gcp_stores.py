"""Stores of GCP for tests, opened as their manifests would open them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncd.providers.api import Credentials, Failed, Found, Outcome, RemoteKey
from syncd.providers.gcp import GcpPlugin
from syncd.providers.gcp_store import GcpStore
from syncd.providers.given import GivenCredentials, store_config
from tests.servers.gcp import RIGHTS, Project

KEY = {"secretRef": {"secretAccessKeySecretRef": {"name": "gcp", "key": "key.json"}}}


def given(key: str) -> GivenCredentials:
    """A cluster whose Secret `gcp` holds this key of a service account."""
    return GivenCredentials({("gcp", "key.json"): key})


def gcp_config(project: Project, **config: Any) -> dict[str, Any]:
    """`spec.provider.gcpsm` with a key out of a Secret."""
    return {"projectID": project.id, "auth": KEY, **config}


def open_gcp(
    config: Mapping[str, Any],
    credentials: Credentials,
    *,
    base: str = "",
    timeout: float = 5.0,
) -> GcpStore:
    """A store of the provider `gcpsm` with this under `spec.provider.gcpsm`."""
    provider = GcpPlugin.open(store_config("gcpsm", config, base=base, timeout=timeout), credentials)
    assert isinstance(provider, GcpStore)
    return provider


def reader(project: Project, *rights: str, **config: Any) -> GcpStore:
    """A store with a key that has these rights, all of them when none is named."""
    return open_gcp(gcp_config(project, **config), given(project.key(*(rights or RIGHTS))))


def read(store: GcpStore, key: str, version: str = "", *, metadata: bool = False) -> Outcome:
    """The one outcome of one key."""
    asked = RemoteKey(key, version, metadata)
    return store.fetch([asked])[asked]


def text(outcome: object) -> str:
    """The value that was found."""
    assert isinstance(outcome, Found), outcome
    return outcome.value.reveal().decode()


def failed(outcome: object) -> Failed:
    """The failure that an outcome must be."""
    assert isinstance(outcome, Failed), outcome
    return outcome
