"""GCP by a fake of ours: Secret Manager over gRPC and REST, and the services that give tokens for it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.gcp_iam import Iam, Refusal
from tests.servers.gcp_secrets import Hook, Secrets, State
from tests.servers.gcp_tokens import TokenServices
from tests.servers.gcp_wire import error, grpc_server, rest
from tests.servers.process import free_port
from tests.servers.wire import Exchange, Upstream, WireServer

RIGHTS = ("versions.access", "secrets.get", "secrets.list", "versions.list")
"""What a reader of all kinds needs; without `secretmanager.` before it."""
OWN_VARIABLES = (
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_QUOTA_PROJECT",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    *(f"{scheme}_PROXY" for scheme in ("HTTP", "HTTPS", "ALL")),
    *(f"{scheme}_proxy" for scheme in ("http", "https", "all")),
)
"""What whoever runs the tests has set, and no test may use."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project of its own for a test: nobody else writes to it."""

    id: str
    secrets: Secrets = field(repr=False)

    @property
    def iam(self) -> Iam:
        return self.secrets.iam

    @property
    def email(self) -> str:
        """The service account of the project."""
        return f"syncd@{self.id}.iam.gserviceaccount.com"

    def key(self, *rights: str) -> str:
        """A JSON key of that account, which has these rights on the whole project."""
        for right in rights:
            self.iam.grant(self.email, f"secretmanager.{right}", f"projects/{self.id}")
        return self.iam.key(self.email, self.id)

    def name(self, key: str, location: str = "") -> str:
        place = f"projects/{self.id}" + (f"/locations/{location}" if location else "")
        return f"{place}/secrets/{key}"

    def put(
        self,
        key: str,
        value: str | bytes,
        *,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        location: str = "",
    ) -> int:
        """Adds a version, and makes the secret first where there is none; gives the version's number."""
        data = value.encode() if isinstance(value, str) else value
        if not data or len(data) > 65536:
            raise ValueError("Secret Manager takes 1 to 65,536 bytes")
        return self.secrets.put(self.name(key, location), data, labels or {}, annotations or {})

    def disable(self, key: str, version: int) -> None:
        self.secrets.set_state(self.name(key), version, State.DISABLED)

    def destroy(self, key: str, version: int) -> None:
        self.secrets.set_state(self.name(key), version, State.DESTROYED)

    def delete(self, key: str) -> None:
        self.secrets.delete(self.name(key))

    def inject(self, method: str, hook: Hook | Refusal, key: str = "") -> None:
        """Has all calls of a method fail, or run a function first; with `key`, those about one secret."""

        def refuse() -> None:
            raise hook  # type: ignore[misc]  # a Refusal, here

        self.secrets.inject(method, self._subject(key), refuse if isinstance(hook, Refusal) else hook)

    def clear(self, key: str = "") -> None:
        """Drops what was injected for the project, or for one secret."""
        self.secrets.clear(self._subject(key))

    def calls(self, method: str) -> list[str]:
        """The names that a method was called with, without the project."""
        start = f"projects/{self.id}"
        return [name.removeprefix(start) for at, name in self.secrets.calls if at == method and name.startswith(start)]

    def _subject(self, key: str) -> str:
        return self.name(key) if key else f"projects/{self.id}"


@dataclass(slots=True)
class Gcp:
    """The running servers; tests share them, so they use `project()`."""

    url: str
    """REST, tokens and metadata."""
    grpc_url: str
    """gRPC without TLS."""
    secrets: Secrets = field(repr=False)
    tokens: TokenServices = field(repr=False)
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    @property
    def iam(self) -> Iam:
        return self.secrets.iam

    def project(self) -> Project:
        """A new one; no name is the beginning of another's."""
        return Project(f"project-{next(self._numbers):06}", self.secrets)

    def variables(self, empty: Path) -> dict[str, str]:
        """What sends a process here instead of to GCP, over gRPC; in the folder `empty` there are no credentials."""
        start = "CLOUDSDK_API_ENDPOINT_OVERRIDES"
        return {
            f"{start}_SECRETMANAGER": self.grpc_url,
            f"{start}_IAMCREDENTIALS": self.url,
            f"{start}_STS": self.url,
            f"{start}_SECURETOKEN": self.url,
            "CLOUDSDK_AUTH_TOKEN_HOST": f"{self.url}/token",
            "CLOUDSDK_CONFIG": str(empty),
            "GCE_METADATA_HOST": self.url.removeprefix("http://"),
            "GOOGLE_CLOUD_DISABLE_GRPC": "false",
        }

    def rest_variables(self, url: str = "") -> dict[str, str]:
        """What is added to them for REST; `url` is that of a server in front."""
        return {
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": url or self.url,
            "GOOGLE_CLOUD_DISABLE_GRPC": "true",
        }


@contextmanager
def gcp_server() -> Iterator[Gcp]:
    """The servers, until the end of the block."""
    secrets = Secrets(Iam())
    tokens = TokenServices(secrets.iam)

    def serve(exchange: Exchange) -> None:
        try:
            answer = tokens.answer(exchange.call) or rest(secrets, exchange.call)
        except Refusal as refusal:
            answer = error(refusal)
        exchange.send(answer.raw())

    web = WireServer(serve, Upstream("", None))
    web.start()
    port = free_port()
    server = grpc_server(secrets, f"127.0.0.1:{port}")
    server.start()
    try:
        yield Gcp(web.url, f"http://127.0.0.1:{port}", secrets, tokens)
    finally:
        server.stop(None).wait()
        web.stop()
