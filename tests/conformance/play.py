"""Plays scenarios: each step changes manifests or the target's Secrets, and a sync follows."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import yaml

from syncd.cluster.api import Target
from syncd.cluster.codec import secret_from_json
from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.model import ObjectName, Present, SecretObject
from syncd.reconcile.apply import Write
from syncd.reconcile.options import Options
from syncd.reconcile.reconciler import Reconciler
from syncd.reconcile.report import Report
from tests.servers.fake_target import FakeTarget

FOLDER = Path(__file__).parent / "scenarios"
Manifest = dict[str, Any]
Observation = dict[str, Any] | str
_RANDOM = re.compile(r"<random, (\d+) bytes, (first|same|changed)>")


def scenarios() -> Iterator[Mapping[str, Any]]:
    """All of them, by file and in order."""
    for file in sorted(FOLDER.glob("*.yaml")):
        yield from yaml.load(file.read_text(), yaml.CSafeLoader)["scenarios"]


class World(Protocol):
    """A target in which somebody else, too, writes Secrets."""

    namespace: str

    @property
    def target(self) -> Target: ...

    def put(self, manifest: Manifest) -> None:
        """Makes a Secret or a ConfigMap, or makes it anew."""
        ...

    def patch(self, name: str, patch: Manifest) -> None:
        """A merge patch of a Secret."""
        ...

    def remove(self, name: str) -> None:
        """Deletes a Secret."""
        ...


class FakeWorld:
    """In memory."""

    namespace = "shop"

    def __init__(self) -> None:
        self.target = FakeTarget()
        self._manifests: dict[str, Manifest] = {}

    def put(self, manifest: Manifest) -> None:
        name = ObjectName(self.namespace, manifest["metadata"]["name"])
        if manifest["kind"] == "ConfigMap":
            self.target.configmaps[name] = manifest["data"]
            return
        data = dict(manifest.get("data", {})) | {
            key: base64.b64encode(value.encode()).decode() for key, value in manifest.get("stringData", {}).items()
        }
        metadata = {**manifest["metadata"], "namespace": self.namespace}
        self.target.put_secret(secret_from_json({**manifest, "metadata": metadata, "data": data}))

    def patch(self, name: str, patch: Manifest) -> None:
        known = self.target.secrets[ObjectName(self.namespace, name)]
        data = {key: value.base64() for key, value in known.data.items()}
        body = {"metadata": {"name": name, "namespace": self.namespace}, "data": data, "type": known.type}
        changed = secret_from_json(merged(body, patch))
        self.target.put_secret(_with_data(known, changed))

    def remove(self, name: str) -> None:
        del self.target.secrets[ObjectName(self.namespace, name)]


def _with_data(known: SecretObject, changed: SecretObject) -> SecretObject:
    return SecretObject(known.name, known.type, changed.data, known.labels, known.annotations)


def merged(body: Manifest, patch: Manifest) -> Manifest:
    """RFC 7396."""
    result = dict(body)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key) or {}, value) if isinstance(value, dict) else value
    return result


@dataclass
class Play:
    """One scenario in one world; `step` gives what is observed of what the scenario expects something of."""

    world: World
    manifests: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    before: dict[str, SecretObject] = field(default_factory=dict)

    def step(self, step: Mapping[str, Any]) -> dict[str, Observation]:
        for action in step["do"]:
            self._do(action)
        unready = self._sync()
        return {subject: self._observe(subject, expected, unready) for subject, expected in step["expect"].items()}

    def _do(self, action: Mapping[str, Any]) -> None:
        match action:
            case {"put": {"kind": "Secret" | "ConfigMap"} as manifest}:
                self.world.put(manifest)
            case {"put": manifest}:
                self.manifests[manifest["kind"], manifest["metadata"]["name"]] = manifest
            case {"patch": {"kind": "Secret", "name": name, "patch": patch}}:
                self.world.patch(name, patch)
            case {"patch": {"kind": kind, "name": name, "patch": patch}}:
                self.manifests[kind, name] = merged(self.manifests[kind, name], patch)
            case {"remove": name}:
                kind, _, name = str(name).partition("/")
                if kind == "Secret":
                    self.world.remove(name)
                else:
                    del self.manifests[kind, name]

    def _sync(self) -> set[str]:
        """The declarations that something is wrong with. One that does not load stops no other; orphans go last."""
        text = Text("scenario.yaml", "\n---\n".join(map(json.dumps, self.manifests.values())))
        loaded = load([text] if self.manifests else [], namespace=self.world.namespace)
        unready = {problem.subject.rpartition("/")[2] for problem in loaded.problems}
        options = Options(installation=self.world.namespace, adopt=True)
        with closing(Reconciler(lambda: loaded.declarations, self.world.target, options)) as reconciler:
            unready |= _failed(reconciler.sync())
            return unready | _failed(reconciler.sweep(prune=not loaded.problems))

    def _observe(self, subject: str, expected: Observation, unready: set[str]) -> Observation:
        kind, _, name = subject.partition("/")
        if kind == "ExternalSecret":
            return "not ready" if name in unready else "ready"
        found = self.world.target.read_secrets([ObjectName(self.world.namespace, name)])
        [observed] = found.values()
        if not isinstance(observed, Present):
            self.before.pop(name, None)
            return "absent"
        secret, before = observed.secret, self.before.get(name)
        self.before[name] = secret
        shown: dict[str, Any] = {"type": secret.type, "immutable": secret.immutable}
        wanted = expected.get("data", {}) if isinstance(expected, dict) else {}
        shown["data"] = {key: _shown(secret, before, key, wanted.get(key)) for key in secret.data}
        return {key: shown[key] for key in expected} if isinstance(expected, dict) else shown


def _failed(report: Report) -> set[str]:
    plan = report.plan
    troubled = [one.declaration for one in plan.unknowns] + [one.declaration for one in plan.refusals]
    changes = [one.change for one in plan.waiting]
    changes += [failure.change for failure in report.failures if isinstance(failure, Write)]
    troubled += [name for change in changes for name in change.declarations]
    return {name.name for name in troubled if name}


def _shown(secret: SecretObject, before: SecretObject | None, key: str, expected: object) -> object:
    """A value as scenarios write it: text, base64 of what is none, and of random ones only how long and whether new."""
    value = secret.data[key].reveal()
    if isinstance(expected, str) and (random := _RANDOM.fullmatch(expected)):
        old = before.data.get(key) if before else None
        fresh = random[2] if old is None else "same" if old == secret.data[key] else "changed"
        return f"<random, {len(value)} bytes, {fresh}>"
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}
