"""`make_plan`, row by row of the table in its docstring; row 26 stands in `test_plan_immutable`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syncd.model import (
    MANAGED,
    OWNER,
    WROTE,
    CreationPolicy,
    DeletionPolicy,
    Metadata,
    Missing,
    NamespaceWorkloads,
    ObjectName,
    Policy,
    Present,
    Refresh,
    RefreshMode,
    RestartMode,
    SecretObject,
    Unreadable,
)
from syncd.reconcile.changes import Action
from syncd.reconcile.plan import Plan
from tests.reconcile.build import (
    NAME,
    OURS,
    RULES,
    after,
    controlled,
    planned,
    policy,
    there,
    unknown,
    used_by,
    users_after,
    values,
    wanted,
    workload,
)

MERGE = policy(CreationPolicy.MERGE)
ORPHAN = policy(CreationPolicy.ORPHAN)
DELETE = policy(deletion=DeletionPolicy.DELETE)
NOON = datetime(2031, 1, 1, 12, tzinfo=UTC)
DENIED = Unreadable("secrets is forbidden", hint="grant get")


def only_change(plan: Plan) -> SecretObject | None:
    [change] = plan.changes
    return change.after


def test_row_1_unknown_writes_nothing() -> None:
    """An unknown answer never changes what is there."""
    plan = planned(unknown(), there({"A": "1"}, OURS))
    assert ((), 1) == (plan.changes, len(plan.unknowns))


def test_row_2_a_secret_that_cannot_be_read_is_unknown() -> None:
    """A denied read of the target is never taken for a missing Secret."""
    plan = planned(wanted({"A": "1"}), DENIED)
    assert ((), "secrets is forbidden") == (plan.changes, plan.unknowns[0].reason)


def test_row_3_policy_none_writes_nothing() -> None:
    """creationPolicy None never writes."""
    plan = planned(wanted({"A": "1"}, policy(CreationPolicy.NONE)))
    assert ((), "creationPolicy None writes nothing") == (plan.changes, plan.settled[0].remark)


def test_row_4_merge_waits_for_the_secret() -> None:
    """Merge creates nothing."""
    plan = planned(wanted({"A": "1"}, MERGE))
    assert ((), "creationPolicy Merge waits for the Secret to exist") == (plan.changes, plan.settled[0].remark)


@pytest.mark.parametrize(
    ("creation", "owner", "label"),
    [
        (CreationPolicy.OWNER, OURS, "true"),
        (CreationPolicy.ORPHAN, OURS, None),
        (CreationPolicy.CREATE_OR_MERGE, None, None),
    ],
)
def test_row_5_a_missing_secret_is_created(creation: CreationPolicy, owner: str | None, label: str | None) -> None:
    """Owner marks the Secret for pruning too, Orphan as its own only, CreateOrMerge not at all."""
    made = only_change(planned(wanted({"A": "1"}, policy(creation))))
    assert made is not None
    assert (values({"A": "1"}), owner, label) == (made.data, made.annotations.get(OWNER), made.labels.get(MANAGED))


def test_row_6_an_equal_secret_is_settled() -> None:
    """Unchanged data costs no write."""
    assert () == planned(wanted({"A": "1"}), there({"A": "1"}, OURS)).changes


def test_row_7_a_secret_that_differs_is_updated_and_its_users_restart() -> None:
    """The change names the keys that come, change and go, and the workload that uses one of them restarts."""
    plan = planned(wanted({"A": "2", "C": "3"}), there({"A": "1", "B": "1"}, OURS), used_by(workload(key="A")))
    [change] = plan.changes
    assert (("C",), ("A",), ("B",)) == (change.keys.added, change.keys.changed, change.keys.removed)
    assert [{NAME: frozenset({"A"})}] == [one.because for one in plan.restarts]


def test_row_8_an_update_waits_when_its_users_are_unreadable() -> None:
    """Who cannot see the users must not rotate under them."""
    plan = planned(wanted({"A": "2"}), there({"A": "1"}, OURS), {NAME.namespace: DENIED})
    assert ((), "grant get") == (plan.changes, plan.waiting[0].hint)


def test_row_8_a_create_proceeds_when_users_are_unreadable() -> None:
    """A Secret that comes into being restarts nobody, so nobody need be seen."""
    plan = planned(wanted({"A": "2"}), Missing(), {NAME.namespace: DENIED})
    assert [Action.CREATE] == [change.action for change in plan.changes]


def test_row_8_an_update_proceeds_when_restarts_are_off() -> None:
    """Without restarts the users do not matter."""
    off = policy(restart=RestartMode.OFF)
    plan = planned(wanted({"A": "2"}, off), there({"A": "1"}, OURS), {NAME.namespace: DENIED})
    assert [Action.UPDATE] == [change.action for change in plan.changes]


def test_row_8_a_pull_secret_waits_when_service_accounts_are_unreadable() -> None:
    """Service accounts may hand image pull secrets to pods that name none."""
    docker = "kubernetes.io/dockerconfigjson"
    users = {NAME.namespace: NamespaceWorkloads((), pull_secrets=DENIED)}
    old, new = {".dockerconfigjson": "{}"}, {".dockerconfigjson": '{"auths": {}}'}
    plan = planned(wanted(new, type=docker), there(old, OURS, type=docker), users)
    assert ((), 1) == (plan.changes, len(plan.waiting))


def test_row_9_another_type_is_refused() -> None:
    """The API server does not change a Secret's type; deleting it is the user's decision."""
    plan = planned(wanted({"A": "1"}), there({"A": "1"}, OURS, type="kubernetes.io/basic-auth"))
    assert ((), True) == (plan.changes, "type" in plan.refusals[0].reason)


def test_row_10_an_immutable_secret_is_left_alone_when_the_policy_says_immutable() -> None:
    """The difference is told, and nothing fails."""
    plan = planned(wanted({"A": "2"}, policy(immutable=True)), there({"A": "1"}, OURS, immutable=True))
    assert ((), (), "immutable: its content differs from the store's") == (
        plan.changes,
        plan.refusals,
        plan.settled[0].remark,
    )


def test_row_10_an_immutable_secret_is_refused_otherwise() -> None:
    """Somebody made it immutable; the declaration wants other content."""
    plan = planned(wanted({"A": "2"}), there({"A": "1"}, OURS, immutable=True))
    assert ((), 1) == (plan.changes, len(plan.refusals))


def test_row_11_equal_content_is_adopted() -> None:
    """Taking over an equal Secret writes our marks and nothing else, and restarts nobody."""
    plan = planned(wanted({"A": "1"}), there({"A": "1"}), used_by(workload(key="A")))
    [change] = plan.changes
    patch = change.patch()
    assert (Action.ADOPT, {}, {OWNER: OURS}, ()) == (
        change.action,
        patch.set_data,
        patch.set_annotations,
        plan.restarts,
    )


def test_row_12_a_foreign_secret_is_refused() -> None:
    """Nothing is taken over silently."""
    plan = planned(wanted({"A": "1"}), there({"A": "theirs"}))
    assert ((), "exists and is not managed by syncd") == (plan.changes, plan.refusals[0].reason)


def test_row_12_adopt_takes_it_over() -> None:
    """`--adopt` gives the reference's behaviour: the data is replaced, foreign labels stay."""
    foreign = there({"A": "theirs", "B": "theirs"}, labels={"team": "x"})
    made = only_change(planned(wanted({"A": "1"}), foreign, rules=replace(RULES, adopt=True)))
    assert made is not None
    assert (values({"A": "1"}), {"team": "x", MANAGED: "true"}) == (made.data, made.labels)


def test_row_13_orphan_takes_over_by_policy() -> None:
    """creationPolicy Orphan says so itself."""
    made = only_change(planned(wanted({"A": "1"}, ORPHAN), there({"A": "theirs"})))
    assert made is not None
    assert values({"A": "1"}) == made.data


@pytest.mark.parametrize("adopt", [False, True])
def test_row_14_another_controllers_secret_is_refused(adopt: bool) -> None:
    """While another controller writes it, not even `--adopt` takes it."""
    plan = planned(wanted({"A": "1"}), controlled({"A": "theirs"}), rules=replace(RULES, adopt=adopt))
    assert ((), True) == (plan.changes, "SealedSecret app" in plan.refusals[0].reason)


@pytest.mark.parametrize("owner", ["default/files/shop/other", "another/files/shop/stripe"])
def test_row_15_another_declarations_secret_is_refused(owner: str) -> None:
    """Neither a living declaration of ours nor another installation loses its Secret, even when it is equal."""
    plan = planned(wanted({"A": "1"}), there({"A": "1"}, owner), rules=replace(RULES, adopt=True))
    assert ((), f"belongs to `{owner}`") == (plan.changes, plan.refusals[0].reason)


def test_row_15_a_renamed_declaration_takes_its_equal_secret_along() -> None:
    """The old owner is gone and the content is the same: only the mark changes."""
    plan = planned(wanted({"A": "1"}), there({"A": "1"}, "default/files/shop/old-name"))
    [change] = plan.changes
    assert (OURS, ()) == (change.after.annotations[OWNER] if change.after else "", plan.restarts)


def test_row_15_a_secret_that_its_declaration_left_can_be_taken_over() -> None:
    """Its owner has another target now."""
    rules = replace(RULES, adopt=True, declared={"default/files/shop/other": ObjectName("shop", "elsewhere")})
    plan = planned(wanted({"A": "1"}), there({"A": "2"}, "default/files/shop/other"), rules=rules)
    assert [Action.UPDATE] == [change.action for change in plan.changes]


def test_row_16_merged_keys_that_are_equal_are_settled() -> None:
    """After a merge there is nothing to do."""
    first = planned(wanted({"A": "1"}, MERGE), there({"theirs": "x"}))
    assert () == planned(wanted({"A": "1"}, MERGE), after(first, {})[NAME]).changes


def test_row_17_merge_writes_its_keys_and_leaves_the_others() -> None:
    """Foreign keys stay, a colliding key is overwritten, and the Secret does not become ours."""
    made = only_change(planned(wanted({"A": "1"}, MERGE), there({"A": "old", "theirs": "x"})))
    assert made is not None
    assert (values({"A": "1", "theirs": "x"}), None) == (made.data, made.annotations.get(OWNER))


def test_row_17_merge_takes_away_keys_that_it_wrote_and_wants_no_more() -> None:
    """What it wrote is noted on the Secret, so that a renamed key does not stay behind."""
    first = after(planned(wanted({"A": "1"}, MERGE), there({"theirs": "x"})), {})[NAME]
    made = only_change(planned(wanted({"B": "1"}, MERGE), first))
    assert made is not None
    assert values({"B": "1", "theirs": "x"}) == made.data


def test_row_18_two_merges_of_one_key_are_refused() -> None:
    """The first, by name, has it; the other is told instead of both overwriting each other for ever."""
    other = wanted(
        {"A": "2", "B": "2"}, MERGE, declaration=ObjectName("shop", "other"), owner="default/files/shop/other"
    )
    plan = planned([wanted({"A": "1"}, MERGE), other], there({"theirs": "x"}))
    assert "key `A` is written by `default/files/shop/other` too" == plan.refusals[0].reason


def test_row_19_retain_keeps_what_the_store_has_no_more() -> None:
    """An empty `find` never removes anything."""
    assert () == planned(wanted(None), there({"A": "1"}, OURS)).changes


def test_row_20_delete_of_what_is_not_there_is_settled() -> None:
    """There is nothing to delete."""
    assert () == planned(wanted(None, DELETE), Missing()).changes


def test_row_21_delete_removes_our_secret() -> None:
    """deletionPolicy Delete deletes the Secret when the stores certainly have nothing."""
    assert [Action.DELETE] == [c.action for c in planned(wanted(None, DELETE), there({"A": "1"}, OURS)).changes]


@pytest.mark.parametrize(("creation", "owner"), [(CreationPolicy.OWNER, ""), (CreationPolicy.ORPHAN, OURS)])
def test_row_22_a_foreign_secret_is_never_deleted(creation: CreationPolicy, owner: str) -> None:
    """Delete is for the owner only, and Orphan is none."""
    plan = planned(wanted(None, policy(creation, DeletionPolicy.DELETE)), there({"A": "1"}, owner))
    assert ((), 1) == (plan.changes, len(plan.refusals))


def made_by(how: Policy, data: Mapping[str, str] | None = None, *, now: datetime = NOON) -> Present:
    """The Secret as a declaration with this policy has made it."""
    found = after(planned(wanted(data or {"A": "1"}, how), rules=replace(RULES, now=now)), {})[NAME]
    assert isinstance(found, Present)
    return found


def refreshed(mode: RefreshMode, declared: str = "d1", every: float = 0) -> Policy:
    return Policy(refresh=Refresh(mode, declared, every, "refreshPolicy"))


@pytest.mark.parametrize(
    ("before", "now", "changes"),
    [
        (refreshed(RefreshMode.ONCE, ""), refreshed(RefreshMode.ONCE, ""), 0),
        (refreshed(RefreshMode.ALWAYS, ""), refreshed(RefreshMode.ONCE, ""), 0),
        (refreshed(RefreshMode.ON_CHANGE), refreshed(RefreshMode.ON_CHANGE), 0),
        (refreshed(RefreshMode.ON_CHANGE), refreshed(RefreshMode.ON_CHANGE, "d2"), 1),
        (refreshed(RefreshMode.ALWAYS, ""), refreshed(RefreshMode.ON_CHANGE), 1),
        (refreshed(RefreshMode.ONCE, ""), refreshed(RefreshMode.ALWAYS, ""), 1),
    ],
)
def test_row_23_what_need_not_be_made_anew_is_settled(before: Policy, now: Policy, changes: int) -> None:
    """Once it was written, CreatedOnce never writes again, and OnChange when the declaration has changed."""
    assert changes == len(planned(wanted({"A": "2"}, now), made_by(before)).changes)


@pytest.mark.parametrize(
    ("every", "later", "changes"),
    [(3600, 3539, 0), (3600, 3540, 1), (0, 10**9, 0), (1e30, 10**9, 0)],
)
def test_row_23_generated_values_are_kept_until_they_are_due(every: float, later: int, changes: int) -> None:
    """The moment at which they were made is noted on the Secret."""
    how = refreshed(RefreshMode.DUE, every=every)
    rules = replace(RULES, now=NOON + timedelta(seconds=later))
    assert changes == len(planned(wanted({"A": "2"}, how), made_by(how), rules=rules).changes)


def test_row_23_a_foreign_secret_was_not_made_once() -> None:
    """CreatedOnce says nothing of what others wrote: it is refused, or taken over, as ever."""
    assert 1 == len(planned(wanted({"A": "2"}, refreshed(RefreshMode.ONCE)), there({"A": "1"})).refusals)


def test_row_23_a_store_that_fails_does_not_matter_to_what_is_kept() -> None:
    """Nothing was needed from it."""
    plan = planned(unknown(how=refreshed(RefreshMode.ONCE)), there({"A": "1"}, OURS))
    assert ((), "refreshPolicy: it was made once") == (plan.unknowns, plan.settled[0].remark)


def test_row_23_a_merged_share_is_made_once() -> None:
    """What a merge wrote is known by its keys."""
    once = replace(MERGE, refresh=Refresh(RefreshMode.ONCE))
    first = after(planned(wanted({"A": "1"}, once), there({"theirs": "x"})), {})[NAME]
    assert () == planned(wanted({"A": "2"}, once), first).changes


def test_row_25_keys_that_the_type_needs_are_not_taken_away() -> None:
    """A declaration that names no type gets the Secret's, and the API server would refuse its keys."""
    tls = there({"tls.crt": "c", "tls.key": "k"}, OURS, type="kubernetes.io/tls")
    plan = planned(wanted({"A": "1"}, type=""), tls)
    reason = "type `kubernetes.io/tls` needs the key `tls.crt` and `tls.key`, and its type cannot be changed"
    assert ((), reason) == (plan.changes, plan.refusals[0].reason)


def test_owner_and_merge_on_one_secret_make_one_change() -> None:
    """The owner keeps keys that others merge, so the two do not undo each other."""
    other = wanted({"B": "2"}, MERGE, declaration=ObjectName("shop", "other"), owner="default/files/shop/other")
    both = [other, wanted({"A": "1"})]
    first = planned(both)
    assert values({"A": "1", "B": "2"}) == getattr(only_change(first), "data", None)
    assert () == planned(both, after(first, {})[NAME]).changes


def test_a_key_that_both_have_is_the_merges_and_settles() -> None:
    """What the owner would write the merge would write again, so there is nothing to do."""
    other = wanted({"A": "2"}, MERGE, declaration=ObjectName("shop", "other"), owner="default/files/shop/other")
    both = [other, wanted({"A": "1"})]
    plan = planned(both, after(planned(both), {})[NAME])
    assert ((), 2) == (plan.changes, len(plan.settled))


def test_labels_that_a_declaration_drops_are_removed() -> None:
    """Only what it wrote itself goes; foreign labels stay."""
    first = after(planned(wanted({"A": "1"}, metadata=Metadata(labels={"tier": "db"})), Missing()), {})[NAME]
    assert isinstance(first, Present)
    foreign = Present(replace(first.secret, labels={**first.secret.labels, "team": "x"}))
    made = only_change(planned(wanted({"A": "1"}), foreign))
    assert made is not None
    assert ({"team": "x", MANAGED: "true"}, False) == (made.labels, WROTE in made.annotations)


def test_a_paused_declaration_is_planned_and_its_users_do_not_restart() -> None:
    """It is shown; nothing is written and nothing restarts."""
    plan = planned(wanted({"A": "2"}, paused="paused"), there({"A": "1"}, OURS), used_by(workload(key="A")))
    assert (1, (), ()) == (len(plan.changes), plan.applied_changes, plan.restarts)


def test_without_fingerprint_keys_an_update_waits_for_users_without_a_note() -> None:
    """A baseline cannot be written, so the restart would be lost."""
    plan = planned(
        wanted({"A": "2"}), there({"A": "1"}, OURS), used_by(workload(key="A")), keyring=Unreadable("forbidden")
    )
    assert ((), 1, "forbidden") == (plan.changes, len(plan.waiting), plan.blind.reason if plan.blind else "")


def test_without_fingerprint_keys_an_update_proceeds_when_its_users_have_notes() -> None:
    """The note tells whoever has the key that a restart is owed."""
    noted = users_after(planned(wanted({"A": "1"}), there({"A": "1"}, OURS), used_by(workload(key="A"))))
    plan = planned(wanted({"A": "2"}), there({"A": "1"}, OURS), noted, keyring=Unreadable("forbidden"))
    assert ([Action.UPDATE], ()) == ([change.action for change in plan.changes], plan.workloads)
