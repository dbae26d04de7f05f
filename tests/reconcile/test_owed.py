"""Notes on workloads: baselines, restarts, and what they survive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from syncd.model import RUNNING, FingerprintKey, Missing, ObjectName, SecretValue, Workload
from syncd.reconcile.notes import ALL, LIMIT, Note
from syncd.reconcile.owed import Keyring, Owed, with_note
from syncd.reconcile.plan import Plan
from tests.reconcile.build import KEYRING, NAME, OURS, planned, there, used_by, users_after, values, wanted, workload


def pass_over(
    before: Mapping[str, str] | None, after: Mapping[str, str], *workloads: Workload, keyring: Keyring = KEYRING
) -> Plan:
    observed = Missing() if before is None else there(before, OURS)
    return planned(wanted(after), observed, used_by(*workloads), keyring=keyring)


def noted(data: Mapping[str, str], made: Workload) -> Workload:
    """The workload as syncd leaves it when its Secret holds this."""
    [users] = users_after(pass_over(data, data, made)).values()
    return users.workloads[0]  # type: ignore[union-attr]  # the folder of users is known here


def one(plan: Plan) -> Owed:
    [owed] = plan.workloads
    return owed


def test_a_workload_without_a_note_gets_a_baseline_and_no_restart() -> None:
    """What was observed is what its pods run with."""
    owed = one(pass_over({"A": "1"}, {"A": "1"}, workload(key="A")))
    assert (True, {}) == (owed.needs_baseline, owed.because)


def test_a_workload_without_a_note_restarts_in_the_pass_that_changes_its_key() -> None:
    """The baseline is of before the write, so the difference shows at once."""
    owed = one(pass_over({"A": "1"}, {"A": "2"}, workload(key="A")))
    assert (True, {NAME: frozenset("A")}) == (owed.needs_baseline, owed.because)


def test_a_change_of_another_key_restarts_nobody() -> None:
    """Only the keys that a workload uses count."""
    assert {} == one(pass_over({"A": "1", "B": "1"}, {"A": "1", "B": "2"}, workload(key="A"))).because


def test_a_secret_that_comes_into_being_restarts_nobody() -> None:
    """The note is written without a trigger, and without a baseline: there was nothing to take it of."""
    owed = one(pass_over(None, {"A": "1"}, workload(key="A")))
    assert (False, {}, True) == (owed.needs_baseline, owed.because, owed.final is not None)


def test_a_restart_that_was_not_made_is_still_owed() -> None:
    """The note tells of the old value although this pass changes nothing."""
    old = noted({"A": "1"}, workload(key="A"))
    assert {NAME: frozenset("A")} == one(pass_over({"A": "2"}, {"A": "2"}, old)).because


def test_a_note_that_is_up_to_date_costs_no_write() -> None:
    """No baseline, no restart, the same note."""
    owed = one(pass_over({"A": "1"}, {"A": "1"}, noted({"A": "1"}, workload(key="A"))))
    assert (False, {}, owed.previous) == (owed.needs_baseline, owed.because, owed.final)


def test_a_key_that_is_newly_used_is_baselined() -> None:
    """The deploy that added it rolled the pods."""
    changed = replace(workload(key="B"), annotations=noted({"A": "1", "B": "1"}, workload(key="A")).annotations)
    owed = one(pass_over({"A": "1", "B": "2"}, {"A": "1", "B": "2"}, changed))
    assert (True, {}) == (owed.needs_baseline, owed.because)


def test_from_one_key_to_the_whole_secret_is_no_change() -> None:
    """A deploy that turns `env` into `envFrom` rolls the pods itself."""
    changed = replace(workload(), annotations=noted({"A": "1", "B": "1"}, workload(key="A")).annotations)
    assert {} == one(pass_over({"A": "1", "B": "1"}, {"A": "1", "B": "1"}, changed)).because


def test_a_key_that_is_added_to_a_whole_secret_restarts_its_users() -> None:
    """`envFrom` shows new keys to new pods only."""
    owed = one(pass_over({"A": "1"}, {"A": "1", "B": "2"}, noted({"A": "1"}, workload())))
    assert {NAME: frozenset("B")} == owed.because


def test_a_key_that_goes_restarts_its_users() -> None:
    """Absence is a value too."""
    owed = one(pass_over({"A": "1", "B": "1"}, {"B": "1"}, noted({"A": "1", "B": "1"}, workload(key="A"))))
    assert {NAME: frozenset("A")} == owed.because


def test_a_value_that_goes_back_restarts_again() -> None:
    """1, 2, 1: each change is one restart, whatever the template says."""
    on_two = noted({"A": "2"}, noted({"A": "1"}, workload(key="A")))
    again = replace(on_two, annotations={RUNNING: on_two.annotations[RUNNING]})
    assert {NAME: frozenset("A")} == one(pass_over({"A": "2"}, {"A": "1"}, again)).because


def test_the_note_goes_with_the_last_use() -> None:
    """Only workloads in scope carry a note."""
    left = replace(workload(of="unrelated"), annotations=noted({"A": "1"}, workload(key="A")).annotations)
    owed = one(pass_over({"A": "1"}, {"A": "1"}, left))
    assert (True, None) == (owed.needs_baseline, owed.baseline)


def test_marks_of_secrets_that_this_pass_does_not_look_at_stay() -> None:
    """A sync of one declaration forgets nothing of the others."""
    both = {"s": {"A": "-"}, "stripe": {"A": "-"}}
    two = workload(key="A")
    spec = {"containers": [*two.pod_spec["containers"], *workload(of="s", key="A").pod_spec["containers"]]}
    used = with_note(replace(two, pod_spec=spec), str(Note(both)))
    assert "s" in Note.parse(one(pass_over({"A": "1"}, {"A": "1"}, used)).final or "").secrets


def test_a_broken_note_is_a_missing_note() -> None:
    """Somebody edited it: it is written anew, and nobody restarts."""
    owed = one(pass_over({"A": "1"}, {"A": "1"}, workload(key="A", note="{broken")))
    assert (True, {}) == (owed.needs_baseline, owed.because)


def test_a_note_of_a_lost_key_is_baselined_anew() -> None:
    """Whoever owns the keys writes the note again; nobody restarts for it."""
    new = Keyring((FingerprintKey("k2", SecretValue(b"another")),))
    owed = one(pass_over({"A": "1"}, {"A": "1"}, noted({"A": "1"}, workload(key="A")), keyring=new))
    assert (True, {}) == (owed.needs_baseline, owed.because)


def test_a_note_of_the_older_of_two_keys_still_counts() -> None:
    """During a rotation of the fingerprint key no note is rewritten and no change is missed."""
    both = Keyring((FingerprintKey("k2", SecretValue(b"another")), *KEYRING.keys))
    old = noted({"A": "1"}, workload(key="A"))
    same, other = (
        one(pass_over({"A": "1"}, {"A": "1"}, old, keyring=both)),
        one(pass_over({"A": "1"}, {"A": "2"}, old, keyring=both)),
    )
    assert (False, {}, {NAME: frozenset("A")}) == (same.needs_baseline, same.because, other.because)


def test_a_long_note_keeps_one_fingerprint_for_a_secret() -> None:
    """Within 16 KiB, and a change still shows."""
    many = {f"KEY_{number}": "1" for number in range(400)}
    long = noted(many, workload())
    note = long.annotations[RUNNING]
    assert (True, [ALL]) == (len(note) < LIMIT, list(Note.parse(note).secrets["stripe"]))
    assert {NAME: frozenset({ALL})} == one(pass_over(many, {**many, "KEY_1": "2"}, long)).because


def test_a_paused_workload_is_owed_its_restart() -> None:
    """The baseline is written, the restart is not."""
    paused = replace(workload(key="A"), annotations={"syncd.dev/pause": "true"})
    owed = one(pass_over({"A": "1"}, {"A": "2"}, paused))
    assert (True, False, True) == (owed.needs_baseline, owed.restarts, bool(owed.because))


def test_an_untouchable_workload_is_named_and_not_written() -> None:
    """A file with Helm braces, say."""
    left = replace(workload(key="A"), untouchable="has Helm braces")
    plan = pass_over({"A": "1"}, {"A": "2"}, left)
    assert ((), (left,)) == (plan.workloads, plan.untouchable)


def test_equal_values_of_other_secrets_have_other_fingerprints() -> None:
    """Fingerprints are bound to namespace, name and key: equal passwords do not show."""
    [key], data = KEYRING.keys, values({"A": "1"})["A"]
    other = ObjectName(NAME.namespace, "other")
    assert 3 == len(
        {key.fingerprint(NAME, "A", data), key.fingerprint(NAME, "B", data), key.fingerprint(other, "A", data)}
    )
