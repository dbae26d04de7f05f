"""The provider `aws` reads both services of moto over the wire, and keeps the contract of providers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from syncd.errors import MissingExtra
from syncd.providers.api import Provider
from syncd.providers.aws import AwsPlugin
from syncd.providers.given import GivenCredentials, store_config
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


def test_without_boto3_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    for module in [name for name in sys.modules if name.startswith("syncd.providers.aws_")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(MissingExtra) as raised:
        AwsPlugin.open(store_config("aws", aws_config()), GivenCredentials())
    assert "pip install 'syncd[aws]'" == raised.value.hint


def test_fields_are_read_without_boto3() -> None:
    """Manifests can be checked where the library is not, and nothing of it is imported for that."""
    code = "import sys, syncd.providers.aws; print(sorted({'boto3', 'botocore', 'urllib3'} & sys.modules.keys()))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == run.stdout.strip()


def test_the_lane_is_service_and_identity() -> None:
    """Stores of one identity share a lane; another role, region or service has its own."""
    role = "arn:aws:iam::1:role/a"
    others = [aws_config(role=role), aws_config("ParameterStore"), aws_config(region="eu-west-1")]
    lane, *lanes = [open_aws(config).lane for config in (aws_config(), aws_config(prefix="app/"), *others)]
    assert "aws secretsmanager eu-central-1 the access key in Secret aws test" == lane
    assert [True, False, False, False] == [lane == other for other in lanes]
