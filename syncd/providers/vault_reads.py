"""Reads of one KV mount, and what Vault's answers to them mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from requests import Response

from syncd.providers.api import Absent, Failure, Found, SecretValue, StoreError
from syncd.providers.vault_config import VaultConfig
from syncd.providers.vault_errors import from_response, token_may_be_dead
from syncd.providers.vault_json import raw_value
from syncd.providers.vault_mount import Mount
from syncd.providers.vault_paths import KvVersion
from syncd.providers.vault_session import VaultSession

_NOTHING = object()
_SYSTEM_METADATA = ("created_time", "current_version", "delete_version_after")


class KvReads:
    """Reads by request path. Every method raises StoreError when the answer is neither there nor certainly absent."""

    def __init__(self, config: VaultConfig, session: VaultSession, mount: Mount) -> None:
        self._config = config
        self._session = session
        self._mount = mount
        self._v2 = config.paths.version is KvVersion.V2

    def value(self, path: str, version: str = "") -> Found | Absent:
        """The JSON text of a secret's data, numbers as Vault wrote them."""
        response = self._get(path, {"version": version} if version else None)
        data = self._data(response, path)
        if data is None:
            return Absent()
        document = response.content.decode()
        if not self._v2:
            return Found(SecretValue(raw_value(document, "data") or ""))
        secret = data.get("data", _NOTHING)
        if secret is None:
            return Absent()
        if not isinstance(secret, dict):
            raise _no_kv2(path)
        metadata = data.get("metadata")
        version = str(metadata.get("version", "")) if isinstance(metadata, dict) else ""
        return Found(SecretValue(raw_value(document, "data", "data") or ""), version)

    def metadata(self, path: str) -> Mapping[str, str] | None:
        """Custom metadata and what Vault itself notes, as texts; the custom one wins. None when there is no secret."""
        data = self._data(self._get(path), path)
        if data is None:
            return None
        system = {name: data[name] for name in _SYSTEM_METADATA if data.get(name) is not None}
        custom = data.get("custom_metadata") or {}
        if not system or not isinstance(custom, dict):
            raise _no_kv2(path)
        return {name: _text(value) for name, value in {**system, **custom}.items()}

    def names(self, folder: str) -> tuple[str, ...]:
        """The names in a folder, those of folders with a slash behind; none when there is no such folder."""
        data = self._data(self._get(folder, {"list": "true"}, right="list"), folder) or {}
        return tuple(name for name in data.get("keys") or () if isinstance(name, str))

    def identity(self) -> str:
        """Who Vault takes us for: the display name of the token."""
        response, path = self._session.look_up(), "auth/token/lookup-self"
        if response.status_code == 403 and self._config.auth is not None and not token_may_be_dead(response):
            return f"{self._config.auth} (the token may not look itself up)"
        name = (self._data(self._known(response, path, "read"), path) or {}).get("display_name")
        return name if isinstance(name, str) and name else "a token without a name"

    def _get(self, path: str, params: Mapping[str, str] | None = None, right: str = "read") -> Response:
        return self._known(self._session.get(path, params), path, right)

    def _known(self, response: Response, path: str, right: str) -> Response:
        """The answer, when it says that something is there or is not. Raises StoreError."""
        if response.status_code in (200, 404):
            return response
        if response.status_code == 403:
            raise self._denied(response, path, right)
        raise from_response(response, f"{right} `{path}`")

    def _denied(self, response: Response, path: str, right: str) -> StoreError:
        who, where = self._config.auth, f" in namespace `{self._config.namespace}`" if self._config.namespace else ""
        if who is None:
            message = f"Vault wants a token to {right} `{path}`{where}, and the store has no `auth`"
            return StoreError(
                Failure.DENIED, message, hint="set `auth`, or let `server` be an agent that logs in itself"
            )
        if token_may_be_dead(response):
            message = f"Vault does not take the token to {right} `{path}`{where}: it is invalid, expired or revoked"
            return StoreError(Failure.DENIED, message, hint=f"syncd logs in with {who}")
        message = f"Vault denies `{right}` on `{path}`{where} to {who}"
        return StoreError(Failure.DENIED, message, hint=f"grant `{right}` on `{path}` in a policy of that identity")

    def _data(self, response: Response, path: str) -> dict[str, Any] | None:
        """The answer's `data`; None when Vault itself says that there is nothing."""
        try:
            body = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            body = None
        data = body.get("data") if isinstance(body, dict) else None
        if isinstance(data, dict):
            return data
        nothing = isinstance(body, dict) and "data" in body and data is None and not body.get("errors")
        if response.status_code == 200 and nothing:
            return None
        if response.status_code == 200 or not isinstance(body, dict) or data is not None:
            message = f"the answer for `{path}` is none of Vault's: something that is not Vault answered"
            raise StoreError(Failure.UNAVAILABLE, message)
        if body.get("errors") != [] or body.get("warnings"):
            raise from_response(response, f"read `{path}`", hint="check `path`, `version` and `namespace` of the store")
        if problem := self._mount.problem():
            raise StoreError(Failure.MISCONFIGURED, problem)
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _no_kv2(path: str) -> StoreError:
    message = f"`{path}` holds no KV version 2 secret"
    return StoreError(Failure.MISCONFIGURED, message, hint="set `version: v1` when the mount has no versions")
