"""docs/templates.md against the engine: every function, every example, every bound."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from syncd.templating import Limits, Template
from syncd.templating.calls import FUNCTIONS
from syncd.templating.grammar import MAX_NESTING
from syncd.templating.lexer import MAX_TOKENS
from syncd.templating.template import LONGEST

PAGE = (Path(__file__).parents[2] / "docs" / "templates.md").read_text()
_CELL = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"^(`+) ?(.*?) ?\1$")


def section(heading: str) -> str:
    """The text under a heading of the second level."""
    return next(text for text in re.split("^## ", PAGE, flags=re.MULTILINE) if text.startswith(heading))


def rows(text: str) -> list[list[str]]:
    """The cells of all tables, without their headings."""
    lines = [line for line, after in pairwise([*text.splitlines(), ""]) if line[:1] == "|" and after[:4] != "|---"]
    cells = [[cell.strip().replace("\\|", "|") for cell in _CELL.split(line)[1:-1]] for line in lines]
    return [row for row in cells if set(row[0]) != {"-"}]


def code(cell: str) -> str | None:
    """What stands between backticks; None when the cell holds something else."""
    found = _CODE.match(cell)
    return found[2] if found else None


FUNCTION_ROWS = rows(section("Functions"))
EXAMPLES = [
    (code(row[-2]), code(row[-1]) or "") for row in [*rows(section("Language")), *FUNCTION_ROWS] if code(row[-2])
]


def test_every_function_is_on_the_page_once() -> None:
    """And none that there is not."""
    assert sorted(FUNCTIONS) == sorted(name for row in FUNCTION_ROWS for name in re.findall("`([^`]+)`", row[0]))


def test_the_page_says_what_is_not_deterministic() -> None:
    """As the engine does."""
    marked = {
        name for row in FUNCTION_ROWS if row[3] == "differs each time" for name in re.findall("`([^`]+)`", row[0])
    }
    assert {name for name, one in FUNCTIONS.items() if not one.deterministic} == marked


@pytest.mark.parametrize(("text", "expected"), EXAMPLES)
def test_examples_give_what_they_say(text: str, expected: str) -> None:
    """Each row of the tables."""
    assert expected == Template(text).render({"user": "ann"}).decode()


def test_the_example_of_the_library_runs() -> None:
    """Its assertions hold."""
    (source,) = re.findall("```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(source, "docs/templates.md", "exec"), {})  # noqa: S102 - our own page


def test_the_bounds_are_those_of_the_code() -> None:
    """All numbers of the table, in order."""
    limits = Limits()
    numbers = [int(number) for row in rows(section("Bounds")) for number in re.findall("[0-9]+", row[1])]
    bounds = [limits.output, limits.value, limits.steps, limits.depth, MAX_NESTING, LONGEST, MAX_TOKENS]
    assert bounds == numbers
