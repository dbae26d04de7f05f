"""Plugins are found by entry points, loaded when asked for, and fail for themselves only."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import pytest

from syncd.errors import MissingExtra, PluginError
from syncd.providers import registry
from syncd.providers.api import Failed, Failure, Provider, StoreError
from syncd.providers.fake import FakePlugin
from syncd.providers.registry import GROUP, Registry
from syncd.providers.testing import GivenCredentials, store_config

OURS = "class Plugin:\n    name = 'ours'\n    open = classmethod(lambda cls, store, credentials: None)\n"


class Site:
    """A folder that packages are installed in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, package: str, entry: str, source: str = OURS) -> None:
        """Installs a package with one module of its own name and one entry point."""
        info = self.folder / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{entry}\n")
        (self.folder / f"{package.replace('-', '_')}.py").write_text(source)

    def registry(self) -> Registry:
        """What is found in this folder."""
        return Registry(self.points())

    def points(self) -> list[EntryPoint]:
        """The entry points of all packages in this folder."""
        return [point for package in distributions(path=[str(self.folder)]) for point in package.entry_points]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """An empty folder on `sys.path`."""
    monkeypatch.syspath_prepend(tmp_path)
    return Site(tmp_path)


def test_ours_are_found_like_any_other() -> None:
    """syncd's own providers are entry points of the package `syncd`."""
    assert {"fake", "file", "kubernetes", "vault"} <= set(registry.installed().names())
    assert registry.plugin("fake") is FakePlugin


def test_unknown_provider_is_the_manifests_fault() -> None:
    """A provider that nobody brings is not supported; the hint lists those that are."""
    with pytest.raises(StoreError, match="provider `azurekv` is not supported") as raised:
        registry.plugin("azurekv")
    assert raised.value.failure is Failure.MISCONFIGURED
    assert "`aws`, `fake`, `file`, `gcpsm`, `kubernetes`, `vault`" in raised.value.hint


def test_unknown_provider_may_be_a_slip() -> None:
    """The hint names what was probably meant."""
    with pytest.raises(StoreError) as raised:
        registry.plugin("valt")
    assert raised.value.hint == "did you mean `vault`?"


def test_plugin_is_loaded_when_it_is_named(site: Site) -> None:
    """Another plugin that cannot even be imported disturbs nobody."""
    site.install("good-one", "ours = good_one:Plugin")
    site.install("bad-one", "broken = bad_one:Plugin", "raise SystemExit(3)")
    assert site.registry().plugin("ours").name == "ours"
    assert "bad_one" not in sys.modules


def test_name_claimed_twice_names_both_packages(site: Site) -> None:
    """Neither wins: who installs both has to choose."""
    site.install("one", "ours = one:Plugin")
    site.install("two", "ours = two:Plugin")
    with pytest.raises(PluginError, match="provider `ours` is claimed by `one` and `two`"):
        site.registry().plugin("ours")


@pytest.mark.parametrize(
    ("entry", "source", "why"),
    [
        ("ours = broken:Plugin", "import nobody_has_this", "there is no module `nobody_has_this`"),
        ("ours = broken:Plugin", "1 / 0", "ZeroDivisionError while it is imported"),
        ("ours = broken:Plugin", "raise SystemExit", "SystemExit while it is imported"),
        ("ours = broken:Plugin", "", "it has no `Plugin`"),
        ("ours = brokn:Plugin", "", "there is no module `brokn`"),
        ("ours = broken:Plugin", "class Plugin: name = 'other'", "`Plugin.name` is not `ours`"),
        ("ours = broken:Plugin", "class Plugin: name = 'ours'", "`Plugin` has no method `open`"),
    ],
)
def test_broken_plugin_is_named(site: Site, monkeypatch: pytest.MonkeyPatch, entry: str, source: str, why: str) -> None:
    """The message has package, module and cause, and no text of an exception."""
    monkeypatch.delitem(sys.modules, "broken", raising=False)
    site.install("broken", entry, source)
    module = entry.split()[2].split(":")[0]
    with pytest.raises(PluginError) as raised:
        site.registry().plugin("ours")
    assert str(raised.value) == f"provider `ours` cannot be loaded from module `{module}` of package `broken`: {why}"
    sys.modules.pop("broken", None)


def test_plugin_may_miss_its_library(site: Site) -> None:
    """A plugin that says so while it is imported is not broken."""
    site.install("lazy", "ours = lazy:Plugin", "from syncd.errors import MissingExtra; raise MissingExtra('ours', 'x')")
    with pytest.raises(MissingExtra):
        site.registry().plugin("ours")


def test_store_opens() -> None:
    """Plugin and store meet in one call."""
    provider = registry.open_store(store_config("fake", {"data": []}), GivenCredentials())
    assert isinstance(provider, Provider)


def test_store_of_a_broken_plugin_fails_alone(site: Site) -> None:
    """Its declarations get the reason as their answer; a store beside it opens."""
    site.install("broken", "ours = broken_nowhere:Plugin")
    plugins = Registry([*site.points(), *(EntryPoint("fake", "syncd.providers.fake:FakePlugin", GROUP),)])
    broken = plugins.open(store_config("ours", {}), GivenCredentials())
    assert isinstance(broken, Failed)
    assert "package `broken`" in broken.message
    assert isinstance(plugins.open(store_config("fake", {}), GivenCredentials()), Provider)


def test_store_of_an_unknown_provider_fails_alone() -> None:
    """The answer says what is supported."""
    failed = registry.open_store(store_config("azurekv", {}), GivenCredentials())
    assert isinstance(failed, Failed)
    assert failed.message == "provider `azurekv` is not supported"


def test_finding_plugins_loads_none() -> None:
    """Neither SDKs nor provider modules are imported before a manifest names them."""
    code = "import sys; from syncd.providers import registry; registry.installed().names(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert not {"hvac", "boto3", "kubernetes", "tenacity", "syncd.providers.fake", "syncd.providers.vault"} & set(
        loaded
    )
