"""Which changes of our Secrets and ConfigMaps somebody else has made: seen by version, and never our own writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from syncd.cluster.api import SecretList, SecretSeen
from syncd.daemon.events import Event, Loaded, PassBegun, PassFailed, PassFinished
from syncd.model import MANAGED, ObjectName, SecretObject
from syncd.reconcile.apply import Result

FIRST = 5.0
"""Seconds before a Secret that has drifted again right after it was healed is healed again; doubled each time."""
LONGEST = 300.0
CALM = 600.0
"""Seconds without drift after which a Secret is healed at once again."""
ALL_SECRETS = ObjectName("", "")


@dataclass(slots=True)
class _Healing:
    times: int = 0
    last: float = float("-inf")


@dataclass(slots=True)
class Drift:
    """A listener that knows which versions are ours; `heal` is told what drifted, and after how many seconds to act.

    What is seen while a pass is about the Secret is judged when the pass is over: only then its version is known.
    """

    heal: Callable[[ObjectName, Sequence[ObjectName], float], None]
    """Is given the Secret, and the ExternalSecrets that are declared for it."""
    monotonic: Callable[[], float]
    _declared: dict[ObjectName, tuple[ObjectName, ...]] = field(default_factory=dict)
    _secret_of: dict[ObjectName, ObjectName] = field(default_factory=dict)
    _versions: dict[ObjectName, str] = field(default_factory=dict)
    _passes: dict[tuple[ObjectName, ...], set[ObjectName]] = field(default_factory=dict)
    """By the names of a pass that is under way, its Secrets."""
    _under_way: dict[ObjectName, int] = field(default_factory=dict)
    _unjudged: dict[ObjectName, str] = field(default_factory=dict)
    _healings: dict[ObjectName, _Healing] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def see(self, what: SecretList | SecretSeen, watched: ObjectName = ALL_SECRETS, *, first: bool = False) -> None:
        """Takes what a watch of a kind and a namespace says (`watched` names no object).

        The `first` list is how things stand, a later one holds what was missed.
        """
        with self._lock:
            seen = {what.name: what.version} if isinstance(what, SecretSeen) else self._all(what, watched)
            if first:
                self._versions |= {name: version for name, version in seen.items() if name in self._declared}
            drifted = [name for name, version in seen.items() if self._judge(name, version)]
        self._act(drifted)

    def _all(self, listed: SecretList, watched: ObjectName) -> dict[ObjectName, str]:
        """What a list says about each object that is watched; nothing is there of those that it leaves out."""
        known = (one for one in self._versions if one.kind is watched.kind)
        return {one: "" for one in known if watched.namespace in ("", one.namespace)} | dict(listed.versions)

    def hear(self, event: Event) -> None:
        drifted: list[ObjectName] = []
        with self._lock:
            match event:
                case Loaded():
                    self._load(event)
                case PassBegun():
                    about = self._passes[event.names] = self._secrets(event.names)
                    for name in about:
                        self._under_way[name] = self._under_way.get(name, 0) + 1
                case PassFinished():
                    for write in event.report.writes:
                        if write.result is Result.DONE:
                            self._versions[write.change.name] = _version(write.secret)
                    drifted = self._end(event.names)
                case PassFailed():
                    drifted = self._end(event.names)
        self._act(drifted)

    def _load(self, event: Loaded) -> None:
        declared: dict[ObjectName, tuple[ObjectName, ...]] = {}
        for one in event.declarations.external_secrets:
            declared[one.target_name] = (*declared.get(one.target_name, ()), one.object_name)
        self._declared = declared
        self._secret_of = {one.object_name: one.target_name for one in event.declarations.external_secrets}
        for gone in self._versions.keys() - declared.keys():
            del self._versions[gone]
            self._healings.pop(gone, None)

    def _secrets(self, names: Iterable[ObjectName]) -> set[ObjectName]:
        return {self._secret_of[name] for name in names if name in self._secret_of}

    def _end(self, names: tuple[ObjectName, ...]) -> list[ObjectName]:
        """What was declared when the pass began counts: it may be declared otherwise now."""
        drifted = []
        for name in self._passes.pop(names, ()):
            left = self._under_way.get(name, 1) - 1
            self._under_way[name] = left
            if left <= 0:
                del self._under_way[name]
                version = self._unjudged.pop(name, None)
                if version is not None and self._judge(name, version):
                    drifted.append(name)
        return drifted

    def _judge(self, name: ObjectName, version: str) -> bool:
        """Whether it has drifted. The version is known from then on, so that one drift is told once."""
        if name not in self._declared:
            return False
        known = self._versions.get(name, "")
        if name in self._under_way and (version != known or not version):  # a deletion may be that of what it creates
            self._unjudged[name] = version
            return False
        if version == known:
            return False
        self._versions[name] = version
        return True

    def _act(self, drifted: Iterable[ObjectName]) -> None:
        now = self.monotonic()
        for name in drifted:
            with self._lock:
                wait, declarations = self._wait(name, now), self._declared.get(name, ())
            self.heal(name, declarations, wait)

    def _wait(self, name: ObjectName, now: float) -> float:
        healing = self._healings.setdefault(name, _Healing())
        if now - healing.last > CALM:
            healing.times = 0
        wait = min(FIRST * 2.0 ** (healing.times - 1), LONGEST) if healing.times else 0.0
        healing.times, healing.last = healing.times + 1, now
        return wait


def _version(secret: SecretObject | None) -> str:
    """As a watch tells it, to which a Secret without our label is not there."""
    return secret.resource_version if secret and MANAGED in secret.labels else ""
