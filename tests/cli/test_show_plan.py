"""The text of a plan."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from syncd.cli.show_plan import plan_text
from syncd.model import NamespaceWorkloads, ObjectName, TargetKind, Unreadable
from syncd.reconcile.changes import Action, Orphan, Settled
from syncd.reconcile.plan import Plan
from tests.cli.plans import (
    BLIND,
    CANARY,
    CLEAN,
    EVERYTHING,
    GUARDED,
    PAUSED,
    PRUNE,
    RELABEL,
    SKETCH,
    UPDATE,
    WAITING,
    change,
    name,
    owed,
    secret,
    stream,
    using,
)


def text(plan: Plan, **more: bool) -> str:
    return plan_text(plan, stream(**more))


def test_looks_as_sketched() -> None:
    """Secrets by name with the names of their keys, then workloads, then the summary; columns are aligned."""
    expected = """\
  ? data/warehouse           unknown  store `vault-eu`: timed out after 10 s
  + payments/stripe-api-key  create   it does not exist
      + STRIPE_KEY           (sensitive value)
  ! web/legacy               refuse   exists and is not managed by syncd
      hint: `--adopt` takes it over and replaces its data
  ~ web/session-keys         update   content differs
      ~ SIGNING_KEY          (sensitive value)
      - OLD_KEY

  ↻ web/deployment/frontend  restart  uses web/session-keys: SIGNING_KEY

Plan: 1 to create, 1 to update, 0 to delete, 1 restart; 1 refused, 1 unknown
"""
    assert expected == text(SKETCH)


def test_says_that_nothing_changes() -> None:
    """A clean plan is one line with the number of Secrets."""
    assert "No changes. 2 Secrets are in step with their stores.\n" == text(CLEAN)


def test_one_secret_is_singular() -> None:
    """One Secret is not said to be several."""
    assert "No changes. 1 Secret is in step with its stores.\n" == text(replace(CLEAN, settled=CLEAN.settled[:1]))


def test_a_clean_plan_tells_configmaps_from_secrets() -> None:
    """What is written may be either."""
    config = Settled(ObjectName("web", "c", TargetKind.CONFIG_MAP), name("web/c"))
    assert "No changes. 1 ConfigMap is in step with its stores.\n" == text(Plan(settled=(config,)))
    both = replace(CLEAN, settled=(*CLEAN.settled, config))
    assert "No changes. 2 Secrets and 1 ConfigMap are in step with their stores.\n" == text(both)


def test_nothing_declared() -> None:
    """A plan of no declarations does not boast of Secrets in step."""
    assert "No changes. No Secrets are declared.\n" == text(Plan())


def test_notes_alone_are_no_change() -> None:
    """A workload that only gets its first note is not shown."""
    assert text(CLEAN) == text(replace(CLEAN, workloads=(owed(keys=""),)))


def test_keeps_are_shown_with_their_reason() -> None:
    """A Secret that stays although the store has nothing is named, and counted as no change."""
    plan = replace(CLEAN, settled=(Settled(name("web/kept"), name("web/kept"), "kept by deletionPolicy Retain"),))
    expected = (
        "  = web/kept  keep  kept by deletionPolicy Retain\n\nNo changes. 0 Secrets are in step with their stores.\n"
    )
    assert expected == text(plan)


def test_pauses_are_shown_and_not_counted_as_changes() -> None:
    """`⏸` marks what is planned and not applied."""
    plan = Plan(changes=(PAUSED,), workloads=(owed(paused="paused until 2030-01-01T00:00:00Z"),))
    expected = """\
  ⏸ web/waits                paused  create, paused: it does not exist

  ⏸ web/deployment/frontend  paused  restart, paused until 2030-01-01T00:00:00Z: uses web/session-keys: SIGNING_KEY

Plan: 0 to create, 0 to update, 0 to delete, 0 restarts; 2 paused
"""
    assert expected == text(plan)


def test_metadata_changes_name_what_changes() -> None:
    """An update without keys says which label or annotation it is about."""
    assert "  ~ web/tls  update  metadata differs: label team\n" in text(Plan(changes=(RELABEL,)))


def test_prunes_count_as_deletes() -> None:
    """What `--prune` deletes is shown as a deletion, with its keys."""
    expected = """\
  - web/pruned  prune  no declaration asks for it any more
      - a

Plan: 0 to create, 0 to update, 1 to delete, 0 restarts
"""
    assert expected == text(Plan(changes=(PRUNE,)))


def test_waiting_changes_say_why() -> None:
    """An update that must not be made yet is an unknown with its hint."""
    shown = text(Plan(waiting=(WAITING,)))
    assert "  ? web/held  wait  who uses it is unknown: not allowed\n      hint: grant list on deployments\n" in shown
    assert shown.endswith("; 1 waiting\n")


def test_unknown_restarts_are_said() -> None:
    """Without the fingerprint key no restart can be decided, and that is shown."""
    shown = text(replace(CLEAN, blind=BLIND))
    assert "  ? restart: unknown  Secret `syncd/syncd-key` cannot be read\n      hint: grant get on it\n" in shown
    assert "No changes" not in shown


def test_restarts_without_keys_name_the_secret() -> None:
    """A condensed note cannot say which key changed; the Secret is named alone."""
    assert "  ↻ web/deployment/any  restart  uses web/session-keys\n" in text(Plan(workloads=(owed("web/any", "*"),)))


def test_workloads_to_restart_by_hand() -> None:
    """A workload that must not be edited is named when a Secret that it uses changes."""
    chart = using("web/chart", "session-keys", untouchable="holds Helm braces", location="chart.yaml:1")
    plan = Plan(changes=(UPDATE,), untouchable=(chart,), users={"web": NamespaceWorkloads((chart,))})
    assert (
        "  ! web/deployment/chart  by hand  uses web/session-keys, and syncd cannot restart it: holds Helm braces\n"
        in text(plan)
    )


def test_untouchable_workloads_are_silent_without_a_change() -> None:
    """A workload that must not be edited is no news while its Secrets stay as they are."""
    chart = using("web/chart", "session-keys", untouchable="holds Helm braces", location="chart.yaml:1")
    assert text(CLEAN) == text(replace(CLEAN, untouchable=(chart,)))


def test_orphans_are_named_with_the_way_out() -> None:
    """Orphans are kept and shown; a long list is cut."""
    plan = replace(CLEAN, orphans=tuple(Orphan(name(f"web/o{index}"), "") for index in range(7)))
    shown = text(plan)
    assert shown.startswith("7 orphaned, kept although no declaration asks for it: ")
    assert "web/o4 and 2 more\nhint: `--prune` deletes what is orphaned\n" in shown


def test_hints_that_rows_share_are_said_once() -> None:
    """A guard's refusal of many Secrets does not repeat its hint."""
    refusals = tuple(replace(GUARDED, name=name(f"web/m{index}")) for index in range(3))
    assert 1 == text(Plan(refusals=refusals)).count("hint:")


def test_ascii_when_the_terminal_knows_no_other() -> None:
    """The output stays readable where the encoding lacks the signs."""
    shown = text(replace(SKETCH, changes=(*SKETCH.changes, PAUSED)), unicode=False)
    assert shown.isascii()
    assert "  @ web/deployment/frontend" in shown
    assert "  | web/waits" in shown


def test_colours_do_not_shift_columns() -> None:
    """The same text stands there with colours and without."""
    assert text(SKETCH) == re.sub(r"\x1b\[[0-9;]*m", "", text(SKETCH, color=True))
    assert "\x1b[" in text(SKETCH, color=True)


@pytest.mark.parametrize("hostile", ["a\x1b[2Jb", "a\nError: b", "a\u202eb", "[red]a[/red]"])
def test_names_cannot_steer_the_terminal(hostile: str) -> None:
    """Control characters of names, keys and reasons are shown as escapes; markup means nothing."""
    one = change(Action.CREATE, None, secret(f"web/{hostile}", hostile), reason=hostile)
    shown = text(Plan(changes=(one,)))
    assert 4 == len(shown.splitlines())
    assert not any(char in shown for char in "\x1b\u202e")
    assert "[red]" in shown or "[red]" not in hostile


@pytest.mark.parametrize("plan", [EVERYTHING, SKETCH])
def test_values_are_never_shown(plan: Plan) -> None:
    """Names of keys, never what they hold."""
    assert CANARY not in text(plan)


def test_unreadable_users_do_not_break_the_text() -> None:
    """Workloads of a namespace that cannot be read are simply not there."""
    assert "update" in text(Plan(changes=(UPDATE,), users={"web": Unreadable("no right")}))
