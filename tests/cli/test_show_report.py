"""The text of a report, and the errors beside it."""

from __future__ import annotations

from dataclasses import replace

from syncd.cli.failures import Trouble, of_report, without_repeats
from syncd.cli.show_report import report_text
from syncd.model import NamespaceWorkloads
from syncd.reconcile.apply import NoteWrite, Result, Write
from syncd.reconcile.plan import Plan
from syncd.reconcile.report import Report
from tests.cli.plans import (
    ADOPT,
    CANARY,
    CLEAN,
    CREATE,
    DELETE,
    EVERYTHING,
    MIXED,
    PAUSED,
    PRUNE,
    RELABEL,
    UPDATE,
    done,
    owed,
    report,
    stream,
    using,
)


def text(one: Report) -> str:
    return report_text(one, stream())


def errors(one: Report) -> list[str]:
    return [trouble.message for trouble in of_report(one)]


def test_one_line_for_each_change_and_a_summary() -> None:
    """Changes by name, then restarts, then the numbers."""
    plan = Plan(changes=(CREATE, UPDATE, RELABEL, ADOPT, DELETE, PRUNE))
    writes = [done(one) for one in plan.changes]
    expected = """\
  + payments/stripe-api-key  created    it does not exist
  ~ web/adopted              adopted    content is equal already
  - web/gone                 deleted    the store has nothing for it
  - web/pruned               deleted    no declaration asks for it any more
  ~ web/session-keys         updated    SIGNING_KEY, -OLD_KEY
  ~ web/tls                  updated    metadata differs: label team
  ↻ web/deployment/frontend  restarted  uses web/session-keys: SIGNING_KEY
Done: 1 created, 2 updated, 1 adopted, 2 deleted, 1 restarted
"""
    assert expected == text(report(plan, *writes, restarts=(NoteWrite(owed(), Result.DONE),)))


def test_a_clean_pass_is_one_line() -> None:
    """A pass that had nothing to do says so, as the plan does."""
    assert "No changes. 2 Secrets are in step with their stores.\n" == text(report(CLEAN))


def test_failures_are_counted_and_said_apart() -> None:
    """What was not done is no line on standard output: it is an error with where and why."""
    one = report(Plan(changes=(UPDATE,)), Write(UPDATE, Result.FAILED, message="the API server refused it", hint="ask"))
    assert "Done: 0 created, 0 updated, 0 deleted, 0 restarted; 1 failed\n" == text(one)
    assert ["shop.yaml:3: web/session-keys: not updated: the API server refused it"] == errors(one)


def test_lost_races_say_so() -> None:
    """A conflict that lasted names its cause."""
    one = report(Plan(changes=(UPDATE,)), Write(UPDATE, Result.CONFLICT, message="resourceVersion is another"))
    expected = "shop.yaml:3: web/session-keys: not updated: somebody else kept changing it: resourceVersion is another"
    assert [expected] == errors(one)


def test_restarts_that_failed() -> None:
    """A restart that did not happen is an error on the workload."""
    one = report(Plan(), restarts=(NoteWrite(owed(), Result.FAILED, "no right", "grant patch"),))
    assert ["web/deployment/frontend: not restarted: no right"] == errors(one)


def test_unknowns_refusals_and_waits_are_errors_of_a_sync() -> None:
    """Whatever kept a declaration from being in step is said with its place."""
    messages = errors(report(EVERYTHING))
    assert messages[:4] == [
        "shop.yaml:3: data/warehouse: store `vault-eu`: timed out after 10 s",
        "shop.yaml:3: web/legacy: refused: exists and is not managed by syncd",
        "shop.yaml:3: web/many: refused: too many",
        "shop.yaml:3: web/held: not updated: who uses it is unknown: not allowed",
    ]
    assert "restart: unknown: Secret `syncd/syncd-key` cannot be read" == messages[4]


def test_an_interrupted_pass_says_what_was_done() -> None:
    """Ctrl-C leaves a report of what happened and what did not."""
    skipped = Write(UPDATE, Result.SKIPPED, message="interrupted")
    one = report(Plan(changes=(CREATE, UPDATE)), done(CREATE), skipped, interrupted=True)
    assert "Interrupted: 1 created, 0 updated, 0 deleted, 0 restarted; 1 failed" == text(one).splitlines()[-1]
    assert ["shop.yaml:3: web/session-keys: not updated: interrupted"] == errors(one)


def test_pauses_are_lines_of_their_own() -> None:
    """What is paused was not done, and is no failure."""
    one = report(Plan(changes=(PAUSED,)))
    assert "  ⏸ web/waits  paused  not created: paused\n" in text(one)
    assert [] == errors(one)


def test_workloads_to_restart_by_hand() -> None:
    """After a Secret was changed, users that syncd must not edit are named."""
    chart = using("web/chart", "session-keys", untouchable="holds Helm braces")
    plan = Plan(changes=(UPDATE,), untouchable=(chart,), users={"web": NamespaceWorkloads((chart,))})
    assert "web/deployment/chart  by hand" in text(report(plan, done(UPDATE)))
    assert "by hand" not in text(report(plan, Write(UPDATE, Result.FAILED, message="no")))


def test_orphans_are_said_after_a_sync_too() -> None:
    """A sync without `--prune` tells what it left."""
    plan = replace(CLEAN, orphans=EVERYTHING.orphans)
    assert "1 orphaned, kept although no declaration asks for it: web/old\n" in text(report(plan))


def test_hints_that_failures_share_are_said_once() -> None:
    """The hint comes with the last of several failures in a line."""
    troubles = [Trouble("a", "x"), Trouble("b", "x"), Trouble("c", "y")]
    assert ["", "x", "y"] == [one.hint for one in without_repeats(troubles)]


def test_values_are_never_shown() -> None:
    """Neither lines nor errors hold a value."""
    assert CANARY not in text(MIXED) + "".join(errors(MIXED))
