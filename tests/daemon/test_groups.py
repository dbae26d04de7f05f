"""Which declarations are refreshed together, and which a new version of the manifests concerns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from syncd.daemon.groups import Cron, Every, Once, changed, groups, next_in_phase, phase, rhythm
from syncd.manifests import Declarations
from syncd.manifests.schedules import Schedule
from syncd.model import ObjectName
from syncd.sources.files import load


def store(name: str, **spec: Any) -> dict[str, Any]:
    provider = {"provider": {"fake": {"data": [{"key": "k", "value": "1"}]}}, **spec}
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": {"name": name},
        "spec": provider,
    }


def secret(name: str, of: str = "one", annotations: Mapping[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    data = [{"secretKey": "KEY", "remoteRef": {"key": "k"}}]
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": name, "annotations": dict(annotations or {})},
        "spec": {"secretStoreRef": {"name": of}, "data": data, **spec},
    }


def config_map(value: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "templates"}, "data": {"a": value}}


@pytest.fixture
def loaded(tmp_path: Path) -> Any:
    def read(*documents: dict[str, Any], head: str = "") -> Declarations:
        path = tmp_path / "all.yaml"
        path.write_text(head + yaml.safe_dump_all([store("one"), store("two"), *documents]))
        return load([str(path)], namespace="shop")

    return read


def names(*texts: str) -> frozenset[ObjectName]:
    return frozenset(ObjectName("shop", text) for text in texts)


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        (secret("a"), Every(3600.0)),
        (secret("a", refreshInterval="5m"), Every(300.0)),
        (secret("a", refreshInterval="1ms"), Every(1.0)),
        (secret("a", refreshInterval="0"), Once()),
        (secret("a", refreshPolicy="OnChange"), Once()),
        (secret("a", refreshPolicy="CreatedOnce", annotations={"syncd.dev/schedule": "0 4 * * *"}), Once()),
        (
            secret("a", refreshInterval="5m", annotations={"syncd.dev/schedule": "TZ=Europe/Rome 0 4 * * *"}),
            Cron(Schedule("0 4 * * *", "Europe/Rome")),
        ),
    ],
)
def test_a_declaration_has_a_rhythm(loaded: Any, declaration: dict[str, Any], expected: object) -> None:
    """The schedule beats the interval; zero, and a policy that knows no time, are once; never more than each second."""
    assert expected == rhythm(loaded(declaration).external_secrets[0])


def test_same_stores_and_same_rhythm_are_one_group(loaded: Any) -> None:
    """Others are others."""
    declarations = loaded(
        secret("a"), secret("b"), secret("c", of="two"), secret("d", refreshInterval="5m"), secret("e", "two")
    )
    found = [sorted(one.name for one in group.names) for group in groups(declarations).values()]
    assert [["a", "b"], ["c", "e"], ["d"]] == found


def test_groups_are_spread_over_their_interval() -> None:
    """A hundred groups do not come in one tenth of it."""
    tenths = {int(phase(f"group {number}", 10.0)) for number in range(100)}
    assert set(range(10)) == tenths


def test_the_next_time_is_after_now() -> None:
    """By one interval at the most, also when now is the very moment."""
    first = next_in_phase("g", 60.0, 1_000_000.0)
    assert 1_000_000.0 < first <= 1_000_060.0
    assert pytest.approx(first + 60.0) == next_in_phase("g", 60.0, first)


def test_nothing_has_changed_when_lines_move(loaded: Any) -> None:
    """Where a manifest stands does not matter."""
    assert names() == changed(loaded(secret("a")), loaded(secret("a"), head="# a comment\n"))


def test_new_and_edited_declarations_have_changed(loaded: Any) -> None:
    """And nobody else."""
    before = loaded(secret("a"), secret("b"))
    assert names("b", "c") == changed(before, loaded(secret("a"), secret("b", refreshInterval="5m"), secret("c")))


def test_an_edited_store_concerns_its_declarations(loaded: Any, tmp_path: Path) -> None:
    """Those of other stores stay."""
    before = loaded(secret("a"), secret("b", "two"))
    path = tmp_path / "all.yaml"
    documents = [store("one", controller="other"), store("two"), secret("a"), secret("b", "two")]
    path.write_text(yaml.safe_dump_all(documents))
    assert names("a") == changed(before, load([str(path)], namespace="shop"))


def test_what_stores_and_templates_refer_to_concerns_everybody(loaded: Any) -> None:
    """A credential or a template may be meant by any of them."""
    before = loaded(secret("a"), config_map("1"))
    assert names("a") == changed(before, loaded(secret("a"), config_map("2")))
