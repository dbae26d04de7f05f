"""The progress display: on a terminal, and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from syncd.cli.progress import shown
from syncd.reconcile.options import Stage, silent
from tests.cli.binary import BINARY, environment
from tests.cli.plans import stream
from tests.cli.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, "stripe")


def on_terminal(shop: Shop, *arguments: str) -> tuple[str, str]:
    """Standard output, and what standard error shows on a terminal."""
    ours, theirs = pty.openpty()
    command = [str(BINARY), "plan", "-f", "shop.yaml", "--to", "out", *arguments]
    env = environment(TERM="xterm", COLUMNS="100")
    with subprocess.Popen(command, cwd=shop.root, env=env, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        terminal = b""
        while part := _read(ours):
            terminal += part
        assert process.stdout
        out = process.stdout.read().decode()
    os.close(ours)
    return out, terminal.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def test_stages_are_shown_on_a_terminal(shop: Shop) -> None:
    """The display goes to standard error, and is gone in the end; standard output has the answer alone."""
    out, terminal = on_terminal(shop)
    assert out.startswith("  + shop/stripe  create")
    assert "Reading 1 " in terminal
    assert "Comparing" in terminal
    assert terminal.endswith("\x1b[2K\r\n")


def test_quiet_shows_none(shop: Shop) -> None:
    """`-q` prints errors only."""
    assert ("", "") == on_terminal(shop, "-q")


def test_rich_is_not_loaded_without_a_terminal(shop: Shop) -> None:
    """In CI and in pipes nobody waits for it."""
    command = [sys.executable, "-X", "importtime", str(BINARY), "plan", "-f", "shop.yaml", "--to", "out"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=shop.root, env=environment())
    assert 2 == done.returncode
    assert not {"rich", "hvac", "boto3", "kubernetes"} & {
        line.rpartition("|")[2].strip() for line in done.stderr.splitlines()
    }


def test_nothing_is_shown_in_a_pipe() -> None:
    """The function that takes the stages is the one that shows nothing."""
    pipe = stream()
    with shown(pipe, quiet=False) as progress:
        progress(Stage("Reading", 0, 1))
        assert silent is progress
    assert "" == pipe.file.getvalue()  # type: ignore[attr-defined]  # the stream of the tests
