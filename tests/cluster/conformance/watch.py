"""Watching our Secrets, as every target does it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue

from syncd.cluster.api import Note, SecretList, SecretPatch, SecretSeen
from syncd.errors import ClusterError
from syncd.model import MANAGED, SecretObject, SecretValue
from tests.cluster.lab import Bench


def ours(bench: Bench, name: str, value: str = "1") -> SecretObject:
    """A Secret with our label."""
    data = {"KEY": SecretValue(value)}
    return bench.target.create_secret(SecretObject(bench.name(name), data=data, labels={MANAGED: "true"}))


def written(bench: Bench, secret: SecretObject, value: str) -> SecretObject:
    patch = SecretPatch(secret.name, secret.uid, secret.resource_version, set_data={"KEY": SecretValue(value)})
    return bench.target.patch_secret(patch)


class Watched:
    """What a watch in a thread of its own has seen."""

    def __init__(self, seen: SimpleQueue[SecretList | SecretSeen]) -> None:
        self._seen = seen

    def next(self) -> SecretList | SecretSeen:
        return self._seen.get(timeout=10)


@contextmanager
def watched(bench: Bench) -> Iterator[Watched]:
    stop, seen = threading.Event(), SimpleQueue[SecretList | SecretSeen]()

    def work() -> None:
        with suppress(ClusterError):  # the server may end first
            for one in bench.target.watch_secrets(bench.lab.namespace, stop):
                seen.put(one)

    threading.Thread(target=work, daemon=True).start()
    try:
        yield Watched(seen)
    finally:
        stop.set()


class WatchConformance:
    """Watching our Secrets."""

    def test_a_watch_begins_with_a_list(self, bench: Bench) -> None:
        """Of what is ours, with the versions that a read gives; others are not in it."""
        secret = ours(bench, "mine")
        bench.secret("foreign", KEY="1")
        with watched(bench) as watch:
            assert SecretList({secret.name: secret.resource_version}) == watch.next()

    def test_a_watch_sees_what_comes_changes_and_goes(self, bench: Bench) -> None:
        """Each with its version; what is gone has none."""
        with watched(bench) as watch:
            assert SecretList({}) == watch.next()
            made = ours(bench, "mine")
            assert SecretSeen(made.name, made.resource_version) == watch.next()
            changed = written(bench, made, "2")
            assert SecretSeen(made.name, changed.resource_version) == watch.next()
            bench.target.delete_secret(made.name, changed.uid, changed.resource_version)
            assert SecretSeen(made.name, "") == watch.next()

    def test_a_lost_label_is_seen_as_gone(self, bench: Bench) -> None:
        """Somebody took the Secret from us."""
        made = ours(bench, "mine")
        with watched(bench) as watch:
            watch.next()
            patch = SecretPatch(made.name, made.uid, made.resource_version, remove_labels=frozenset({MANAGED}))
            bench.target.patch_secret(patch)
            assert SecretSeen(made.name, "") == watch.next()

    def test_notes_are_taken(self, bench: Bench) -> None:
        """The same one twice too; where there are no Events nothing happens."""
        for _ in range(2):
            bench.target.note(Note(bench.name("mine"), "Updated", "3 keys"))
