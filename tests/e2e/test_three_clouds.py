"""`docs/three-clouds.md` can be typed as it stands: OpenBao, AWS and GCP behind one `syncd run`."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from tests.e2e.pages import Command, File, steps
from tests.e2e.running import Running
from tests.servers.aws import OWN_VARIABLES as AWS_VARIABLES
from tests.servers.aws import Aws
from tests.servers.controlplane import control_plane
from tests.servers.gcp import OWN_VARIABLES as GCP_VARIABLES
from tests.servers.gcp import RIGHTS, Gcp, Project
from tests.servers.openbao import OpenBao, dev_server, wait_for
from tests.servers.process import free_port

PAGE = (Path(__file__).parents[2] / "docs" / "three-clouds.md").read_text()
COMMANDS = [step for step in steps(PAGE) if isinstance(step, Command)]
REVISIONS = next(command for command in reversed(COMMANDS) if "REVISION" in command.text)
RESTARTS = next(command for command in COMMANDS if "syncd_restarts_total" in command.text)
BAO, LISTEN = "http://127.0.0.1:8200", "127.0.0.1:9753"
"""Where OpenBao and syncd listen on the page."""
PROJECT = "shop-production"


class Reader:
    """Follows the page in a folder of their own, with stand-ins for `aws` and `gcloud`."""

    def __init__(self, folder: Path, bao: OpenBao, aws: Aws, gcp: Gcp) -> None:
        self._folder, self._bao, self._aws = folder, bao, aws
        self._project, self._port = Project(PROJECT, gcp.secrets), free_port()
        self.run: Running | None = None

    def create(self, file: File) -> None:
        path = self._folder / file.name
        path.parent.mkdir(exist_ok=True)
        path.write_text(file.text.replace(BAO, self._bao.url))

    def type(self, command: Command) -> str:
        """What is printed on both streams, once it is what the page shows; what syncd does takes it a moment."""
        text = command.text.replace(BAO, self._bao.url).replace(LISTEN, f"127.0.0.1:{self._port}")
        if text.startswith("export "):
            os.environ.update(re.findall(r"(\w+)=(\S+)", text))
        elif text.startswith("aws "):
            self._call_aws(shlex.split(text))
        elif "gcloud " in text:
            self._call_gcloud(text)
        elif text.startswith("syncd run "):
            cluster = f"--kubeconfig={os.environ['KUBECONFIG']}"
            self.run = Running(self._folder / "run.log", *shlex.split(text)[2:], cluster, port=self._port)
            self.run.await_ready()
        else:
            if "get " in text or text.startswith("curl "):
                with suppress(TimeoutError):
                    wait_for(lambda: not command.missing_in(self.shell(text)), seconds=20)
            return self.shell(text)
        return ""

    def shell(self, text: str) -> str:
        command = ["bash", "-c", f"{text} 2>&1"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=self._folder, timeout=60)
        return done.stdout

    def _call_aws(self, words: list[str]) -> None:
        """`aws SERVICE OPERATION --region R --flag value`, of which the last may be a flag without a value."""
        _, service, operation, *flags = words
        given = dict(zip(flags[::2], [*flags[1::2], True], strict=False))
        session = boto3.Session("admin", "admin", region_name=str(given.pop("--region")))
        client = session.client(service, endpoint_url=self._aws.url)  # type: ignore[call-overload]  # any service
        parameters = {flag[2:].title().replace("-", ""): value for flag, value in given.items()}
        getattr(client, operation.replace("-", "_"))(**parameters)

    def _call_gcloud(self, text: str) -> None:
        if "keys create" in text:
            (self._folder / "key.json").write_text(self._project.key(*RIGHTS))
        elif put := re.fullmatch(r"printf (\S+) \| gcloud secrets (?:create|versions add) (\S+) --data-file=-", text):
            self._project.put(put[2], put[1])
        else:
            raise AssertionError(f"no stand-in for `{text}`")


@pytest.fixture(scope="module")
def environment(aws: Aws, gcp: Gcp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The clouds of this process and of those that it starts are the fakes; no credentials but those of the page."""
    empty = tmp_path_factory.mktemp("empty")
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    with pytest.MonkeyPatch.context() as patch:
        for name in (*AWS_VARIABLES, *GCP_VARIABLES):
            patch.delenv(name, raising=False)
        for name, value in {**aws.variables(empty), **gcp.variables(empty), "PATH": path}.items():
            patch.setenv(name, value)
        for name in ("BAO_ADDR", "BAO_TOKEN"):
            patch.setenv(name, "")
        yield


@dataclass(frozen=True, slots=True)
class Read:
    """What each command printed, and the reader, whose syncd still runs."""

    reader: Reader
    printed: Mapping[Command, str]


@pytest.fixture(scope="module")
def read(aws: Aws, gcp: Gcp, environment: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    """The whole page."""
    logs, folder = tmp_path_factory.mktemp("three-clouds-servers"), tmp_path_factory.mktemp("three-clouds")
    with dev_server(logs) as server, control_plane(logs) as plane, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(plane.kubeconfig))
        reader = Reader(folder, server.plain, aws, gcp)
        printed: dict[Command, str] = {}
        try:
            for step in steps(PAGE):
                if isinstance(step, File):
                    reader.create(step)
                else:
                    printed[step] = reader.type(step)
            yield Read(reader, printed)
        finally:
            if reader.run:
                reader.run.process.kill()
                reader.run.process.wait()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.line}-{command.text}")
def test_each_command(read: Read, command: Command) -> None:
    """It prints the lines that the page shows."""
    assert [] == command.missing_in(read.printed[command]), read.printed[command]


def test_each_user_was_restarted_once(read: Read) -> None:
    """Nothing more comes with the passes that follow: the schedule goes on, the revisions stay."""
    run = read.reader.run
    assert run is not None
    passes = sum(line["message"] == "pass finished" for line in run.lines)
    wait_for(lambda: sum(line["message"] == "pass finished" for line in run.lines) >= passes + 8, seconds=30)
    assert [] == REVISIONS.missing_in(read.reader.type(REVISIONS))
    assert [] == RESTARTS.missing_in(read.reader.type(RESTARTS))


def test_it_ends_in_order(read: Read) -> None:
    """After everything else, within the five seconds that are promised."""
    assert read.reader.run is not None
    assert 5 > read.reader.run.stop()
