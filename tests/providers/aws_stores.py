"""Stores of AWS for tests, opened as their manifests would open them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from syncd.model import SecretValue
from syncd.providers.api import Credentials, Failed, Found, Outcome, RemoteKey
from syncd.providers.aws import AwsPlugin
from syncd.providers.aws_store import AwsStore
from syncd.providers.given import GivenCredentials, store_config
from tests.servers.aws import REGION, operation
from tests.servers.faults import Fault, FaultServer, answer
from tests.servers.wire import Call

KEYS = {
    "secretRef": {
        "accessKeyIDSecretRef": {"name": "aws", "key": "id"},
        "secretAccessKeySecretRef": {"name": "aws", "key": "key"},
    }
}
ROLE = "arn:aws:iam::123456789012:role/reader"
JWT = {"jwt": {"serviceAccountRef": {"name": "shop"}}}
GIVEN = {("aws", "id"): "AKIATEST", ("aws", "key"): "secret-access-key"}


def aws_config(service: str = "SecretsManager", **config: Any) -> dict[str, Any]:
    """`spec.provider.aws` with keys out of a Secret."""
    return {"service": service, "region": REGION, "auth": KEYS, **config}


def open_aws(
    config: Mapping[str, Any] | None = None,
    credentials: Credentials | None = None,
    *,
    base: str = "",
    timeout: float = 5.0,
) -> AwsStore:
    """A store of the provider `aws` with this under `spec.provider.aws`."""
    store = store_config("aws", config or aws_config(), base=base, timeout=timeout)
    provider = AwsPlugin.open(store, credentials or GivenCredentials(GIVEN))
    assert isinstance(provider, AwsStore)
    return provider


def read(store: AwsStore, key: str, version: str = "", *, metadata: bool = False) -> Outcome:
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


def refusal(status: int, code: str, message: str = "no") -> Fault:
    """An error as the JSON services of AWS write it."""
    body = json.dumps({"__type": code, "message": message}).encode()
    return answer(status, body, x_amzn_RequestId="6b1c2f0e-request-id")


def sts_refusal(status: int, code: str, message: str = "no") -> Fault:
    """An error as STS writes it."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f"<ErrorResponse>{error}<RequestId>6b1c2f0e-request-id</RequestId></ErrorResponse>"
    return answer(status, body.encode(), Content_Type="text/xml")


def operations(server: FaultServer) -> Counter[str]:
    """How often each operation was called."""
    return Counter(map(operation, server.calls))


def sent(server: FaultServer, name: str) -> list[Call]:
    """The calls of one operation."""
    return [call for call in server.calls if operation(call) == name]


def signer(call: Call) -> str:
    """The access key that a call is signed with."""
    return call.headers["Authorization"].partition("Credential=")[2].partition("/")[0]


def read_by_threads(store: AwsStore, key: str, *, reads: int = 16) -> list[Outcome]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: read(store, key), range(reads)))


class Cluster(GivenCredentials):
    """Credentials with a service account; notes what was asked for."""

    def __init__(self, annotations: Mapping[str, str]) -> None:
        super().__init__(GIVEN)
        self.annotations = annotations
        self.asked: list[tuple[str, tuple[str, ...], str | None]] = []

    def service_account_annotations(self, name: str, namespace: str | None = None) -> Mapping[str, str]:
        return self.annotations

    def service_account_token(
        self, name: str, audiences: Sequence[str], namespace: str | None = None, expiration: int = 600
    ) -> SecretValue:
        self.asked.append((name, tuple(audiences), namespace))
        return SecretValue("header.payload.signature")
