"""Secret Manager as its API behaves, over the library's own types: secrets, versions, aliases, lists and filters."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio has no types
from google.cloud.secretmanager_v1.types import resources, service

from syncd.providers.gcp_crc32c import crc32c
from tests.servers.gcp_iam import Iam, Refusal

State = resources.SecretVersion.State
Hook = Callable[[], None]
"""Runs in the place of an answer's beginning: raises Refusal, or waits."""
_SECRET = re.compile(r"(projects/([^/]+)(?:/locations/[^/]+)?)/secrets/([^/]+)")


@dataclass(slots=True)
class _Version:
    data: bytes
    state: int
    created: datetime


@dataclass(slots=True)
class _Secret:
    labels: dict[str, str]
    annotations: dict[str, str]
    aliases: dict[str, int] = field(default_factory=dict)
    versions: list[_Version] = field(default_factory=list)


class Secrets:
    """What the wire calls are the methods named as the API names them; they take who calls, and raise Refusal."""

    def __init__(self, iam: Iam) -> None:
        self.iam = iam
        self.calls: list[tuple[str, str]] = []
        """Method and name or parent of every call."""
        self._lock = threading.RLock()
        self._secrets: dict[str, _Secret] = {}
        self._numbers: dict[str, int] = {}
        self._hooks: list[tuple[str, str, Hook]] = []
        self._damaged: set[str] = set()

    # What tests do past the wire.

    def put(self, name: str, data: bytes, labels: Mapping[str, str], annotations: Mapping[str, str]) -> int:
        """Adds a version, and makes the secret first where there is none; gives the version's number."""
        with self._lock:
            secret = self._secrets.setdefault(name, _Secret(dict(labels), dict(annotations)))
            secret.versions.append(_Version(data, State.ENABLED, datetime.now(UTC)))
            return len(secret.versions)

    def make(self, name: str) -> None:
        """A secret without any version."""
        with self._lock:
            self._secrets[name] = _Secret({}, {})

    def set_state(self, name: str, version: int, state: int) -> None:
        with self._lock:
            self._secrets[name].versions[version - 1].state = state

    def alias(self, name: str, alias: str, version: int) -> None:
        with self._lock:
            self._secrets[name].aliases[alias] = version

    def delete(self, name: str) -> None:
        with self._lock:
            del self._secrets[name]

    def damage(self, name: str) -> None:
        """Sends the values of a secret with a checksum that does not fit."""
        self._damaged.add(name)

    def inject(self, method: str, name: str, hook: Hook) -> None:
        """Runs `hook` at every call of a method about a name, or a parent, that begins like this."""
        with self._lock:
            self._hooks.append((method, name, hook))

    def clear(self, name: str) -> None:
        """Drops the hooks for a name."""
        with self._lock:
            self._hooks = [hook for hook in self._hooks if hook[1] != name]

    # What comes over the wire.

    def AccessSecretVersion(self, who: str, request: Any) -> Any:  # noqa: N802  # the API's name
        name, _, version = request.name.partition("/versions/")
        self._begin("AccessSecretVersion", request.name)
        self.iam.require(who, "secretmanager.versions.access", name)
        with self._lock:
            secret = self._secret(name)
            number = self._number(secret, version)
            if not 1 <= number <= len(secret.versions):
                missing = f"Secret Version [{request.name}] not found or has no versions."
                raise Refusal(grpc.StatusCode.NOT_FOUND, missing)
            found = secret.versions[number - 1]
        full = f"{self._public(name)}/versions/{number}"
        if found.state != State.ENABLED:
            message = f"Secret Version [{full}] is in {State(found.state).name} state."
            raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, message)
        checksum = crc32c(found.data) ^ (1 if name in self._damaged else 0)
        return service.AccessSecretVersionResponse(
            name=full, payload=resources.SecretPayload(data=found.data, data_crc32c=checksum)
        )

    def GetSecret(self, who: str, request: Any) -> Any:  # noqa: N802  # the API's name
        self._begin("GetSecret", request.name)
        self.iam.require(who, "secretmanager.secrets.get", request.name)
        with self._lock:
            return self._described(request.name)

    def ListSecrets(self, who: str, request: Any) -> Any:  # noqa: N802  # the API's name
        self._begin("ListSecrets", request.parent)
        self.iam.require(who, "secretmanager.secrets.list", request.parent)
        with self._lock:
            start = f"{request.parent}/secrets/"
            names = sorted(name for name in self._secrets if name.startswith(start))
            names = [name for name in names if self._passes(name, request.filter)]
            page, token = _page(names, request)
            found = [self._described(name) for name in page]
        return service.ListSecretsResponse(secrets=found, next_page_token=token, total_size=len(names))

    def ListSecretVersions(self, who: str, request: Any) -> Any:  # noqa: N802  # the API's name
        self._begin("ListSecretVersions", request.parent)
        self.iam.require(who, "secretmanager.versions.list", request.parent)
        with self._lock:
            versions = [
                resources.SecretVersion(
                    name=f"{self._public(request.parent)}/versions/{number}", state=one.state, create_time=one.created
                )
                for number, one in enumerate(self._secret(request.parent).versions, 1)
                if request.filter in ("", f"state:{State(one.state).name}")
            ]
        page, token = _page(versions[::-1], request)
        return service.ListSecretVersionsResponse(versions=page, next_page_token=token, total_size=len(versions))

    def _begin(self, method: str, name: str) -> None:
        with self._lock:
            self.calls.append((method, name))
            hooks = [hook for at, start, hook in self._hooks if at == method and name.startswith(start)]
        for hook in hooks:
            hook()

    def _secret(self, name: str) -> _Secret:
        if name not in self._secrets:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"Secret [{name}] not found.")
        return self._secrets[name]

    def _number(self, secret: _Secret, version: str) -> int:
        if version.isdecimal():
            return int(version)
        return len(secret.versions) if version == "latest" else secret.aliases.get(version, 0)

    def _described(self, name: str) -> Any:
        secret = self._secret(name)
        return resources.Secret(
            name=self._public(name),
            labels=secret.labels,
            annotations=secret.annotations,
            version_aliases=secret.aliases,
        )

    def _passes(self, name: str, text: str) -> bool:
        key = name.rpartition("/")[2]
        for term in text.split():
            if found := re.fullmatch(r"labels\.([^=]+)=(.*)", term):
                if self._secrets[name].labels.get(found[1]) != found[2]:
                    return False
            elif not (found := re.fullmatch(r"name:(.+)", term)):
                raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, f"Invalid filter: {term}")
            elif found[1] not in key:
                return False
        return True

    def _public(self, name: str) -> str:
        """Answers have the number of the project, whatever the request had."""
        match = _SECRET.fullmatch(name)
        assert match is not None, name
        number = self._numbers.setdefault(match[2], 700_000_000_000 + len(self._numbers))
        return name.replace(f"projects/{match[2]}/", f"projects/{number}/", 1)


def _page(items: list[Any], request: Any) -> tuple[list[Any], str]:
    start, size = int(request.page_token or 0), min(request.page_size or 25, 25_000)
    end = start + size
    return items[start:end], str(end) if end < len(items) else ""
