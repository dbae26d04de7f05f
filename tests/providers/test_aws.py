"""The provider `aws` reads both services of moto over the wire, and keeps the contract of providers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncd.providers.api import Provider
from syncd.providers.testing import DeniedContract, ProviderContract, UnreachableContract
from tests.providers.aws_stores import aws_config, open_aws, refusal
from tests.servers.aws import Aws
from tests.servers.faults import FaultServer
from tests.servers.process import free_port


class Contract(ProviderContract, DeniedContract, UnreachableContract):
    """What every provider promises, for one service."""

    service: str
    aws: Aws

    @pytest.fixture
    def provider(self, aws: Aws, aws_env: pytest.MonkeyPatch) -> Provider:
        self.aws = aws
        return open_aws(aws_config(self.service))

    @pytest.fixture
    def denied(self, aws_env: pytest.MonkeyPatch) -> Iterator[Provider]:
        with FaultServer() as server:
            server.inject(refusal(400, "AccessDeniedException"))
            aws_env.setenv("AWS_ENDPOINT_URL", server.url)
            yield open_aws(aws_config(self.service))

    @pytest.fixture
    def unreachable(self, aws_env: pytest.MonkeyPatch) -> Provider:
        aws_env.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
        return open_aws(aws_config(self.service))


class TestSecretsManager(Contract):
    """Secrets Manager."""

    service = "SecretsManager"

    def put(self, key: str, value: bytes) -> None:
        if not value:
            raise ValueError("a secret has at least one byte")
        try:
            content: dict[str, str | bytes] = {"SecretString": value.decode()}
        except UnicodeDecodeError:
            content = {"SecretBinary": value}
        client = self.aws.client("secretsmanager")
        try:
            client.put_secret_value(SecretId=key, **content)
        except client.exceptions.ResourceNotFoundException:
            client.create_secret(Name=key, **content)

    def delete(self, key: str) -> None:
        self.aws.client("secretsmanager").delete_secret(SecretId=key, ForceDeleteWithoutRecovery=True)


class TestParameterStore(Contract):
    """Parameter Store."""

    service = "ParameterStore"

    def put(self, key: str, value: bytes) -> None:
        if not value:
            raise ValueError("a parameter has at least one character")
        self.aws.client("ssm").put_parameter(Name=key, Value=value.decode(), Type="String", Overwrite=True)

    def delete(self, key: str) -> None:
        self.aws.client("ssm").delete_parameter(Name=key)
