"""docs/plugins.md is true: its example installs beside syncd, is found, passes the contract, and clashes by name."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
import uv

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text()
FILES = dict(re.findall(r'^```\w+ title="(.+?)"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL))
PLUGIN = "src/syncd_httpkv/__init__.py"


class Environment:
    """A virtual environment that has all of this one's packages, and its own."""

    def __init__(self, folder: Path) -> None:
        self.python = folder / "bin" / "python"
        _uv("venv", str(folder))
        site = next(folder.glob("lib/python*/site-packages"))
        packages = sysconfig.get_paths()["purelib"]
        (site / "beside.pth").write_text(f"import site; site.addsitedir({packages!r})\n")

    def install(self, project: Path) -> None:
        """Builds a project and installs it, without its dependencies, and without a network."""
        _uv("pip", "install", "--no-deps", "--no-cache", "--python", str(self.python), str(project))

    def run(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Runs Python in it."""
        return subprocess.run([self.python, *arguments], capture_output=True, text=True, cwd=cwd, check=False)


def _uv(*arguments: str) -> None:
    subprocess.run([uv.find_uv_bin(), "--quiet", "--offline", *arguments], check=True)


def write(project: Path, name: str = "syncd-httpkv") -> Path:
    """Writes the page's example as a project."""
    module = name.replace("-", "_")
    for path, text in FILES.items():
        file = project / path.replace("syncd_httpkv", module)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("syncd-httpkv", name).replace("syncd_httpkv", module))
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of the page."""
    return write(tmp_path_factory.mktemp("plugin"))


@pytest.fixture(scope="module")
def environment(project: Path) -> Environment:
    """syncd with the example installed beside it."""
    made = Environment(project / ".venv")
    made.install(project)
    return made


def test_example_is_short() -> None:
    """About forty lines of code are a whole plugin."""
    code = [line for line in FILES[PLUGIN].splitlines() if line.strip() and not line.startswith(("import", "from"))]
    assert len(code) <= 42


def test_example_is_found(environment: Environment) -> None:
    """The registry knows it by the name of its entry point, beside syncd's own."""
    code = "from syncd.providers import registry; print(registry.plugin('httpkv'), *registry.installed().names())"
    shown = environment.run("-c", code).stdout
    assert shown == "<class 'syncd_httpkv.HttpKvPlugin'> aws fake file gcpsm httpkv kubernetes vault\n"


def test_example_passes_the_contract(environment: Environment, project: Path) -> None:
    """The page's tests run, all of them, and pass."""
    done = environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=project)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^2\d passed", done.stdout, re.MULTILINE), done.stdout


def test_example_is_typed(environment: Environment, project: Path) -> None:
    """It fits syncd's types."""
    done = environment.run("-m", "mypy", "--strict", PLUGIN, cwd=project)
    assert done.returncode == 0, done.stdout


def test_name_claimed_twice_is_reported(environment: Environment, tmp_path: Path) -> None:
    """With a second package of the same entry point, both are named and neither is used."""
    environment.install(write(tmp_path, "another-httpkv"))
    code = "from syncd.providers import registry; registry.plugin('httpkv')"
    shown = environment.run("-c", code).stderr.splitlines()[-1]
    assert shown == "syncd.errors.PluginError: provider `httpkv` is claimed by `another-httpkv` and `syncd-httpkv`"
