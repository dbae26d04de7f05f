"""Generators in passes: when values are made anew, and what a plan tells of them."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from syncd.manifests.items import Text
from syncd.manifests.loading import load
from syncd.model import WROTE, ObjectName
from syncd.reconcile.changes import Action
from syncd.reconcile.options import Options
from syncd.reconcile.plan import Plan
from syncd.reconcile.reconciler import Reconciler
from tests.servers.fake_target import FakeTarget

API = "generators.external-secrets.io/v1alpha1"
NAME = ObjectName("shop", "app")
PASSWORD = {"apiVersion": API, "kind": "Password", "metadata": {"name": "pw"}, "spec": {"length": 24, "digits": 4}}
CLUSTER = {
    "apiVersion": API,
    "kind": "ClusterGenerator",
    "metadata": {"name": "everywhere"},
    "spec": {"kind": "Password", "generator": {"passwordSpec": {"length": 12}}},
}


class House:
    """One declaration of a generated password."""

    def __init__(self, kind: str = "Password", name: str = "pw", **spec: Any) -> None:
        self.target, self.annotations = FakeTarget(), dict[str, str]()
        source = {"sourceRef": {"generatorRef": {"apiVersion": API, "kind": kind, "name": name}}}
        self.spec: dict[str, Any] = {"refreshInterval": "1h", "dataFrom": [source], **spec}

    def reconciler(self) -> Reconciler:
        metadata = {"name": "app", "annotations": self.annotations}
        declared = {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": metadata,
            "spec": self.spec,
        }
        texts = "\n---\n".join(map(json.dumps, (PASSWORD, CLUSTER, declared)))
        declarations = load([Text("house.yaml", texts)], namespace="shop").complete()
        return Reconciler(lambda: declarations, self.target, Options())

    def sync(self) -> str:
        """The password that stands there then."""
        with closing(self.reconciler()) as reconciler:
            reconciler.sync()
        return self.target.secrets[NAME].data["password"].reveal().decode()

    def plan(self) -> Plan:
        with closing(self.reconciler()) as reconciler:
            return reconciler.plan()

    def age(self) -> None:
        """As if its values had been made long ago."""
        secret = self.target.secrets[NAME]
        wrote = json.loads(secret.annotations[WROTE])
        for one in wrote.values():
            one["at"] = "2020-01-01T00:00:00+00:00"
        self.target.put_secret(replace(secret, annotations={**secret.annotations, WROTE: json.dumps(wrote)}))


def test_values_are_kept_until_they_are_due() -> None:
    """A pass before the interval is over makes no new ones, one after it does."""
    house = House()
    first = house.sync()
    assert first == house.sync()
    house.age()
    assert first != house.sync()


def test_a_change_of_the_declaration_makes_new_ones() -> None:
    """Its labels and annotations are part of it, as in the reference."""
    house = House()
    first = house.sync()
    house.annotations["force-sync"] = "1"
    assert first != house.sync()


@pytest.mark.parametrize("spec", [{"refreshPolicy": "CreatedOnce"}, {"refreshInterval": "0"}])
def test_values_can_be_made_once(spec: dict[str, str]) -> None:
    """Whatever time passes, and however the annotations change."""
    house = House(**spec)
    first = house.sync()
    house.annotations["force-sync"] = "1"
    assert first == house.sync()


def test_a_lost_secret_gets_new_ones() -> None:
    """Nobody keeps the old ones."""
    house = House(refreshPolicy="CreatedOnce")
    first = house.sync()
    del house.target.secrets[NAME]
    assert first != house.sync()


def test_a_plan_says_that_values_are_generated() -> None:
    """It shows none, writes none, and does not pretend to know those of the next sync."""
    house = House()
    [change] = house.plan().changes
    assert (Action.CREATE, ("password",)) == (change.action, change.keys.added)
    assert "generated anew in each pass" in change.reason
    assert [] == house.target.writes


def test_a_plan_of_kept_values_is_empty() -> None:
    """What is not due differs only in a plan that made it anew; that plan says nothing of it."""
    house = House()
    house.sync()
    plan = house.plan()
    assert ((), "generated values are kept") == (plan.changes, plan.settled[0].remark[:25])


def test_a_cluster_generator_serves_every_namespace() -> None:
    """By its own length."""
    assert 12 == len(House("ClusterGenerator", "everywhere").sync())


def test_a_closed_window_keeps_values_that_are_due() -> None:
    """`syncWindows` count for generators, too."""
    windows = {"kind": "deny", "windows": [{"schedule": "* * * * *", "duration": "1h"}]}
    house = House(syncWindows=windows)
    first = house.sync()
    house.age()
    assert first == house.sync()
