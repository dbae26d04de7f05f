"""What the guard knows of the endpoints of stores, and for how long."""

from __future__ import annotations

from typing import Any

import yaml

from syncd.manifests import Declarations
from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.reconcile.endpoints import Endpoints
from tests.reconcile.test_check import store

ONE, TWO = "SecretStore/shop/one", "SecretStore/shop/two"
READ = {ONE: "endpoint a", TWO: "endpoint a"}


class Clock:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def declared(*names: str) -> Declarations:
    documents: list[dict[str, Any]] = [store({"fake": {"data": []}}, name) for name in names]
    return load([Text("a.yaml", yaml.safe_dump_all(documents), "/manifests")], namespace="shop").complete()


def test_a_partial_pass_takes_nothing_away() -> None:
    """It reads some of the stores; the others are counted all the same."""
    endpoints, both = Endpoints(Clock()), declared("one", "two")
    endpoints.note({ONE: "endpoint a"}, both)
    endpoints.note({TWO: "endpoint b"}, both)
    assert {ONE: "endpoint a", TWO: "endpoint b"} == endpoints.by_store


def test_a_store_that_went_is_forgotten_when_nothing_of_it_counts() -> None:
    """A removal counts for an hour, however long the store was there."""
    clock = Clock()
    endpoints = Endpoints(clock)
    endpoints.note(READ, declared("one", "two"))
    clock.now = 10_000
    endpoints.note({}, declared("one"))
    clock.now += 3600
    endpoints.note({}, declared("one"))
    assert READ == endpoints.by_store
    clock.now += 1
    endpoints.note({}, declared("one"))
    assert {ONE: "endpoint a"} == endpoints.by_store


def test_a_store_that_comes_back_stays() -> None:
    """Its hour begins anew when it goes again."""
    clock = Clock()
    endpoints = Endpoints(clock)
    for names in (("one", "two"), ("one",), ("one", "two"), ("one",)):
        endpoints.note(READ if "two" in names else {}, declared(*names))
        clock.now += 3000
    assert READ == endpoints.by_store


def test_what_a_pass_holds_does_not_change() -> None:
    """Another pass may note other stores while it is counted."""
    endpoints = Endpoints(Clock())
    endpoints.note({ONE: "endpoint a"}, declared("one"))
    held = endpoints.by_store
    endpoints.note(READ, declared("one", "two"))
    assert {ONE: "endpoint a"} == held
