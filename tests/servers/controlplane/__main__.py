"""`python -m tests.servers.controlplane build|up`: the control plane outside of tests."""

from __future__ import annotations

import signal
import sys
import threading

from tests.servers.controlplane import control_plane
from tests.servers.controlplane.build import BuildFailed, ensure_built
from tests.servers.process import ServerFailed


def main(arguments: list[str]) -> int:
    """Build, or run until Ctrl-C; return the exit code."""
    try:
        match arguments:
            case ["build"]:
                print(ensure_built(_say))
            case ["up"]:
                _up()
            case _:
                _say("usage: python -m tests.servers.controlplane build|up")
                return 1
    except (BuildFailed, ServerFailed) as error:
        _say(f"Error: {error}")
        return 1
    return 0


def _up() -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with control_plane() as plane:
        print(f"export KUBECONFIG={plane.kubeconfig}", flush=True)
        _say(f"{plane.server} is up; Ctrl-C stops it")
        stop.wait()


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
