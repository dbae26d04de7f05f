"""Secrets do not end up in git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from syncd.cluster.git import check_git
from syncd.errors import UsageError


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *identity, "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    return tmp_path


def test_outside_of_a_repository(tmp_path: Path) -> None:
    """There is nothing to check, whether the folder exists or not."""
    check_git(tmp_path, allow=False)
    check_git(tmp_path / "not" / "yet", allow=False)


def test_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nobody to add anything."""
    monkeypatch.setenv("PATH", str(repository))
    check_git(repository / "out", allow=False)


def test_folder_that_git_would_add(repository: Path) -> None:
    """The hint is the line for `.gitignore`, and that line helps."""
    with pytest.raises(UsageError) as caught:
        check_git(repository / "deploy" / "out", allow=False)
    assert "git would add the Secrets in" in caught.value.message
    assert "add `/deploy/out/secrets/` to .gitignore, or give --allow-git" == caught.value.hint
    (repository / ".gitignore").write_text("/deploy/out/secrets/\n")
    with pytest.raises(UsageError) as caught:
        check_git(repository / "deploy" / "out", allow=False)
    assert "add `/deploy/out/.syncd/` to .gitignore, or give --allow-git" == caught.value.hint
    (repository / ".gitignore").write_text("/deploy/out/secrets/\n/deploy/out/.syncd/\n")
    check_git(repository / "deploy" / "out", allow=False)


@pytest.mark.parametrize("pattern", ["out/", "/deploy/", "**/secrets/\n.syncd", "*.yaml\nkey"])
def test_folder_that_git_ignores(repository: Path, pattern: str) -> None:
    """By whatever pattern, and before the folder exists."""
    (repository / ".gitignore").write_text(pattern)
    check_git(repository / "deploy" / "out", allow=False)


def test_pattern_that_takes_secrets_in_again(repository: Path) -> None:
    """Ignoring some of it is not enough."""
    (repository / ".gitignore").write_text("/out/*\n!/out/secrets\n")
    with pytest.raises(UsageError):
        check_git(repository / "out", allow=False)


def test_secret_that_git_tracks(repository: Path) -> None:
    """An ignored folder may hold what was added before."""
    (repository / "out" / "secrets" / "shop").mkdir(parents=True)
    (repository / "out" / "secrets" / "shop" / "a.yaml").write_text("")
    git(repository, "add", ".")
    (repository / ".gitignore").write_text("out/\n")
    with pytest.raises(UsageError, match="git tracks Secrets in"):
        check_git(repository / "out", allow=False)


def test_root_of_a_repository(repository: Path) -> None:
    """The folder may be the repository itself."""
    with pytest.raises(UsageError) as caught:
        check_git(repository, allow=False)
    assert "add `/secrets/` to .gitignore, or give --allow-git" == caught.value.hint


def test_link_into_a_repository(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where the files will be counts."""
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    link.symlink_to(repository)
    with pytest.raises(UsageError):
        check_git(link / "out", allow=False)


def test_variables_of_a_hook(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git's own environment names another repository there."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path_factory.mktemp("other")))
    with pytest.raises(UsageError):
        check_git(repository / "out", allow=False)


def test_leave_is_given(repository: Path) -> None:
    """`--allow-git`."""
    check_git(repository / "out", allow=True)
