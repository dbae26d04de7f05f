"""Templates that give something else in each pass: plans say so, and every sync rewrites what they make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.inprocess import home, syncd
from tests.e2e.manifests import external_secret, key, store, write

__all__ = ["home"]

RANDOM = "{{ randAlphaNum 20 }}"
STORE = store({"fake": {"data": [{"key": "a", "value": '{"p":"x"}'}]}})
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cm"}, "data": {"text": RANDOM}}
SAID = "its template is not deterministic: `randAlphaNum` may give something else in each pass"


def declared(home: Path, spec: dict[str, Any]) -> tuple[str | Path, ...]:
    """The options that name the manifests and the target."""
    spec = {"data": [key("a")]} | spec
    write(home / "manifests.yaml", [STORE, CONFIG_MAP, external_secret("varying", spec)])
    return "-f", home / "manifests.yaml", "--to", home / "out"


def template(**fields: Any) -> dict[str, Any]:
    return {"target": {"template": fields}}


def written(home: Path) -> str:
    return next((home / "out" / "secrets").rglob("varying.yaml")).read_text()


@pytest.mark.parametrize(
    "spec",
    [
        template(data={"KEY": RANDOM}),
        template(metadata={"annotations": {"note": RANDOM}}),
        template(templateFrom=[{"literal": f"KEY: {RANDOM}"}]),
        template(templateFrom=[{"configMap": {"name": "cm", "items": [{"key": "text"}]}}]),
        {"dataFrom": [{"extract": {"key": "a"}, "rewrite": [{"transform": {"template": f"k{RANDOM}"}}]}], "data": []},
    ],
    ids=["data", "annotation", "literal", "configmap", "transform"],
)
def test_a_plan_says_so_and_each_sync_rewrites(home: Path, spec: dict[str, Any]) -> None:
    """Wherever the template stands."""
    options = declared(home, spec)
    assert SAID in syncd("plan", *options).out
    assert 0 == syncd("sync", *options).code
    first = written(home)
    again = syncd("plan", *options)
    assert (2, True) == (again.code, SAID in again.out)
    assert 0 == syncd("sync", *options).code
    assert first != written(home)


@pytest.mark.parametrize("spec", [{"refreshPolicy": "CreatedOnce"}, {"refreshInterval": "0"}])
def test_a_value_can_be_made_once(home: Path, spec: dict[str, Any]) -> None:
    """As the manifest says."""
    options = declared(home, template(data={"KEY": RANDOM}) | spec)
    assert 0 == syncd("sync", *options).code
    first = written(home)
    assert (0, 0) == (syncd("plan", *options).code, syncd("sync", *options).code)
    assert first == written(home)


def test_equal_output_is_not_rewritten(home: Path) -> None:
    """What counts is whether the content differs, as in the reference."""
    options = declared(home, template(data={"KEY": '{{ now | date "x" }}'}))
    assert 0 == syncd("sync", *options).code
    assert 0 == syncd("plan", *options).code
