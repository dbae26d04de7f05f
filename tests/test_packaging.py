"""The package installs with plain pip, holds what it should, and starts without any extra."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """What a command prints; its error output is part of the failure."""
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target=wheel", f"--directory={folder}")
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of a scratch environment that has the package at the locked versions, without extras."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    uv = (sys.executable, "-m", "uv", "--quiet")
    run(*uv, "venv", f"--python={sys.executable}", folder)
    options = (f"--python={folder}", f"--constraint={ROOT / 'requirements.lock'}", "--compile-bytecode")
    run(*uv, "pip", "install", *options, wheel)
    return folder / "bin"


@pytest.mark.parametrize("extras", ["", "[vault,aws,gcp]"])
def test_plain_pip_resolves(wheel: Path, extras: str, tmp_path: Path) -> None:
    """pip finds a set of versions, with and without extras, in seconds; a bad floor would let it search for hours."""
    report = tmp_path / "report.json"
    options = ("--dry-run", "--ignore-installed", "--quiet", f"--report={report}")
    run(sys.executable, "-m", "pip", "install", *options, f"{wheel}{extras}")
    found = {package["metadata"]["name"] for package in json.loads(report.read_text())["install"]}
    assert {"syncd", "kubernetes"} <= found
    assert bool(extras) == ({"hvac", "boto3", "google-cloud-secret-manager"} <= found)


def test_the_wheel_holds_the_package_only(wheel: Path) -> None:
    """Types are announced; tests and manifests stay out."""
    names = zipfile.ZipFile(wheel).namelist()
    assert "syncd/py.typed" in names
    assert {"syncd"} == {name.split("/")[0] for name in names if ".dist-info/" not in name}


def test_the_sources_of_the_wheel_are_those_of_the_checkout(wheel: Path) -> None:
    """No module is missing from the wheel."""
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")}
    assert {str(path.relative_to(ROOT)) for path in (ROOT / "syncd").rglob("*.py")} == packed


def test_each_entry_point_can_be_loaded() -> None:
    """The command and the built-in providers are where the metadata says."""
    points = [*entry_points(group="syncd.providers"), *entry_points(group="console_scripts", name="syncd")]
    assert {"fake", "file", "kubernetes", "vault", "syncd"} <= {point.name for point in points}
    assert all(callable(point.load()) for point in points)


@pytest.mark.parametrize("arguments", [("--help",), ("version",), ("plan", "--help")])
def test_the_command_starts_without_any_extra(bare: Path, arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Help and version need no provider's library, nor the checkout."""
    assert "syncd" in run(bare / "syncd", *arguments, cwd=tmp_path)


def test_python_minus_m_is_the_command(bare: Path, tmp_path: Path) -> None:
    """`python -m syncd` is the same as `syncd`."""
    by_module = run(bare / "python", "-m", "syncd", "version", cwd=tmp_path)
    assert run(bare / "syncd", "version", cwd=tmp_path) == by_module
