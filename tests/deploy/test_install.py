"""The overlays that docs/install.md shows can be rendered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.deploy.rendered import ROOT, Document, container, one, render

BLOCKS = re.findall(r"^```yaml\n(.+?)^```$", (ROOT / "docs/install.md").read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def own(tmp_path: Path) -> list[Document]:
    """The overlay of the page with the patch of the page, all its comments switched on."""
    (overlay,) = (block for block in BLOCKS if "kind: Kustomization" in block)
    (patches,) = (block for block in BLOCKS if block.startswith("patches:"))
    (tmp_path / "syncd").symlink_to(ROOT)
    (tmp_path / "kustomization.yaml").write_text(
        re.sub(r"^# (?=components|  - )", "", overlay, flags=re.MULTILINE) + patches
    )
    (tmp_path / "declarations").mkdir()
    for name in ("stores", "shop"):
        (tmp_path / "declarations" / f"{name}.yaml").write_text(f"# {name}\n")
    return render(tmp_path)


def test_declarations_are_replaced(own: list[Document]) -> None:
    """Those that come with deploy/ are gone."""
    config_map = one(own, "ConfigMap")
    assert ("syncd-declarations", "syncd") == (config_map["metadata"]["name"], config_map["metadata"]["namespace"])
    assert {"stores.yaml": "# stores\n", "shop.yaml": "# shop\n"} == config_map["data"]


def test_the_image_comes_from_the_users_registry(own: list[Document]) -> None:
    """With the tag of deploy/."""
    assert container(own)["image"].startswith("registry.example/syncd:")


def test_components_and_settings_are_taken(own: list[Document]) -> None:
    """The ServiceMonitor is there, and the variables."""
    assert "syncd" == one(own, "ServiceMonitor")["metadata"]["name"]
    assert ["SYNCD_RESTARTS", "SYNCD_PROVIDER_TIMEOUT"] == [variable["name"] for variable in container(own)["env"]]


def test_a_cron_job_differs_in_what_is_shown() -> None:
    """Its arguments are those of the Deployment, with another command and without an address."""
    (lines,) = (yaml.safe_load(block) for block in BLOCKS if block.startswith("args:"))
    arguments = container(render(ROOT / "deploy/overlays/cluster"))["args"]
    rest = [argument for argument in arguments[1:] if not argument.startswith("--listen")]
    assert ["sync", *rest] == lines["args"]
