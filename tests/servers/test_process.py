"""Processes of the rig say why they did not start, and never outlive their run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.openbao import wait_for
from tests.servers.process import Process, ServerFailed, free_port

RUNNER = """
import sys, time
from pathlib import Path
from tests.servers.process import Process
print(Process(["/bin/sleep", "600"], log=Path(sys.argv[1])).pid, flush=True)
time.sleep(600)
"""


def ended(pid: int) -> bool:
    """Whether a process is gone, or dead and not yet reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_server_dies_with_a_killed_run(tmp_path: Path) -> None:
    """SIGKILL of the runner ends the server too."""
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(tmp_path / "sleep.log")], stdout=subprocess.PIPE, text=True
    )
    with runner:
        assert runner.stdout is not None
        pid = int(runner.stdout.readline())
        assert not ended(pid)
        os.kill(runner.pid, signal.SIGKILL)
    wait_for(lambda: ended(pid))


def test_a_server_that_ends_early_shows_its_log(tmp_path: Path) -> None:
    """The error holds the exit code and what the server said last."""
    process = Process(["/bin/sh", "-c", "echo no such flag; exit 3"], log=tmp_path / "server.log")
    with pytest.raises(ServerFailed, match=r"`sh` ended with code 3\n(.*\n)*no such flag"):
        process.wait_until(lambda: False)


def test_a_stopped_server_is_not_running(tmp_path: Path) -> None:
    """`stop` ends a process that listens to SIGTERM, and one that does not."""
    deaf = Process(["/bin/sh", "-c", "trap '' TERM; exec sleep 600"], log=tmp_path / "deaf.log")
    polite = Process(["/bin/sleep", "600"], log=tmp_path / "polite.log")
    for process in (polite, deaf):
        process.stop(grace=0.1)
    assert not polite.running
    assert not deaf.running


def test_free_ports_are_below_the_ephemeral_range() -> None:
    """No outgoing connection can take the port before its server does."""
    assert free_port() < 32768
