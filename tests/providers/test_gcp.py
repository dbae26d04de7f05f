"""The provider `gcpsm` keeps the contract of providers, over gRPC and over REST."""

from __future__ import annotations

import pytest

from syncd.providers.api import Provider
from syncd.providers.testing import DeniedContract, ProviderContract, UnreachableContract
from tests.providers.gcp_stores import gcp_config, given, open_gcp, reader
from tests.servers.gcp import Gcp, Project
from tests.servers.process import free_port

ENDPOINT = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"


class Contract(ProviderContract, DeniedContract, UnreachableContract):
    """What every provider promises, over one transport."""

    project: Project

    @pytest.fixture
    def env(self, gcp_env: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
        """The variables of the transport."""
        return gcp_env

    @pytest.fixture
    def provider(self, gcp: Gcp, env: pytest.MonkeyPatch) -> Provider:
        self.project = gcp.project()
        return reader(self.project)

    @pytest.fixture
    def denied(self, gcp: Gcp, env: pytest.MonkeyPatch) -> Provider:
        project = gcp.project()
        return open_gcp(gcp_config(project), given(project.key()))

    @pytest.fixture
    def unreachable(self, gcp: Gcp, env: pytest.MonkeyPatch) -> Provider:
        env.setenv(ENDPOINT, f"http://127.0.0.1:{free_port()}")
        return reader(gcp.project())

    def put(self, key: str, value: bytes) -> None:
        self.project.put(key, value)

    def delete(self, key: str) -> None:
        self.project.delete(key)


class TestGrpc(Contract):
    """gRPC."""


class TestRest(Contract):
    """REST."""

    @pytest.fixture
    def env(self, gcp: Gcp, gcp_env: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
        for name, value in gcp.rest_variables().items():
            gcp_env.setenv(name, value)
        return gcp_env
