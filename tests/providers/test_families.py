"""Providers do not know each other: each is a family of modules, and only the family itself imports them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import syncd
from syncd.providers.registry import GROUP

ROOT = Path(syncd.__file__).parent
FAMILIES = {point.module.rpartition(".")[2] for point in entry_points(group=GROUP) if point.module.startswith("syncd.")}


def family(module: str) -> str:
    """`aws` of `syncd.providers.aws_batches`; empty for what is nobody's."""
    if not module.startswith("syncd.providers."):
        return ""
    first = module.split(".")[2].partition("_")[0]
    return first if first in FAMILIES else ""


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(path: Path) -> str:
    return ".".join(("syncd", *path.relative_to(ROOT).with_suffix("").parts))


def test_the_families_are_found() -> None:
    """One for each provider that comes with syncd."""
    assert {"aws", "fake", "file", "gcp", "kubernetes", "vault"} == FAMILIES
    assert ("aws", "gcp", "") == tuple(family(f"syncd.providers.{name}") for name in ("aws_keys", "gcp", "gjson"))


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=module_of)
def test_a_provider_is_imported_by_itself_only(path: Path) -> None:
    """What two of them need is nobody's; the rest of syncd finds them by their entry points."""
    ours = family(module_of(path))
    assert set() == {name for name in imported(path) if family(name) not in ("", ours)}
