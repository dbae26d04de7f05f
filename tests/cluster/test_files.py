"""Files are replaced whole, and errors of the operating system have names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syncd.cluster.files import os_errors, replace_file
from syncd.errors import Denied, Unreachable


def test_content_and_mode(tmp_path: Path) -> None:
    """The mode is the one asked for, whatever the umask and the old file."""
    path = tmp_path / "file"
    path.touch(mode=0o644)
    replace_file(path, b"new")
    assert (b"new", 0o600) == (path.read_bytes(), path.stat().st_mode & 0o777)
    replace_file(path, b"newer", mode=0o664)
    assert (b"newer", 0o664) == (path.read_bytes(), path.stat().st_mode & 0o777)


def test_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing beside it."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace_file(path, b"new")
    assert [path] == list(tmp_path.iterdir())
    assert b"old" == path.read_bytes()


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (PermissionError(13, "Permission denied"), Denied, "`out`: Permission denied"),
        (OSError(28, "No space left on device"), Unreachable, "`out`: No space left on device"),
        (IsADirectoryError(21, "Is a directory"), Unreachable, "`out`: Is a directory"),
    ],
)
def test_errors_of_the_operating_system(error: OSError, kind: type[Exception], message: str) -> None:
    """Denied for missing rights, unreachable for the rest."""
    with pytest.raises(kind) as caught, os_errors(Path("out")):
        raise error
    assert message == str(caught.value)
