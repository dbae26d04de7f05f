"""A daemon in a thread of the test: over files, with a target in memory, and signals that the test gives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from signal import Signals as Signal
from typing import Any

import yaml

from syncd.daemon.events import Event
from syncd.daemon.run import Daemon, Setup
from syncd.daemon.server import Address, Files
from syncd.daemon.signals import Signals
from syncd.manifests.declarations import Validation
from syncd.model import ObjectName, SecretValue
from syncd.reconcile.options import Options
from tests.servers.fake_target import FakeTarget
from tests.servers.openbao import wait_for

HERE = Address("127.0.0.1", 0)


class Heard:
    """A listener of the test."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def hear(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


class Given(Signals):
    """Signals that a test gives."""

    def __init__(self) -> None:
        self._signals: SimpleQueue[Signal] = SimpleQueue()

    def give(self, signal: Signal) -> None:
        self._signals.put(signal)

    def wait(self, timeout: float) -> Signal | None:
        try:
            return self._signals.get(timeout=min(timeout, 0.05))
        except Empty:
            return None


class House:
    """Keys in files as the store; declarations of one key each, in the namespace `shop`."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.folder, self.target, self.heard, self.signals = folder, FakeTarget(), Heard(), Given()
        self.manifests = folder / "manifests"
        self.manifests.mkdir()
        (folder / "keys").mkdir()
        self.store("keys", {"file": {"path": str(folder / "keys")}})
        for name in names:
            self.put(name, "1")
            self.declare(name)
        self.options = Options(provider_timeout=1.0)
        self.files = Files()
        self.reload: Callable[[], Options] | None = None
        self.daemon: Daemon | None = None
        self.wrong = 0.0
        """Seconds by which the wall clock of the daemon is ahead."""

    def store(self, name: str, provider: dict[str, Any], **metadata: Any) -> None:
        self.write(f"store-{name}", "SecretStore", name, {"provider": provider}, **metadata)

    def declare(self, name: str, *, of: str = "keys", annotations: dict[str, str] | None = None, **spec: Any) -> None:
        data = [{"secretKey": "KEY", "remoteRef": {"key": name}}]
        body = {"secretStoreRef": {"name": of}, "data": data, "refreshInterval": "1h", **spec}
        self.write(name, "ExternalSecret", name, body, annotations=annotations or {})

    def write(self, file: str, kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> None:
        head = {"apiVersion": "external-secrets.io/v1", "kind": kind, "metadata": {"name": name, **metadata}}
        self.save(file, yaml.safe_dump({**head, "spec": spec}))

    def save(self, file: str, text: str) -> None:
        """At once, as an editor that is careful does."""
        new = self.folder / "new"
        new.write_text(text)
        new.rename(self.manifests / f"{file}.yaml")

    def put(self, name: str, value: str) -> None:
        (self.folder / "keys" / name).write_text(value)

    def value(self, name: str) -> str:
        secret = self.target.secrets.get(ObjectName("shop", name))
        return secret.data.get("KEY", SecretValue("-")).reveal().decode() if secret else ""

    def becomes(self, **values: str) -> None:
        """Waits until Secrets have these values; an empty one is not there."""
        wait_for(lambda: values == {name: self.value(name) for name in values})

    def setup(self) -> Setup:
        return Setup(
            paths=[str(self.manifests)],
            namespace="shop",
            validation=Validation.STRICT,
            options=self.options,
            address=HERE,
            files=self.files,
            passes=4,
            reload=self.reload,
        )

    @contextmanager
    def running(self, **how: Any) -> Iterator[Daemon]:
        self.daemon = daemon = Daemon(
            replace(self.setup(), **how),
            self.target,
            metrics=lambda _: (b"# no metrics\n", "text/plain"),
            listeners=[self.heard],
            wall=lambda: time.time() + self.wrong,
        )
        thread = threading.Thread(target=daemon.run, args=(self.signals,), daemon=True)
        thread.start()
        try:
            wait_for(lambda: daemon.port > 0)
            yield daemon
        finally:
            self.signals.give(Signal.SIGTERM)
            thread.join(10)
            assert not thread.is_alive()
