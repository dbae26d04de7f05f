"""A shop to make passes over: a folder of keys as the store, and a target in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from syncd.manifests import Declarations, Validation
from syncd.model import ObjectName, SecretValue, Workload, WorkloadKind
from syncd.reconcile.options import Options
from syncd.reconcile.reconciler import Reconciler
from syncd.sources.files import load
from tests.servers.fake_target import FakeTarget


class Shop:
    """Declarations in the namespace `shop`, each of one key `KEY` that the store holds under the same name."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.folder, self.target = folder, FakeTarget()
        (folder / "keys").mkdir()
        self.spec: dict[str, dict[str, Any]] = {}
        self.annotations: dict[str, dict[str, str]] = {}
        """Of declarations, by name."""
        self.of_namespace: dict[str, str] = {}
        """Annotations of the Namespace."""
        for name in names:
            self.declare(name)

    def declare(self, name: str, value: str = "1", **spec: Any) -> None:
        self.put(name, value)
        data = [{"secretKey": "KEY", "remoteRef": {"key": name}}]
        self.spec[name] = {"secretStoreRef": {"name": "keys"}, "data": data, **spec}

    def put(self, name: str, value: str) -> None:
        (self.folder / "keys" / name).write_text(value)

    def drop(self, name: str) -> None:
        """The store has it no more."""
        (self.folder / "keys" / name).unlink()

    def use(self, workload: str, *secrets: str, annotations: Mapping[str, str] | None = None) -> Workload:
        env = [{"name": s, "valueFrom": {"secretKeyRef": {"name": s, "key": "KEY"}}} for s in secrets]
        spec = {"containers": [{"name": "app", "env": env}]}
        name = ObjectName("shop", workload)
        return self.target.add_workload(WorkloadKind.DEPLOYMENT, name, spec, annotations=annotations or {})

    def load(self) -> Declarations:
        store: dict[str, Any] = {
            "apiVersion": "external-secrets.io/v1",
            "kind": "SecretStore",
            "metadata": {"name": "keys"},
            "spec": {"provider": {"file": {"path": "keys"}}},
        }
        declared = [
            {
                "apiVersion": "external-secrets.io/v1",
                "kind": "ExternalSecret",
                "metadata": {"name": name, "annotations": self.annotations.get(name, {})},
                "spec": spec,
            }
            for name, spec in self.spec.items()
        ]
        metadata = {"name": "shop", "annotations": self.of_namespace}
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        path = self.folder / "shop.yaml"
        path.write_text(yaml.safe_dump_all([namespace, store, *declared]))
        return load([str(path)], namespace="shop", validation=Validation.STRICT, stdin=None)

    def reconciler(self, **options: Any) -> Reconciler:
        return Reconciler(self.load, self.target, Options(**options))

    def values(self) -> dict[str, str]:
        found = {name.name: secret.data.get("KEY", SecretValue("-")) for name, secret in self.target.secrets.items()}
        return {name: value.reveal().decode() for name, value in found.items() if name != "syncd-key"}

    def rollouts(self) -> dict[str, int]:
        return {name.name.name: len(triggers) for name, triggers in self.target.rollouts.items() if triggers}
