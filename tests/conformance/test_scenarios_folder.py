"""The scenarios in a folder: the same Secrets, as files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from syncd.cluster.folder import FolderTarget
from tests.conformance.play import Manifest, Play, merged, scenarios


class FolderWorld:
    namespace = "shop"

    def __init__(self, root: Path) -> None:
        self.root, self.target = root, FolderTarget(root)

    def put(self, manifest: Manifest) -> None:
        metadata = {**manifest["metadata"], "namespace": self.namespace}
        self._write(manifest["metadata"]["name"], {**manifest, "metadata": metadata})

    def patch(self, name: str, patch: Manifest) -> None:
        """The first line, with the uid, stays, as in an editor."""
        path = self._path(name)
        first, _, rest = path.read_text().partition("\n")
        path.write_text(f"{first}\n{yaml.safe_dump(merged(yaml.safe_load(rest), patch))}")

    def remove(self, name: str) -> None:
        self._path(name).unlink()

    def _path(self, name: str) -> Path:
        return self.root / "secrets" / self.namespace / f"{name}.yaml"

    def _write(self, name: str, manifest: Manifest) -> None:
        path = self._path(name) if manifest["kind"] == "Secret" else self.root / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(manifest))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FolderWorld]:
    made = FolderWorld(tmp_path / "out")
    yield made
    made.target.close()


@pytest.mark.parametrize("scenario", [*scenarios()], ids=lambda scenario: scenario["id"])
def test_scenario(scenario: Mapping[str, Any], world: FolderWorld) -> None:
    """As in memory."""
    play = Play(world)
    for step in scenario["steps"]:
        assert (step["title"], step["expect"]) == (step["title"], play.step(step))
