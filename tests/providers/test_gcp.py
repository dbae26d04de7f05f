"""The provider `gcpsm` keeps the contract of providers, over gRPC and over REST."""

from __future__ import annotations

import subprocess
import sys

import pytest

from syncd.errors import MissingExtra
from syncd.providers.api import Provider
from syncd.providers.gcp import GcpPlugin
from syncd.providers.given import GivenCredentials, store_config
from syncd.providers.testing import DeniedContract, ProviderContract, UnreachableContract
from tests.providers.gcp_stores import KEY, gcp_config, given, open_gcp, reader
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


@pytest.mark.parametrize("module", ["google.auth", "google.cloud.secretmanager_v1", "grpc", "requests"])
def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """The error says what to install."""
    for loaded in [name for name in sys.modules if name.startswith("syncd.providers.gcp_")]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra) as raised:
        GcpPlugin.open(store_config("gcpsm", {}, base="/manifests"), GivenCredentials())
    assert "pip install 'syncd[gcp]'" == raised.value.hint


def test_fields_are_read_without_the_library() -> None:
    """Manifests can be checked where it is not, and nothing of it is imported for that."""
    code = "import sys, syncd.providers.gcp; print(sorted({'google', 'grpc', 'requests'} & sys.modules.keys()))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == run.stdout.strip()


def test_the_lane_is_endpoint_and_identity(gcp_env: pytest.MonkeyPatch) -> None:
    """Stores of one identity share a lane; another project, region or service account has its own."""
    gcp_env.delenv(ENDPOINT)
    account = {"auth": {"workloadIdentity": {"serviceAccountRef": {"name": "shop"}}}}
    config = {"projectID": "p", "auth": KEY}
    others = [{**config, "projectID": "q"}, {**config, "location": "europe-west8"}, {**config, **account}]
    same = {**config, "secretVersionSelectionPolicy": "LatestOrFetch"}
    lane, *lanes = [open_gcp(fields, GivenCredentials()).lane for fields in (config, same, *others)]
    assert "gcpsm secretmanager.googleapis.com:443 p the service account key in Secret gcp test" == lane
    assert [True, False, False, False] == [lane == other for other in lanes]
