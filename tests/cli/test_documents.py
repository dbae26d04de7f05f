"""Documents against their schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # comes with moto, without types
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from syncd.cli.answer import VERSION, Document, dump
from syncd.cli.documents import plan_document, report_document
from syncd.cli.flags import Output
from syncd.reconcile.apply import Result, Write
from syncd.reconcile.changes import Change
from syncd.reconcile.plan import Plan
from tests.cli.plans import CANARY, CLEAN, EVERYTHING, MIXED, SKETCH, UPDATE, report

SCHEMA = Path(__file__).parents[2] / "docs" / "plan-output.schema.json"


def strict(schema: Any) -> Any:
    """The schema without room for fields that it does not name: readers have it, the docs must not."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {"additionalProperties": False} if "properties" in schema and "type" in schema else {}
    return {name: strict(one) for name, one in schema.items()} | closed


VALIDATOR = jsonschema.Draft202012Validator(strict(json.loads(SCHEMA.read_text())))


def check(document: Document) -> None:
    found = json.loads(dump({"version": VERSION, **document}, Output.JSON))
    part = VALIDATOR.evolve(schema={**VALIDATOR.schema, "oneOf": [{"$ref": f"#/$defs/{found['kind'].lower()}"}]})
    assert [] == [f"{error.json_path}: {error.message}" for error in part.iter_errors(found)]


def plans() -> st.SearchStrategy[Plan]:
    """Plans with any part of one that has everything."""

    def some(items: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
        return st.lists(st.sampled_from(items), unique_by=id).map(tuple)

    parts = {name: some(getattr(EVERYTHING, name)) for name in ("changes", "workloads", "refusals", "unknowns")}
    rest = {name: some(getattr(EVERYTHING, name)) for name in ("waiting", "settled", "orphans", "untouchable")}
    return st.builds(Plan, **parts, **rest, blind=st.sampled_from([None, EVERYTHING.blind]))


def writes(changes: tuple[Change, ...]) -> list[Write]:
    results = [*Result] * len(changes)
    return [Write(one, result, message=str(result)) for one, result in zip(changes, results, strict=False)]


@pytest.mark.parametrize("plan", [EVERYTHING, CLEAN, SKETCH, Plan()])
def test_plans_are_as_the_schema_says(plan: Plan) -> None:
    """Every field of a plan's document is described, and every described field is there."""
    check(plan_document(plan, "folder out"))


@given(plans())
def test_any_plan_is_as_the_schema_says(plan: Plan) -> None:
    """So is any mixture of their parts, as a plan and as a report."""
    check(plan_document(plan, "folder out"))
    check(report_document(report(plan, *writes(plan.applied_changes)), "folder out"))


def test_reports_are_as_the_schema_says() -> None:
    """A report with all results and failures of both sorts."""
    check(report_document(MIXED, "folder out"))


def test_ids_are_stable() -> None:
    """Ids are made of kind, namespace and name, and of nothing else."""
    document = plan_document(SKETCH, "folder out")
    ids = [one["id"] for part in ("changes", "restarts", "refusals", "unknowns") for one in document[part]]
    expected = [
        "Secret/payments/stripe-api-key",
        "Secret/web/session-keys",
        "Deployment/web/frontend",
        "Secret/web/legacy",
        "Secret/data/warehouse",
    ]
    assert expected == ids


def test_keys_of_a_condensed_note_are_null() -> None:
    """`*` of the plan is no name of a key."""
    restarts = plan_document(EVERYTHING, "folder out")["restarts"]
    assert [["SIGNING_KEY"], None, ["SIGNING_KEY"]] == [one["because"][0]["keys"] for one in restarts]


def test_yaml_holds_the_same_as_json() -> None:
    """The two forms differ in nothing but their syntax."""
    document = plan_document(EVERYTHING, "folder out")
    assert json.loads(dump(document, Output.JSON)) == yaml.safe_load(dump(document, Output.YAML))


def test_exit_code_is_that_of_the_command() -> None:
    """Scripts that keep the document need not keep the code."""
    assert (2, 1) == (
        plan_document(Plan(changes=(UPDATE,)), "")["exitCode"],
        plan_document(EVERYTHING, "")["exitCode"],
    )


@pytest.mark.parametrize("output", [Output.JSON, Output.YAML])
def test_values_are_never_in_it(output: Output) -> None:
    """Names of keys, never what they hold."""
    text = dump(plan_document(EVERYTHING, ""), output) + dump(report_document(MIXED, ""), output)
    assert CANARY not in text
