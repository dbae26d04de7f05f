"""Child processes of the rig: started with a log, awaited, and never outliving the run that started them."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

# The kernel kills the child when the thread that started it ends, however it ends; `exec` keeps that and the pid.
_TETHER = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


class ServerFailed(Exception):
    """A server of the rig did not come up; the message ends with the tail of its log."""


class Process:
    """A server process that logs into a file and dies with the thread that started it."""

    def __init__(self, command: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None) -> None:
        self.name = Path(command[0]).name
        self.log = log
        arguments = [sys.executable, "-I", "-S", "-c", _TETHER, str(os.getpid()), *map(str, command)]
        with log.open("ab") as sink:
            self._child = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=env,
                start_new_session=True,  # Ctrl-C is for the runner, which then stops its servers in order
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = 60.0) -> None:
        """Wait for `ready()`; raise `ServerFailed` when the process ends first or the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise ServerFailed(f"`{self.name}` ended with code {self._child.returncode}\n{self.tail()}")
            if time.monotonic() > deadline:
                raise ServerFailed(f"`{self.name}` was not ready after {seconds:g} s\n{self.tail()}")
            time.sleep(0.05)

    def tail(self, lines: int = 30) -> str:
        """The last lines of the log, under its path."""
        text = self.log.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([f"--- {self.log}", *text])

    def stop(self, *, grace: float = 5.0) -> None:
        """Ask the process to end, and kill it after `grace` seconds."""
        self._child.terminate()
        try:
            self._child.wait(grace)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        self._child.kill()
        self._child.wait()


def free_port() -> int:
    """A free loopback port below the range that the kernel hands to outgoing connections."""
    while True:
        port = random.randint(15000, 32000)  # noqa: S311 - not a secret
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
