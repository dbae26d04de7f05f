"""Reading and restarting workloads, as every target does it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.cluster.api import WorkloadPatch
from syncd.errors import Conflict, Rejected
from syncd.model import RESTARTED, RUNNING, Workload, WorkloadKind
from tests.cluster.lab import Account, Bench, Pod, at_once

NOTE = '{"app-secret": {"KEY": "v1:0001-aa:00ff"}, "it\'s": "ü: #"}'


def note_on(
    workload: Workload, note: str | None, *, previous: str | None = None, trigger: str | None = None
) -> WorkloadPatch:
    return WorkloadPatch(workload.name, workload.uid, previous, note, trigger)


class WorkloadConformance:
    """Reading and restarting workloads."""

    def test_workloads_of_every_kind_are_read(self, bench: Bench) -> None:
        """Name, pod spec and both sets of annotations."""
        for kind in WorkloadKind:
            bench.lab.add_workload(bench.workload_name("app", kind), Pod({"on": "it"}, {"on": "pod"}, "shared"))
        found = bench.workloads().workloads
        assert {bench.workload_name("app", kind) for kind in WorkloadKind} == {one.name for one in found}
        for one in found:
            assert "it" == one.annotations["on"]
            assert {"on": "pod"} == one.pod_annotations
            assert "shared" == one.pod_spec["containers"][0]["envFrom"][0]["secretRef"]["name"]
            assert "" == one.untouchable
            assert one.uid

    def test_workloads_of_other_namespaces_are_not_read(self, bench: Bench) -> None:
        """A namespace without workloads has none."""
        bench.deployment()
        found = bench.target.read_workloads("kube-node-lease")
        assert () == getattr(found, "workloads", None)

    def test_pull_secrets_of_service_accounts_are_read(self, bench: Bench) -> None:
        """By the name of the account."""
        bench.lab.add_account(Account("builder", ("registry", "mirror")))
        pulls = bench.workloads().pull_secrets
        assert isinstance(pulls, dict)
        assert ("registry", "mirror") == pulls["builder"]

    def test_annotations_of_a_service_account_are_read(self, bench: Bench) -> None:
        """They name the cloud role."""
        bench.lab.add_account(Account("cloudy", annotations={"example.com/role": "reader"}))
        assert "reader" == bench.target.service_account_annotations(bench.name("cloudy"))["example.com/role"]

    def test_missing_service_account_is_rejected(self, bench: Bench) -> None:
        """There is nothing to answer with."""
        with pytest.raises(Rejected):
            bench.target.service_account_annotations(bench.name("nobody"))
        with pytest.raises(Rejected):
            bench.target.service_account_token(bench.name("nobody"), ["vault"], 600)

    @pytest.mark.parametrize("kind", list(WorkloadKind))
    @pytest.mark.parametrize("annotations", [None, {"other": "1"}])
    def test_first_note_is_written(self, bench: Bench, kind: WorkloadKind, annotations: dict[str, str] | None) -> None:
        """With and without annotations before; the pod template stays as it is."""
        bench.lab.add_workload(bench.workload_name("app", kind), Pod(annotations))
        before = bench.workload(bench.workload_name("app", kind))
        bench.target.patch_workload(note_on(before, NOTE))
        after = bench.workload(before.name)
        assert NOTE == after.annotations[RUNNING]
        assert (annotations or {}).items() <= after.annotations.items()
        assert (before.pod_annotations, before.pod_spec) == (after.pod_annotations, after.pod_spec)

    def test_note_is_replaced(self, bench: Bench) -> None:
        """From one value to another."""
        workload = bench.deployment(Pod({RUNNING: "old"}))
        bench.target.patch_workload(note_on(workload, NOTE, previous="old"))
        assert NOTE == bench.workload(workload.name).annotations[RUNNING]

    def test_note_is_taken_away(self, bench: Bench) -> None:
        """Other annotations stay."""
        workload = bench.deployment(Pod({RUNNING: "old", "other": "1"}))
        bench.target.patch_workload(note_on(workload, None, previous="old"))
        after = bench.workload(workload.name).annotations
        assert (None, "1") == (after.get(RUNNING), after["other"])

    def test_only_note_is_taken_away(self, bench: Bench) -> None:
        """Where it was the only annotation, none is left."""
        workload = bench.deployment(Pod({RUNNING: "old"}))
        bench.target.patch_workload(note_on(workload, None, previous="old"))
        assert RUNNING not in bench.workload(workload.name).annotations

    @pytest.mark.parametrize("kind", list(WorkloadKind))
    @pytest.mark.parametrize("pod_annotations", [None, {"other": "1"}, {RESTARTED: "before", "other": "1"}])
    def test_restart_writes_note_and_trigger(
        self, bench: Bench, kind: WorkloadKind, pod_annotations: dict[str, str] | None
    ) -> None:
        """One patch changes both; other annotations of the template stay."""
        bench.lab.add_workload(bench.workload_name("app", kind), Pod(None, pod_annotations))
        before = bench.workload(bench.workload_name("app", kind))
        bench.target.patch_workload(note_on(before, NOTE, trigger="now/1"))
        after = bench.workload(before.name)
        assert NOTE == after.annotations[RUNNING]
        assert {**(pod_annotations or {}), RESTARTED: "now/1"} == after.pod_annotations
        assert before.pod_spec == after.pod_spec

    def test_patches_follow_each_other(self, bench: Bench) -> None:
        """Baseline, restart, restart: each on the note of the one before, without another read."""
        workload = bench.deployment()
        bench.target.patch_workload(note_on(workload, "1"))
        bench.target.patch_workload(note_on(workload, "2", previous="1", trigger="t2"))
        bench.target.patch_workload(note_on(workload, "3", previous="2", trigger="t3"))
        after = bench.workload(workload.name)
        assert ("3", "t3") == (after.annotations[RUNNING], after.pod_annotations[RESTARTED])

    def test_patch_without_a_read_before(self, bench: Bench) -> None:
        """A patch needs nothing that only a read would have left behind."""
        name = bench.workload_name("late")
        bench.lab.add_workload(name, Pod({"other": "1"}))
        uid = bench.workload(name).uid
        bench.lab.annotate(name, {"another": "2"})
        bench.target.patch_workload(WorkloadPatch(name, uid, None, "1", "t1"))
        assert "1" == bench.workload(name).annotations[RUNNING]

    @pytest.mark.parametrize("previous", [None, "other"])
    def test_changed_note_conflicts(self, bench: Bench, previous: str | None) -> None:
        """Neither note nor template is touched."""
        workload = bench.deployment(Pod({RUNNING: "theirs"}))
        with pytest.raises(Conflict):
            bench.target.patch_workload(note_on(workload, NOTE, previous=previous, trigger="now"))
        after = bench.workload(workload.name)
        assert ("theirs", {}) == (after.annotations[RUNNING], after.pod_annotations)

    @pytest.mark.parametrize("annotations", [None, {"other": "1"}])
    def test_vanished_note_conflicts(self, bench: Bench, annotations: dict[str, str] | None) -> None:
        """It is not written again."""
        workload = bench.deployment(Pod(annotations))
        with pytest.raises(Conflict):
            bench.target.patch_workload(note_on(workload, NOTE, previous="mine", trigger="now"))
        assert RUNNING not in bench.workload(workload.name).annotations

    def test_note_written_meanwhile_conflicts(self, bench: Bench) -> None:
        """Between our read and our write."""
        workload = bench.deployment()
        bench.lab.annotate(workload.name, {RUNNING: "theirs"})
        with pytest.raises(Conflict):
            bench.target.patch_workload(note_on(workload, NOTE))
        assert "theirs" == bench.workload(workload.name).annotations[RUNNING]

    def test_other_changes_do_not_conflict(self, bench: Bench) -> None:
        """Only the note counts: annotations of others may come at any time."""
        workload = bench.deployment()
        bench.lab.annotate(workload.name, {"theirs": "1"})
        bench.target.patch_workload(note_on(workload, NOTE, trigger="now"))
        after = bench.workload(workload.name)
        assert ("1", NOTE) == (after.annotations["theirs"], after.annotations[RUNNING])

    def test_one_of_many_restarts_wins(self, bench: Bench) -> None:
        """Eight at once on one note: one restart, seven conflicts."""
        workload = bench.deployment()

        def patch(number: int) -> bool:
            try:
                bench.target.patch_workload(note_on(workload, f"note {number}", trigger=f"trigger {number}"))
            except Conflict:
                return False
            return True

        won = at_once(8, patch)
        after = bench.workload(workload.name)
        assert 1 == sum(won)
        assert f"trigger {won.index(True)}" == after.pod_annotations[RESTARTED]

    def test_another_uid_conflicts(self, bench: Bench) -> None:
        """Same name, other object."""
        workload = replace(bench.deployment(), uid="6c0d5a5e-0000-4000-8000-000000000000")
        with pytest.raises(Conflict):
            bench.target.patch_workload(note_on(workload, NOTE, trigger="now"))
        assert RUNNING not in bench.workload(workload.name).annotations

    def test_removed_workload_conflicts(self, bench: Bench) -> None:
        """It is gone, which is decided again."""
        workload = bench.deployment()
        bench.lab.remove_workload(workload.name)
        with pytest.raises(Conflict):
            bench.target.patch_workload(note_on(workload, NOTE))

    def test_large_note_is_kept(self, bench: Bench) -> None:
        """16 KiB, the most that a note takes."""
        workload = bench.deployment()
        note = "{" + ", ".join(f'"secret-{number}": "v1:0001-aabbccdd:{number:032x}"' for number in range(240)) + "}"
        bench.target.patch_workload(note_on(workload, note))
        assert note == bench.workload(workload.name).annotations[RUNNING]
