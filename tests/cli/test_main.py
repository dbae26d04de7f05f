"""The program around the commands: wrong usage, start-up, closed pipes, bugs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from syncd import __version__
from tests.cli.binary import BINARY, environment, syncd
from tests.cli.shop import STORE
from tests.e2e.manifests import external_secret, key, store, write

HEAVY = ("kubernetes", "pydantic", "rich", "hvac", "boto3", "yaml", "ruamel", "google", "requests", "urllib3", "orjson")


def imported(*arguments: str) -> set[str]:
    """The top-level packages that a command loads."""
    command = [sys.executable, "-X", "importtime", str(BINARY), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}


@pytest.mark.parametrize("arguments", [["--help"], ["plan", "--help"], ["version"], ["--version"]])
def test_help_and_version_load_nothing_heavy(arguments: list[str]) -> None:
    """People see help at once: no SDK, no Kubernetes client, no models of the manifests."""
    assert not imported(*arguments) & {*HEAVY}


@pytest.mark.parametrize("arguments", [["--version"], ["version"]])
def test_version(arguments: list[str]) -> None:
    """Both spellings say the same."""
    ran = syncd(*arguments)
    assert (0, f"syncd {__version__}\n", "") == (ran.code, ran.out, ran.err)


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["plna"], "there is no command `plna`", "did you mean `plan`?"),
        (["apply"], "there is no command `apply`", "see `syncd --help`"),
        (["plan", "--adpot"], "`syncd plan` has no flag `--adpot`", "did you mean `--adopt`?"),
        (["--adpot", "plan"], "`syncd` has no flag `--adpot`", "did you mean `--adopt`?"),
        (["plan", "-z"], "`syncd plan` has no flag `-z`", "see `syncd plan --help`"),
        (["plan", "-f"], "option `-f` requires an argument", "see `syncd plan --help`"),
        (
            ["plan", "-o", "xml"],
            "invalid value for `-o` / `--output`: `xml` is not one of `text`, `json`, `yaml`",
            "see `syncd plan --help`",
        ),
        (["version", "x"], "got unexpected extra argument (x)", "see `syncd version --help`"),
        (["plan"], "no manifests are given", "name a file or folder with `-f`, or `-f -` for standard input"),
        (["--prune", "version"], "`version` has no flag `--prune`", "see `syncd version --help`"),
        (["plan", "--readers", "0"], "`--readers`: `0` is not a whole number of 1 or more", ""),
        (["plan", "--config", "none.yaml"], "settings file `none.yaml`: No such file or directory", ""),
    ],
)
def test_wrong_usage(arguments: list[str], error: str, hint: str) -> None:
    """Wrong usage is exit code 1, as every error, with what is wrong and what was probably meant."""
    ran = syncd(*arguments)
    expected = f"Error: {error}\n" + (f"hint: {hint}\n" if hint else "")
    assert (1, "", expected) == (ran.code, ran.out, ran.err)


def test_without_arguments() -> None:
    """`syncd` alone is wrong usage too, and shows the help."""
    ran = syncd()
    assert (1, "") == (ran.code, ran.out)
    assert ran.err.startswith("Usage: syncd COMMAND [FLAGS]\n")


@pytest.mark.parametrize("flags", [["-h"], ["--help"]])
def test_help_goes_to_standard_output(flags: list[str]) -> None:
    """Help that was asked for is the answer."""
    ran = syncd("plan", *flags)
    assert (0, "") == (ran.code, ran.err)
    assert ran.out.startswith("Usage: syncd plan [FLAGS] [NAME]...\n")


def test_flags_before_and_after_the_command(tmp_path: Path) -> None:
    """Flags may stand on either side; lists add up, and of single values the one after the command wins."""
    (tmp_path / "a.yaml").write_text(STORE)
    (tmp_path / "b.yaml").write_text(STORE.replace("local", "other"))
    before = syncd("-f", "a.yaml", "-o", "yaml", "validate", "-f", "b.yaml", "-o", "json", cwd=tmp_path)
    assert (0, 2) == (before.code, json.loads(before.out)["stores"])


def test_settings_from_a_file_and_the_environment(tmp_path: Path) -> None:
    """`SYNCD_CONFIG` names the file as `--config` does, and the flag wins."""
    (tmp_path / "syncd.yaml").write_text("readers: none\n")
    ran = syncd("plan", cwd=tmp_path, env={"SYNCD_CONFIG": "syncd.yaml"})
    assert "Error: syncd.yaml:1: `readers`: `none` is not a whole number of 1 or more\n" == ran.err
    assert "`no.yaml`" in syncd("plan", "--config", "no.yaml", env={"SYNCD_CONFIG": "syncd.yaml"}).err


def test_misspelt_variables_are_warned_of(tmp_path: Path) -> None:
    """A variable that is no setting does not stop anything."""
    (tmp_path / "a.yaml").write_text(STORE)
    ran = syncd("validate", "-f", "a.yaml", cwd=tmp_path, env={"SYNCD_ADOPTT": "true"})
    expected = "Warning: environment variable `SYNCD_ADOPTT` is no setting; did you mean `SYNCD_ADOPT`?\n"
    assert (0, expected) == (ran.code, ran.err)


LOGGING = """\
import logging
from syncd.cli import main, reading
load = reading.load
def noisy(*arguments, **more):
    logging.getLogger("syncd.sources").debug("read", extra={"files": 1})
    return load(*arguments, **more)
reading.load = noisy
main()
"""


def test_log_format(tmp_path: Path) -> None:
    """Log lines go to standard error in the form that is asked for."""
    (tmp_path / "a.yaml").write_text(STORE)
    command = [
        sys.executable,
        "-c",
        LOGGING,
        "validate",
        "-f",
        "a.yaml",
        "--log-format",
        "json",
        "--log-level",
        "debug",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment(), cwd=tmp_path)
    line = json.loads(done.stderr)
    assert ("debug", "syncd.sources", "read", 1) == (line["level"], line["logger"], line["message"], line["files"])


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    """A reader such as `head` may leave: the exit code is that of the command, and no trace is shown."""
    (tmp_path / "a.yaml").write_text(STORE)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        done = subprocess.run(
            [BINARY, "validate", "-f", "a.yaml"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=tmp_path,
            env=environment(),
        )
    assert (0, "") == (done.returncode, done.stderr)


def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    """An answer that was lost is not called clean."""
    (tmp_path / "a.yaml").write_text(STORE)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [BINARY, "validate", "-f", "a.yaml"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=tmp_path,
            env=environment(),
        )
    assert (1, "Error: the answer cannot be written: No space left on device\n") == (done.returncode, done.stderr)


BUG = """\
import sys
from syncd.cli import reading, main
def broken(*_, **__):
    raise KeyError("canary-44d0")
reading.load = broken
main()
"""


def bug(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A run in which something unexpected is raised, with a value in its text."""
    command = [sys.executable, "-c", BUG, "validate", "-f", "x", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment())


def test_a_bug_is_one_sentence() -> None:
    """Nobody sees a traceback who did not ask for one, and nobody sees a value."""
    done = bug()
    expected = (
        f"Error: internal error: KeyError (syncd {__version__})\n"
        "hint: this is a bug; `--log-level debug` shows where, and no values\n"
    )
    assert (1, "", expected) == (done.returncode, done.stdout, done.stderr)


def test_a_bug_shows_its_place_on_request() -> None:
    """With `--log-level debug` the frames are shown; the text of the exception never is."""
    done = bug("--log-level", "debug")
    assert re.match(r"KeyError at <string>:4 broken < \S+reading\.py:\d+ read_manifests < ", done.stderr)
    assert "canary" not in done.stderr


@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_a_target_that_is_no_folder(tmp_path: Path, kind: str) -> None:
    """Said once, and not of each Secret."""
    target = tmp_path / "out"
    if kind == "file":
        target.touch()
    else:
        target.symlink_to("nowhere")
    write(tmp_path / "shop.yaml", [external_secret("a", {"data": [key("a")]}), store({"file": {"path": "."}})])
    ran = syncd("sync", "-f", tmp_path / "shop.yaml", "--to", target)
    assert (1, f"Error: `{target}` is no folder\nhint: name a folder, or one that is to be made\n") == (
        ran.code,
        ran.err,
    )
