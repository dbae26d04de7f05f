"""The daemon is the only room with a scheduler, signals and listening sockets."""

from __future__ import annotations

import ast
from pathlib import Path

import syncd

ROOT = Path(syncd.__file__).parent
OF_THE_DAEMON = {"aiohttp", "apscheduler", "asyncio", "http.server", "sched", "signal", "socket", "socketserver"}
ELSEWHERE = {
    ("cli/interrupt.py", "signal"),  # Ctrl-C of `syncd sync`
    ("cluster/transport.py", "socket"),  # deadlines of the calls that go out
}


def imported(path: Path) -> set[str]:
    """The modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_nobody_else_listens_schedules_or_takes_signals() -> None:
    """But for two files, each for a reason."""
    others = [path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] != "daemon"]
    found = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in others
        for name in imported(path)
        if name in OF_THE_DAEMON or name.partition(".")[0] in OF_THE_DAEMON
    }
    assert ELSEWHERE == found
