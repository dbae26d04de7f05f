"""The Dockerfile is lint-free, and its build steps make an installation that holds what it should."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from syncd import __version__
from tests.test_lock import pins

ROOT = Path(__file__).parents[1]
DOCKERFILE = ROOT / "Dockerfile"
UV = (sys.executable, "-m", "uv")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction; `stage` counts from 0."""

    stage: int
    keyword: str
    argument: str


def instructions() -> list[Instruction]:
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    found: list[Instruction] = []
    for line in filter(None, text.splitlines()):
        keyword, argument = line.split(maxsplit=1)
        stage = found[-1].stage + (keyword == "FROM") if found else 0
        found.append(Instruction(stage, keyword, argument))
    return found


def arguments(keyword: str, *, stage: int) -> list[str]:
    return [one.argument for one in instructions() if one.keyword == keyword and one.stage == stage]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first stage leaves in /opt/syncd, made below a scratch folder on a bare Python."""
    root = tmp_path_factory.mktemp("image")
    python, work = root / "python", root / "build"
    work.mkdir()
    subprocess.run([*UV, "venv", "--quiet", "--seed", f"--python={sys.executable}", python], check=True)
    # The machine's cache of packages may be used: the hashes are checked all the same.
    settings = dict(re.findall(r"(UV_\w+)=(\S+)", " ".join(arguments("ENV", stage=0)))) | {"UV_NO_CACHE": "0"}
    inherited = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    env = {"UV_SYSTEM_CERTS": "1", **inherited, **settings, "PATH": f"{python / 'bin'}:{os.environ['PATH']}"}
    for step in instructions():
        if step.stage == 0 and step.keyword == "COPY":
            *sources, target = step.argument.split()
            subprocess.run(["cp", "-r", *(ROOT / source for source in sources), work / target], check=True)
        elif step.stage == 0 and step.keyword == "RUN":
            command = step.argument.replace("/opt/syncd", str(root / "opt" / "syncd"))
            done = subprocess.run(["sh", "-c", command], cwd=work, env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{step.argument}\n{done.stdout}{done.stderr}"
    return root / "opt" / "syncd"


def test_hadolint_has_nothing_to_say() -> None:
    """No exceptions are made."""
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "--no-color", DOCKERFILE], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stdout)


def test_it_runs_as_a_user_that_is_a_number() -> None:
    """`runAsNonRoot` can only be checked for a number, and nothing runs as root after it."""
    final = [one for one in instructions() if one.stage == 1]
    assert ["USER 65532:65532", 'ENTRYPOINT ["syncd"]'] == [f"{one.keyword} {one.argument}" for one in final[-2:]]


def test_no_registry_is_named() -> None:
    """Images come from where the machine's engine is told to look, as packages do."""
    images = [argument.split()[0] for argument in _images()]
    assert ["python:3.13-slim", "python:3.13-slim"] == images


def test_the_context_holds_what_is_copied_and_no_more() -> None:
    """`.dockerignore` lets nothing else in."""
    copied = {source for argument in arguments("COPY", stage=0) for source in argument.split()[:-1]}
    lines = (ROOT / ".dockerignore").read_text().split()
    assert "*" == lines[0]
    assert {f"!{source}" for source in copied} == {line for line in lines if line.startswith("!")}


def test_the_final_stage_installs_nothing() -> None:
    """It takes the environment of the first stage, and gives up pip."""
    assert ["--from=build /opt/syncd /opt/syncd"] == arguments("COPY", stage=1)
    (command,) = arguments("RUN", stage=1)
    assert "pip uninstall --yes" in command
    assert None is re.search(r"\b(apt|apt-get|uv|install)\b", command)


def test_syncd_runs_from_it(image: Path, tmp_path: Path) -> None:
    """Without the checkout and without a variable that points to it."""
    done = subprocess.run(
        [image / "bin" / "syncd", "version"], cwd=tmp_path, env={}, capture_output=True, text=True, check=True
    )
    assert f"syncd {__version__}\n" == done.stdout


def test_it_holds_the_locked_versions_of_what_syncd_needs(image: Path) -> None:
    """All providers, at the versions that the lock pins; no tool for builds or tests."""
    command = [*UV, "pip", "list", "--format=json", f"--python={image}"]
    listed = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    installed = {one["name"]: one["version"] for one in listed}
    assert __version__ == installed.pop("syncd")
    locked = {pin.name: pin.version for pin in pins() if pin.applies}
    assert {} == {name: version for name, version in installed.items() if locked.get(name) != version}
    assert {"hvac", "boto3", "google-cloud-secret-manager"} <= installed.keys()
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    tools = {canonicalize_name(Requirement(text).name) for text in groups["dev"]}
    assert set() == installed.keys() & {*tools, "pip", "setuptools", "wheel"}


def test_bytecode_is_there(image: Path) -> None:
    """Nothing of it would be written at run time, on a file system that is read-only."""
    (site,) = image.glob("lib/*/site-packages")
    bare = [path for path in site.glob("syncd/**/*.py") if not [*path.parent.glob(f"__pycache__/{path.stem}.*.pyc")]]
    assert [] == bare


@pytest.mark.parametrize("platform", ["x86_64-manylinux_2_28", "aarch64-manylinux_2_28"])
def test_there_are_wheels_for_the_image(platform: str, tmp_path: Path) -> None:
    """Nothing would have to be compiled on the Python of the image, on either architecture."""
    (version,) = {re.sub(r"python:(\S+)-slim.*", r"\1", argument) for argument in _images()}
    command = [*UV, "pip", "install", "--quiet", "--dry-run", f"--target={tmp_path}"]
    command += [f"--python-version={version}", f"--python-platform={platform}", "--only-binary=:all:"]
    command += ["--require-hashes", "--constraint=requirements.lock", "--requirement=pyproject.toml"]
    command += ["--extra=vault", "--extra=aws", "--extra=gcp"]
    env = {"UV_SYSTEM_CERTS": "1", **os.environ}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr


def _images() -> list[str]:
    return [one.argument for one in instructions() if one.keyword == "FROM"]
