"""Runs the installed `syncd` as people do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

BINARY = Path(sys.executable).parent / "syncd"


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """A clean one: no settings, no kubeconfig, no colours forced."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SYNCD_", "KUBE", "_SYNCD"))}
    return {**kept, "HOME": "/nonexistent", **more}


def syncd(
    *arguments: str | Path, cwd: Path | None = None, stdin: str = "", env: Mapping[str, str] | None = None
) -> Ran:
    done = subprocess.run(
        [BINARY, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment(**(env or {})),
        timeout=60,
    )
    return Ran(done.returncode, done.stdout, done.stderr)
