"""The tutorial can be typed as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.pages import Command, File, steps
from tests.servers.controlplane import control_plane
from tests.servers.openbao import OpenBao, dev_server, wait_for

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text()
COMMANDS = [step for step in steps(PAGE) if isinstance(step, Command)]
ADDRESS = "http://127.0.0.1:8200"
"""Of OpenBao on the page; the one of the test has another port."""
CTRL_C = "# Ctrl-C in the terminal of OpenBao"


class Reader:
    """Follows the page in a folder of their own."""

    def __init__(self, folder: Path, bao: OpenBao, kubeconfig: Path) -> None:
        self._folder, self._bao = folder, bao
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
        self._environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "PATH": path}

    def create(self, file: File) -> None:
        path = self._folder / file.name
        path.parent.mkdir(exist_ok=True)
        path.write_text(file.text.replace(ADDRESS, self._bao.url))

    def type(self, command: Command) -> str:
        """What is printed on both streams."""
        text = command.text.replace(ADDRESS, self._bao.url)
        if text == CTRL_C:
            self._bao.process.kill()
        elif text.startswith("export "):
            self._environment |= dict(re.findall(r"(\w+)=(\S+)", text))
        if "rollout history" in text:  # its numbers come from a controller, a moment later
            wait_for(lambda: not command.missing_in(self._run(text)))
        return self._run(text)

    def _run(self, text: str) -> str:
        done = subprocess.run(
            ["bash", "-c", text],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd=self._folder,
            env=self._environment,
            timeout=60,
        )
        return done.stdout


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[Command, str]]:
    """The output of each command; on servers of its own, since the page makes namespaces and stops the store."""
    logs, folder = tmp_path_factory.mktemp("tutorial-servers"), tmp_path_factory.mktemp("tutorial")
    with dev_server(logs) as server, control_plane(logs) as plane:
        reader, printed = Reader(folder, server.plain, plane.kubeconfig), {}
        for step in steps(PAGE):
            if isinstance(step, File):
                reader.create(step)
            else:
                printed[step] = reader.type(step)
        yield printed


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.line}-{command.text}")
def test_each_command(read: Mapping[Command, str], command: Command) -> None:
    """It prints the lines that the page shows."""
    assert [] == command.missing_in(read[command]), read[command]


def test_the_page_has_an_outage() -> None:
    """The line at which the test stops the store."""
    assert CTRL_C in [command.text for command in COMMANDS]
