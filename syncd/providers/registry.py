"""Finds the plugin for the key under `spec.provider`, among the entry points of every installed package."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from syncd.errors import Failure, MissingExtra, PluginError, StoreError
from syncd.providers import calls
from syncd.providers.api import Credentials, Failed, Plugin, Provider, StoreConfig

GROUP = "syncd.providers"
"""The entry-point group; an entry is called as the key under `spec.provider`."""


class Registry:
    """The plugins that are installed; each is imported when it is first asked for, never before."""

    def __init__(self, points: Iterable[EntryPoint]) -> None:
        self._points: dict[str, list[EntryPoint]] = {}
        for point in points:
            self._points.setdefault(point.name, []).append(point)
        self._loaded: dict[str, type[Plugin]] = {}

    def names(self) -> tuple[str, ...]:
        """Every name that can stand under `spec.provider`, sorted."""
        return tuple(sorted(self._points))

    def plugin(self, name: str) -> type[Plugin]:
        """The plugin called `name`.

        Raises StoreError (MISCONFIGURED) when there is none, PluginError when it is broken or two packages claim
        the name, and MissingExtra when it says so while it is imported.
        """
        if name not in self._loaded:
            self._loaded[name] = _load(self._point(name))
        return self._loaded[name]

    def open(self, store: StoreConfig, credentials: Credentials) -> Provider | Failed:
        """Finds the plugin of a store and opens it; what goes wrong fails this store and no other."""
        try:
            plugin = self.plugin(store.provider)
        except StoreError as exc:
            return Failed(exc.failure, exc.message, exc.hint)
        except (PluginError, MissingExtra) as exc:
            return Failed(Failure.MISCONFIGURED, exc.message, exc.hint)
        return calls.open_store(plugin, store, credentials)

    def ambient(self, name: str) -> str:
        """What the plugin called `name` logs in with when it is to use what the machine has; empty when it cannot."""
        try:
            return str(getattr(self.plugin(name), "ambient", ""))
        except (StoreError, PluginError, MissingExtra):
            return ""

    def _point(self, name: str) -> EntryPoint:
        points = self._points.get(name, [])
        if not points:
            raise StoreError(Failure.MISCONFIGURED, f"provider `{name}` is not supported", hint=self._near(name))
        if len(points) > 1:
            packages = " and ".join(sorted({f"`{_package(point)}`" for point in points}))
            raise PluginError(f"provider `{name}` is claimed by {packages}", hint="uninstall all but one of them")
        return points[0]

    def _near(self, name: str) -> str:
        if near := get_close_matches(name, self._points, n=1):
            return f"did you mean `{near[0]}`?"
        return f"installed providers: {', '.join(f'`{known}`' for known in self.names())}"


@cache
def installed() -> Registry:
    """The registry of this environment; packages are looked through once."""
    return Registry(entry_points(group=GROUP))


def plugin(name: str) -> type[Plugin]:
    """The installed plugin called `name`; raises as `Registry.plugin` does."""
    return installed().plugin(name)


def open_store(store: StoreConfig, credentials: Credentials) -> Provider | Failed:
    """Opens a store with the installed plugin; what goes wrong fails this store and no other."""
    return installed().open(store, credentials)


def ambient(name: str) -> str:
    """As `Registry.ambient`, of the installed plugin."""
    return installed().ambient(name)


def _load(point: EntryPoint) -> type[Plugin]:
    try:
        loaded = point.load()
    except MissingExtra:
        raise
    except (Exception, SystemExit) as exc:
        raise _broken(point, _why(exc, point)) from exc
    if getattr(loaded, "name", None) != point.name:
        raise _broken(point, f"`{point.attr}.name` is not `{point.name}`")
    if not callable(getattr(loaded, "open", None)):
        raise _broken(point, f"`{point.attr}` has no method `open`")
    plugin_class: type[Plugin] = loaded
    return plugin_class


def _broken(point: EntryPoint, why: str) -> PluginError:
    where = f"module `{point.module}` of package `{_package(point)}`"
    return PluginError(
        f"provider `{point.name}` cannot be loaded from {where}: {why}", hint=f"update or uninstall `{_package(point)}`"
    )


def _why(exc: BaseException, point: EntryPoint) -> str:
    if isinstance(exc, ModuleNotFoundError):
        return f"there is no module `{exc.name}`"
    if isinstance(exc, AttributeError) and exc.name == point.attr:
        return f"it has no `{point.attr}`"
    return f"{type(exc).__name__} while it is imported"


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "unknown"
