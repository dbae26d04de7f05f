"""Fixtures that every test can ask for: the servers, each started once per run and only when asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.aws import OWN_VARIABLES, Aws, aws_server
from tests.servers.controlplane import ControlPlane, control_plane
from tests.servers.controlplane.build import BuildFailed, ensure_built
from tests.servers.faults import FaultServer
from tests.servers.openbao import DevServer, OpenBao, RaftOpenBao, TlsOpenBao, dev_server, raft_server

if TYPE_CHECKING:
    from tests.servers.gcp import Gcp

pytest_plugins = ["tests.rules"]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build the control plane before the first test that needs it, where no test's time-out runs."""
    needed = any("controlplane" in getattr(item, "fixturenames", ()) for item in session.items)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if needed and reporter and not session.config.option.collectonly:
        # The fixture says it again, in the tests that cannot run.
        with contextlib.suppress(BuildFailed):
            ensure_built(reporter.write_line)


@pytest.fixture(scope="session")
def openbao_dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """The dev server behind `openbao` and `openbao_tls`."""
    with dev_server(tmp_path_factory.mktemp("openbao")) as server:
        yield server


@pytest.fixture(scope="session")
def openbao(openbao_dev: DevServer) -> OpenBao:
    """An OpenBao over plain HTTP, with KV v2 at `secret`; shared, so use `openbao.kv()` and `fresh_name()`."""
    return openbao_dev.plain


@pytest.fixture(scope="session")
def openbao_tls(openbao_dev: DevServer) -> TlsOpenBao:
    """The same server over TLS, with client certificates."""
    return openbao_dev.tls


@pytest.fixture(scope="session")
def openbao_audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RaftOpenBao]:
    """An OpenBao with raft storage that can be sealed and restarted; leave it unsealed."""
    with raft_server(tmp_path_factory.mktemp("openbao-raft")) as server:
        yield server


@pytest.fixture(scope="session")
def controlplane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A real control plane; shared, so use `controlplane.namespace()`, and leave the API server running."""
    with control_plane(tmp_path_factory.mktemp("controlplane")) as plane:
        yield plane


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    """AWS by moto; shared, so use `aws.fresh_name()`."""
    with aws_server() as server:
        yield server


@pytest.fixture
def aws_env(aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """`aws` in the place of AWS, and no credentials but those that a test gives; the patch, for more variables."""
    for name in OWN_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in aws.variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def aws_wire(aws: Aws, aws_env: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """What is sent to `aws`, and a place to break it."""
    with FaultServer(aws.url) as server:
        aws_env.setenv("AWS_ENDPOINT_URL", server.url)
        yield server


@pytest.fixture(scope="session")
def gcp() -> Iterator[Gcp]:
    """GCP by a fake; shared, so use `gcp.project()`."""
    from tests.servers.gcp import gcp_server  # half a second, which only tests of GCP should take

    with gcp_server() as server:
        yield server


@pytest.fixture
def gcp_env(gcp: Gcp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """`gcp` in the place of GCP, and no credentials but those that a test gives; the patch, for more variables."""
    from tests.servers.gcp import OWN_VARIABLES as OWN_GCP_VARIABLES

    for name in OWN_GCP_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in gcp.variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    return monkeypatch
