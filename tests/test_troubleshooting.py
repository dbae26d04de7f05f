"""docs/troubleshooting.md against the code: every class of errors has a heading, every message is one that exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.errors import Failure, SyncdError, TemplateError

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()


def errors(base: type[SyncdError] = SyncdError) -> Iterator[type[SyncdError]]:
    """The classes of `errors.py`; those inside of a room never leave it."""
    if base.__module__ == SyncdError.__module__:
        yield base
    for error in base.__subclasses__():
        yield from errors(error)


def messages() -> list[str]:
    """The first cells of the tables that are headed `message` or `what is shown`."""
    tables = re.findall(r"^\| (?:message|what is shown) \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [row.split(" | ")[0].removeprefix("| ") for table in tables for row in table.splitlines()]


def texts() -> Iterator[str]:
    """The texts of the code, with `…` for what is put into them."""
    for path in (ROOT / "syncd").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)


def test_every_class_has_a_heading() -> None:
    """In the order of the tree."""
    assert [error.__name__ for error in errors()] == re.findall(r"^## (\w+)$", PAGE, re.MULTILINE)


def test_every_kind_of_failure_has_a_row() -> None:
    """Those of stores, and those of templates."""
    kinds = set(re.findall(r"^\| ([a-z-]+) \|", PAGE, re.MULTILINE))
    assert TemplateError.__doc__ is not None
    of_templates = set(re.findall(r"`([a-z-]+)`", TemplateError.__doc__)) - {"kind", "line", "column"}
    assert {*map(str, Failure), *of_templates} <= kinds


def test_there_are_messages() -> None:
    """The pattern of the next test finds the tables."""
    assert 50 < len(messages())


@pytest.mark.parametrize("message", messages())
def test_every_message_exists(message: str) -> None:
    """Word by word; a message that is changed is changed here too."""
    assert any(message in text for text in KNOWN)


KNOWN = [*texts()]


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((operations|security)\.md#([-a-z]+)\)", PAGE))))
def test_links_lead_to_headings(link: tuple[str, str]) -> None:
    """Of the other pages on running syncd."""
    page, anchor = link
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs" / f"{page}.md").read_text(), re.MULTILINE)
    assert anchor in {re.sub(r"[^-a-z0-9 ]", "", heading.lower()).replace(" ", "-") for heading in headings}
