"""Runs command lines in this process: what they print, and what they end with."""

from __future__ import annotations

import io
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from syncd import log
from syncd.cli.main import run


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str = field(repr=False)
    err: str = field(repr=False)

    @property
    def said(self) -> str:
        return self.out + self.err


def syncd(*arguments: str | Path) -> Ran:
    """One command; logging is left as it was."""
    out, err = io.StringIO(), io.StringIO()
    with _same_logging(), redirect_stdout(out), redirect_stderr(err):
        code = run([str(one) for one in arguments])
    return Ran(code, out.getvalue(), err.getvalue())


@contextmanager
def _same_logging() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger(log.ROOT)
    before = (root.handlers[:], ours.handlers[:], ours.level, ours.propagate, logging.raiseExceptions)
    levels = {name: logging.getLogger(name).level for name in log.TALKATIVE}
    try:
        yield
    finally:
        root.handlers[:], ours.handlers[:], ours.level, ours.propagate, logging.raiseExceptions = before
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        logging.captureWarnings(capture=False)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder, where commands also run and put their temporary files; with no settings and no kubeconfig."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    monkeypatch.setenv("HOME", str(home))
    for name in ("KUBECONFIG", "VAULT_TOKEN", "SYNCD_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return home
