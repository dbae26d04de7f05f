"""AWS by moto: Secrets Manager, Parameter Store and STS behind a real port."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.faults import Fault
from tests.servers.process import free_port
from tests.servers.wire import Call, Exchange

REGION = "eu-central-1"
OWN_VARIABLES = (
    "AWS_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
)
"""Credentials of whoever runs the tests, which no test may use."""


@dataclass(slots=True)
class Aws:
    """A running server; tests share it, so they use `fresh_name()`. Any access key is taken for an administrator's."""

    url: str
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)
    _names: Iterator[int] = field(default_factory=itertools.count, repr=False)

    def client(self, service: str) -> Any:
        """An administrator's client; one for each service."""
        import boto3

        if service not in self._clients:
            session = boto3.Session("admin", "admin", region_name=REGION)
            make: Any = session.client
            self._clients[service] = make(service, endpoint_url=self.url)
        return self._clients[service]

    def variables(self, empty: Path) -> dict[str, str]:
        """What sends a process here instead of to AWS; in the folder `empty` there are no credentials."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(empty / "no-aws-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(empty / "no-aws-credentials"),
        }

    def fresh_name(self, prefix: str = "test") -> str:
        """A name that no other test of this run uses."""
        return f"{prefix}-{next(self._names)}"


@contextmanager
def aws_server() -> Iterator[Aws]:
    """The server, until the end of the block."""
    from moto.server import ThreadedMotoServer  # half a second, which only tests of AWS should take

    port = free_port()
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    try:
        yield Aws(f"http://127.0.0.1:{port}")
    finally:
        server.stop()


def operation(call: Call) -> str:
    """Which operation of the API a call is: `GetSecretValue`."""
    headers = {name.lower(): value for name, value in call.headers.items()}
    if "x-amz-target" in headers:
        return headers["x-amz-target"].rpartition(".")[2]
    fields = dict(pair.split("=", 1) for pair in call.body.decode().split("&") if "=" in pair)
    return fields.get("Action", "")


def on(**faults: Fault) -> Fault:
    """A fault for each of some operations, `on(GetSecretValue=hang())`; other calls are passed on."""

    def act(exchange: Exchange) -> None:
        faults.get(operation(exchange.call), Exchange.relay)(exchange)

    return act
