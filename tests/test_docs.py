"""The docs against the code: nothing undocumented, nothing stale."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
import pytest

from syncd.cli.app import app
from syncd.cli.resolve import resolve
from syncd.cli.rows import Symbol
from syncd.cli.screen import Stream
from syncd.cli.show_plan import plan_text
from syncd.cli.show_report import report_text
from syncd.errors import Failure
from syncd.manifests.support import UNSUPPORTED
from syncd.model import SourceKind, WorkloadKind
from syncd.reconcile.apply import NoteWrite, Result
from syncd.reconcile.changes import Action, RefusalKind
from syncd.reconcile.plan import Plan
from syncd.reconcile.report import ExitCode
from syncd.settings import DEFAULTS, SETTINGS
from syncd.templating.calls import FUNCTIONS
from tests.cli import plans
from tests.generate import ROOT, generated

DOCS = ROOT / "docs"
SCHEMA = json.loads((DOCS / "plan-output.schema.json").read_text())


@pytest.mark.parametrize("path", generated(), ids=lambda path: str(path.relative_to(ROOT)))
def test_generated_files_are_fresh(path: Path) -> None:
    """`python -m tests.generate` would write what stands there."""
    assert generated()[path] == path.read_text()


def test_every_setting_has_a_heading() -> None:
    """A setting that is not explained cannot be added."""
    headings = re.findall(r"^## (.+)$", (DOCS / "settings.md").read_text(), re.MULTILINE)
    assert [setting.name for setting in SETTINGS] == headings


def test_the_example_file_is_valid(tmp_path: Path) -> None:
    """With every line switched on, config/syncd.yaml gives the defaults."""
    text = (ROOT / "config" / "syncd.yaml").read_text()
    settings = "\n".join(line.removeprefix("# ") for line in text.splitlines() if re.match(r"# [a-z-]+:( |$)", line))
    file = tmp_path / "syncd.yaml"
    file.write_text(settings)
    assert len(SETTINGS) == len(settings.splitlines())
    assert (DEFAULTS, []) == resolve({}, {}, file)


def flags() -> Iterator[str]:
    for command in (app, *app.commands.values()):
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                yield from (*option.opts, *option.secondary_opts)


@pytest.mark.parametrize("flag", sorted({*flags()}))
def test_every_flag_is_documented(flag: str) -> None:
    """Each spelling of each flag stands in docs/cli.md."""
    assert re.search(rf"(?<![\w-]){flag}(?![\w-])", (DOCS / "cli.md").read_text())


def test_every_command_has_a_heading() -> None:
    """In the order of use."""
    headings = re.findall(r"^## syncd (.+)$", (DOCS / "cli.md").read_text(), re.MULTILINE)
    assert {*app.commands} == {*headings}


def test_every_exit_code_is_documented() -> None:
    """Numbers and names of docs/exit-codes.md are those of the code."""
    rows = re.findall(r"^\| (\d) \| (\w+) \|", (DOCS / "exit-codes.md").read_text(), re.MULTILINE)
    assert [(str(int(code)), code.name.lower()) for code in ExitCode] == rows


@pytest.mark.parametrize("symbol", Symbol)
def test_every_sign_is_documented(symbol: Symbol) -> None:
    """With its ASCII form."""
    sign, ascii_sign, _ = symbol.value
    cell = ascii_sign.replace("|", r"\|")
    assert f"| `{sign}` | `{cell}` |" in (DOCS / "plan-output.md").read_text()


@pytest.mark.parametrize("action", Action)
def test_every_action_is_documented(action: Action) -> None:
    """The words of a plan are explained."""
    assert re.search(rf"^\| `.` \| `.` \| .*\b{action}\b", (DOCS / "plan-output.md").read_text(), re.MULTILINE)


def test_the_plan_of_the_docs_is_what_is_printed() -> None:
    """The example in docs/plan-output.md is no drawing."""
    assert plan_text(plans.SKETCH, Stream(io.StringIO())) in (DOCS / "plan-output.md").read_text()


def test_the_report_of_the_docs_is_what_is_printed() -> None:
    """Nor is that of a sync."""
    plan = Plan(changes=plans.SKETCH.changes, unknowns=plans.SKETCH.unknowns)
    writes = [plans.done(change) for change in plan.changes]
    report = plans.report(plan, *writes, restarts=(NoteWrite(plans.owed(), Result.DONE),))
    assert report_text(report, Stream(io.StringIO())) in (DOCS / "plan-output.md").read_text()


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (("action",), Action),
        (("refusal", "properties", "kind"), RefusalKind),
        (("unknown", "properties", "failure"), Failure),
        (("restart", "properties", "kind"), WorkloadKind),
        (("source", "properties", "kind"), SourceKind),
    ],
)
def test_the_schema_knows_all_words(place: tuple[str, ...], words: type[StrEnum]) -> None:
    """A word that the code can print is in the schema, in the same order."""
    found: Any = SCHEMA["$defs"]
    for part in place:
        found = found[part]
    assert [str(word) for word in words] == found["enum"]


def test_the_schema_knows_all_results() -> None:
    """`paused` is added to what `apply` knows: it never sees those."""
    assert [*map(str, Result), "paused"] == SCHEMA["$defs"]["result"]["enum"]


def test_every_function_of_templates_is_documented() -> None:
    """By its name, in docs/templates.md."""
    assert set() == {*FUNCTIONS} - {*re.findall(r"\w+", (DOCS / "templates.md").read_text())}


PAGES = sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("config/**/*.md"), *ROOT.glob("deploy/**/*.md")])


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What links may name in a page, as code hosts make them of headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """To a file that is there, and a heading that is in it."""
    dead = []
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", prose(page)):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert [] == dead


def test_the_readme_leads_to_every_page() -> None:
    """A page that nobody can find is not there."""
    linked = {*re.findall(r"\]\((docs/[^)#\s]+)", (ROOT / "README.md").read_text())}
    assert {str(page.relative_to(ROOT)) for page in DOCS.glob("*.*")} - linked == set()


@pytest.mark.parametrize("kind", [row.kind for row in UNSUPPORTED if not row.path])
def test_the_known_limits_name_what_is_refused(kind: str) -> None:
    """Each kind that is refused as a whole; fields stand in the tables of compatibility.md."""
    assert f"`{kind}`" in (DOCS / "critiques.md").read_text()
