"""What is remembered of workloads between two passes."""

from __future__ import annotations

import pytest

from syncd.cluster import workloads
from syncd.cluster.workloads import _Shape, _Shapes
from syncd.model import ObjectName, WorkloadKind, WorkloadName

BARE = _Shape(notes=False, triggers=False)


def name(namespace: str, local: str = "web") -> WorkloadName:
    return WorkloadName(WorkloadKind.DEPLOYMENT, ObjectName(namespace, local))


def test_workloads_that_are_gone_are_forgotten() -> None:
    """As the next list of their namespace says; others stay."""
    shapes = _Shapes()
    for namespace in ("shop", "web"):
        shapes.replace(namespace, {name(namespace): BARE, name(namespace, "old"): BARE})
    shapes.replace("shop", {name("shop"): BARE})
    known = [shapes.of(name(namespace, local)) for namespace in ("shop", "web") for local in ("web", "old")]
    assert [BARE, _Shape(), BARE, BARE] == known


def test_namespaces_that_are_read_no_more_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were read last are kept."""
    monkeypatch.setattr(workloads, "ROOM", 2)
    shapes = _Shapes()
    for namespace in ("a", "b", "a", "c"):
        shapes.replace(namespace, {name(namespace): BARE})
    assert [BARE, _Shape(), BARE] == [shapes.of(name(namespace)) for namespace in ("a", "b", "c")]


def test_a_patch_is_remembered_only_of_what_was_read() -> None:
    """A workload of a namespace that is not read any more leaves nothing behind."""
    shapes = _Shapes()
    shapes.replace("shop", {name("shop"): BARE})
    for namespace in ("shop", "elsewhere"):
        shapes.set(name(namespace), _Shape(triggers=False))
    assert ([_Shape(triggers=False), _Shape()]) == [shapes.of(name(namespace)) for namespace in ("shop", "elsewhere")]
