"""What is asked of the stores, and when a declaration has all that it asks for."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import closing
from typing import Any

import yaml

from syncd.manifests import Declarations
from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.providers.api import Found, RemoteKey
from syncd.reconcile.answers import Answers
from syncd.reconcile.fetch import PART, Fetcher
from syncd.reconcile.options import Options, silent
from tests.providers.vaults import TOKEN_AUTH
from tests.reconcile.test_check import secret, store
from tests.servers.fake_target import FakeTarget
from tests.servers.faults import FaultServer, hang
from tests.servers.wire import Exchange

UUID = {"apiVersion": "generators.external-secrets.io/v1alpha1", "kind": "UUID"}


def reads(name: str, *keys: tuple[str, str]) -> dict[str, Any]:
    """A declaration of keys, each of the store that is named with it."""
    data = [
        {"secretKey": f"k{number}", "remoteRef": {"key": key}, "sourceRef": {"storeRef": {"name": of}}}
        for number, (of, key) in enumerate(keys)
    ]
    metadata = {"name": name, "namespace": "shop"}
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": metadata,
        "spec": {"data": data},
    }


def generated(name: str) -> dict[str, Any]:
    """A declaration that asks no store."""
    spec = {"dataFrom": [{"sourceRef": {"generatorRef": {**UUID, "name": "id"}}}]}
    return reads(name) | {"spec": spec}


def fake(name: str, keys: Iterable[str]) -> dict[str, Any]:
    return store({"fake": {"data": [{"key": key, "value": f"value of {key}"} for key in keys]}}, name)


def declared(*documents: dict[str, Any]) -> Declarations:
    return load([Text("a.yaml", yaml.safe_dump_all(documents), "/manifests")], namespace="shop").complete()


def found(answers: Answers, key: str) -> bool:
    """Whether a key of any store has been answered."""
    return any(isinstance(one.answers.get(RemoteKey(key)), Found) for one in answers.stores.values())


def test_each_declaration_is_given_once_and_complete() -> None:
    """However its keys are spread over the parts that a store is asked in."""
    keys = [f"key-{number}" for number in range(2 * PART + 5)]
    asking = {f"app-{number}": (key, keys[-1 - number]) for number, key in enumerate(keys)}
    documents = [reads(name, *(("one", key) for key in wanted)) for name, wanted in asking.items()]
    declarations = declared(fake("one", keys), *documents)
    given: list[str] = []
    with closing(Fetcher(FakeTarget(), Options(), silent)) as fetcher:
        for answers, complete in fetcher.stream(declarations, declarations.external_secrets):
            names = [one.object_name.name for one in complete]
            assert all(found(answers, key) for name in names for key in asking[name])
            given += names
    assert sorted(asking) == sorted(given)


def test_who_waits_for_a_slow_store_holds_up_no_other() -> None:
    """A declaration of two stores is given when the later one has answered."""
    given = threading.Event()

    def hang_until_others_are_given(exchange: Exchange) -> None:
        given.wait(30)
        exchange.close()

    order: list[list[str]] = []
    with FaultServer() as server, closing(Fetcher(FakeTarget(), Options(), silent)) as fetcher:
        server.inject(hang_until_others_are_given, calls=(1,))
        slow = store({"vault": {"server": server.url, "path": "secret", "auth": TOKEN_AUTH}}, "slow")
        uuid = {**UUID, "metadata": {"name": "id", "namespace": "shop"}}
        documents = (reads("both", ("slow", "a"), ("one", "a")), reads("quick", ("one", "a")), generated("none"), uuid)
        declarations = declared(slow, secret("vault-token", token="t"), fake("one", ["a"]), *documents)
        for _, complete in fetcher.stream(declarations, declarations.external_secrets):
            order.append([one.object_name.name for one in complete])
            if "quick" in order[-1]:
                given.set()
    assert [["none"], ["quick"], ["both"]] == order


def test_the_same_key_is_asked_once() -> None:
    """Whoever asks for it, and however often."""
    declarations = declared(fake("one", ["a"]), reads("twice", ("one", "a"), ("one", "a")), reads("once", ("one", "a")))
    with closing(Fetcher(FakeTarget(), Options(), silent)) as fetcher:
        answers = fetcher.fetch(declarations, declarations.external_secrets)
        [counts] = fetcher.asked()[0].values()
    [store_answers] = answers.stores.values()
    assert (1, [RemoteKey("a")]) == (counts.calls, list(store_answers.answers))


def test_what_nobody_waits_for_is_not_asked() -> None:
    """A caller that goes before the first answer of a store ends what is queued there."""
    with FaultServer() as server, closing(Fetcher(FakeTarget(), Options(), silent)) as fetcher:
        server.inject(hang())
        slow = store({"vault": {"server": server.url, "path": "secret", "auth": TOKEN_AUTH}}, "slow")
        keys = [("slow", f"key-{number}") for number in range(PART)]
        declarations = declared(slow, secret("vault-token", token="t"), reads("app", *keys))
        coming = fetcher.stream(declarations, declarations.external_secrets)
        next(coming)
        coming.close()
        assert [0] == [load.waiting for load in fetcher.asked()[1].values()]
