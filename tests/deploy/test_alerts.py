"""The alert rules of docs/operations.md are rules, and speak of metrics that there are."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from syncd.metrics import table
from tests.deploy.rendered import ROOT

(TEXT,) = re.findall(
    r"^```yaml\n(groups:\n.+?)^```$", (ROOT / "docs/operations.md").read_text(), re.MULTILINE | re.DOTALL
)
RULES: list[dict[str, Any]] = yaml.safe_load(TEXT)["groups"][0]["rules"]
LABELS = {family.name: family.labels for family in table.FAMILIES}


def test_promtool_takes_them(tmp_path: Path) -> None:
    """Debian's package `prometheus` has it."""
    (tmp_path / "rules.yaml").write_text(TEXT)
    promtool = shutil.which("promtool")
    assert promtool, "install the package `prometheus`"
    done = subprocess.run(
        [promtool, "check", "rules", "rules.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stderr
    assert f"{len(RULES)} rules found" in done.stdout


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_metrics_and_labels_exist(rule: dict[str, Any]) -> None:
    """In the expression and in the summary."""
    names = set(re.findall(r"\b(?:syncd|externalsecret|secretstore|clustersecretstore)_\w+", rule["expr"]))
    assert names
    assert set() == names - LABELS.keys()
    used = set(re.findall(r"(\w+)=\"", rule["expr"])) | set(
        re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])
    )
    assert all(used <= set(LABELS[name]) for name in names)
