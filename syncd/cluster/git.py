"""Keeps Secrets out of git: a folder for them must be ignored there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from syncd.errors import UsageError

_PROBES = (Path("secrets", "namespace", "name.yaml"), Path(".syncd", "key"))


def check_git(root: Path, *, allow: bool) -> None:
    """Raises UsageError when git tracks, or would add, what syncd writes to the folder `root`.

    Without git, or outside of a repository, there is nothing to check.
    """
    if allow:
        return
    root = root.resolve()
    there = next(folder for folder in (root, *root.parents) if folder.is_dir())
    if _git(there, "rev-parse", "--is-inside-work-tree") != "true":
        return
    if _git(there, "ls-files", "--", str(root / "secrets"), str(root / ".syncd")):
        raise UsageError(f"git tracks Secrets in `{root}`", hint="`git rm --cached` them, or give --allow-git")
    for probe in _PROBES:
        if not _git(there, "check-ignore", "--no-index", "--", str(root / probe)):
            path = _in_repository(root / probe.parts[0], there)
            hint = f"add `{path}` to .gitignore, or give --allow-git"
            raise UsageError(f"git would add the Secrets in `{root}`", hint=hint)


def _in_repository(path: Path, there: Path) -> str:
    """The line for `.gitignore`."""
    top = Path(_git(there, "rev-parse", "--show-toplevel"))
    return f"/{path.relative_to(top)}/" if path.is_relative_to(top) else f"{path.name}/"


def _git(folder: Path, *arguments: str) -> str:
    """What git prints; empty when it says no or does not exist. Raises UsageError when it does not answer."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)
    except (FileNotFoundError, PermissionError):
        return ""
    except subprocess.TimeoutExpired:
        message = f"git does not say whether it would add the Secrets in `{folder}`"
        raise UsageError(message, hint="give --allow-git when you know") from None
    return done.stdout.strip() if done.returncode == 0 else ""
