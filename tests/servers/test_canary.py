"""Canaries are found in every disguise that a leak may wear."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.servers.canary import Canaries, Leak, find_leaks

CANARY = "canary+key/0123456789>?>?abcdef"


def encoded(prefix: str) -> str:
    return base64.b64encode(f"{prefix}{CANARY}:more".encode()).decode()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (f"key={CANARY}", "plain"),
        (f"/x?key={quote(CANARY, safe='')}", "URL-encoded"),
        (f"/x?key={quote(CANARY)}", "URL-encoded"),
        (base64.b64encode(CANARY.encode()).decode(), "base64"),
        (base64.urlsafe_b64encode(CANARY.encode()).decode(), "base64"),
        (encoded("u:"), "base64"),
        (encoded("usr:"), "base64"),
        (encoded("user:"), "base64"),
    ],
)
def test_a_canary_in_a_text_is_found(text: str, encoding: str) -> None:
    """Plain, URL-encoded and base64, alone or inside longer data."""
    assert {Leak("text:1", encoding)} == set(find_leaks([CANARY], [text]))


def test_files_below_a_folder_are_searched(tmp_path: Path) -> None:
    """A leak names the file and the line, and not the value."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "run.log").write_text(f"first\nkey={CANARY}\n")
    leaks = find_leaks([CANARY], [tmp_path])
    assert [f"{tmp_path}/deep/run.log:2: plain"] == [str(leak) for leak in leaks]


def test_other_text_is_clean(tmp_path: Path) -> None:
    """What does not hold a canary gives nothing."""
    (tmp_path / "run.log").write_text("canary+key/")
    assert [] == find_leaks([CANARY], [tmp_path, "canary", encoded("")[:10]])


def test_canaries_are_unique_and_remembered() -> None:
    """Each value is new, and the search knows it."""
    canaries = Canaries()
    assert [canaries("a"), canaries("a")] == canaries.values
    assert 2 == len(set(canaries.values))
