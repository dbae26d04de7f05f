"""What a pass came to for each declaration."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.daemon.outcomes import SYNCED, Outcome, State, outcomes, silent_store
from syncd.errors import Failure
from syncd.model import CreationPolicy, DeletionPolicy, ObjectName
from syncd.reconcile.apply import Applied, Result, Write
from syncd.reconcile.holds import Absences, pause
from syncd.reconcile.plan import Plan
from syncd.reconcile.report import Report, Round
from syncd.reconcile.restart import Restarted
from tests.reconcile.build import NAME, OURS, planned, policy, there, unknown, wanted

OTHER = ObjectName("shop", "other")
STORE = "SecretStore/shop/vault"


def of(plan: Plan, *writes: Write) -> Outcome:
    """For the declaration NAME, of the Secret NAME."""
    return outcomes(Report((Round(plan, Applied(writes=writes), Restarted()),)), {NAME: NAME})[NAME]


def update() -> Plan:
    return planned(wanted({"KEY": "2"}), there({"KEY": "1"}, OURS))


def test_what_is_in_step_is_synced() -> None:
    """Nothing had to be written."""
    assert SYNCED == of(planned(wanted({"KEY": "1"}), there({"KEY": "1"}, OURS)))


def test_what_was_written_is_synced() -> None:
    """The write is done."""
    plan = update()
    assert SYNCED == of(plan, Write(plan.changes[0], Result.DONE))


def test_what_a_store_did_not_say_has_failed() -> None:
    """With the store's reason, and whether it may pass."""
    plan = planned(replace(unknown(), retry_after=7.0, stores=(STORE,)))
    expected = Outcome(State.FAILED, "timed out", "", Failure.TIMEOUT, passing=True, retry_after=7.0, stores=(STORE,))
    assert expected == of(plan)


def test_what_is_denied_does_not_pass() -> None:
    """A person must act."""
    assert not of(planned(replace(unknown(), failure=Failure.DENIED))).passing


def test_a_refusal_is_one() -> None:
    """Somebody else's Secret."""
    assert State.REFUSED is of(planned(wanted({"KEY": "2"}), there({"KEY": "1"}))).state


@pytest.mark.parametrize("result", [Result.FAILED, Result.CONFLICT, Result.SKIPPED])
def test_a_write_that_was_not_made_has_failed(result: Result) -> None:
    """It is tried again."""
    plan = update()
    outcome = of(plan, Write(plan.changes[0], result, message="no answer"))
    assert (State.FAILED, True, True) == (outcome.state, outcome.passing, "no answer" in outcome.reason)


def test_what_an_end_interrupted_has_not_failed() -> None:
    """It has no outcome; what was written has."""
    plan = update()
    done, skipped = Write(plan.changes[0], Result.DONE), Write(plan.changes[0], Result.SKIPPED, message="interrupted")
    reports = [Report((Round(plan, Applied(writes=(one,)), Restarted()),), interrupted=True) for one in (done, skipped)]
    assert [{NAME: SYNCED}, {}] == [outcomes(report, {NAME: NAME}) for report in reports]


def test_a_pause_is_no_failure() -> None:
    """It is said."""
    outcome = of(pause(update(), writes=True, restarts=False, namespaces={}))
    assert (State.PAUSED, True) == (outcome.state, outcome.fine)


def test_an_absence_that_is_not_confirmed_is_no_failure() -> None:
    """It is looked at again."""
    plan = planned(wanted(None, policy(CreationPolicy.OWNER, DeletionPolicy.DELETE)), there({"KEY": "1"}, OURS))
    held, _ = Absences().hold(plan, [NAME], 1)
    assert State.UNCONFIRMED is of(held).state


def test_a_store_that_answers_nobody_is_silent() -> None:
    """When it is the only one, and all failed at it in a way that passes."""
    failed = Outcome(State.FAILED, "no answer", passing=True, stores=(STORE,))
    assert STORE == silent_store({NAME: failed, OTHER: failed}, (STORE,))
    assert "" == silent_store({NAME: failed, OTHER: SYNCED}, (STORE,))
    assert "" == silent_store({NAME: replace(failed, passing=False)}, (STORE,))
    assert "" == silent_store({NAME: failed}, (STORE, "SecretStore/shop/other"))
