"""What holds for every plan, whatever is desired, observed and used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from syncd.model import (
    OWNER,
    CreationPolicy,
    DeletionPolicy,
    Desired,
    Missing,
    ObjectName,
    Observed,
    OwnerReference,
    Policy,
    Present,
    Refresh,
    RefreshMode,
    RestartMode,
    Unknown,
    Unreadable,
    Workload,
)
from tests.reconcile.build import OURS, RULES, after, planned, there, unknown, used_by, users_after, wanted, workload

NAMES = [ObjectName("shop", name) for name in ("stripe", "other", "third")]
FEW = st.dictionaries(st.sampled_from("ABC"), st.sampled_from("12"), max_size=3)
POLICIES = st.builds(
    Policy,
    creation=st.sampled_from(CreationPolicy),
    deletion=st.sampled_from(DeletionPolicy),
    restart=st.sampled_from(RestartMode),
    immutable=st.booleans(),
    refresh=st.builds(
        Refresh, st.sampled_from(RefreshMode), st.sampled_from(("", "d1", "d2")), st.sampled_from((0.0, 60.0))
    ),
)


@st.composite
def one_desired(draw: st.DrawFn, name: ObjectName) -> Desired | Unknown:
    how = draw(POLICIES)
    if draw(st.integers(0, 4)) == 0:
        return unknown(name, how)
    return wanted(draw(st.none() | FEW), how, name)


@st.composite
def one_observed(draw: st.DrawFn, name: ObjectName) -> Observed:
    kind = draw(st.sampled_from(("missing", "unreadable", "present")))
    if kind == "missing":
        return Missing()
    if kind == "unreadable":
        return Unreadable("forbidden")
    owner = draw(st.sampled_from(("", f"default/files/{name}", OURS, "default/files/shop/gone", "else/files/a/b")))
    controller = draw(st.sampled_from((None, OwnerReference("SealedSecret", "x"))))
    return there(draw(FEW), owner, name, controller=controller, immutable=draw(st.booleans()))


DESIRED = st.tuples(*(one_desired(name) for name in NAMES)).map(list)
OBSERVED = st.tuples(*(one_observed(name) for name in NAMES)).map(lambda found: dict(zip(NAMES, found, strict=True)))
WORKLOADS = st.lists(
    st.builds(
        workload,
        st.sampled_from(("web", "worker", "cron")),
        st.sampled_from([name.name for name in NAMES]),
        st.sampled_from(("", "A", "B")),
    ),
    max_size=3,
    unique_by=lambda made: made.name,
)


@given(DESIRED, OBSERVED, WORKLOADS)
def test_a_second_plan_is_empty(
    desired: list[Desired | Unknown], observed: Mapping[ObjectName, Observed], workloads: list[Workload]
) -> None:
    """Once a plan was carried out, the next one has no change, no baseline and no restart."""
    first = planned(desired, observed, used_by(*workloads))
    second = planned(desired, after(first, observed), users_after(first))
    assert ((), (), ()) == (second.changes, second.baselines, second.restarts)


@given(DESIRED, OBSERVED, WORKLOADS)
def test_unknown_and_unreadable_change_nothing(
    desired: list[Desired | Unknown], observed: Mapping[ObjectName, Observed], workloads: list[Workload]
) -> None:
    """A doubt on either side never creates, empties, shrinks or deletes."""
    changed = {change.name for change in planned(desired, observed, used_by(*workloads)).changes}
    doubtful = {one.name for one in desired if isinstance(one, Unknown)}
    doubtful |= {name for name, found in observed.items() if isinstance(found, Unreadable)}
    assert set() == changed & doubtful


@given(DESIRED, OBSERVED)
def test_foreign_data_is_touched_only_where_the_policy_says_so(
    desired: list[Desired | Unknown], observed: Mapping[ObjectName, Observed]
) -> None:
    """Without `--adopt`, data of a Secret that is not ours changes by Merge, CreateOrMerge and Orphan alone."""
    policies = {one.name: one.policy.creation for one in desired}
    taking = (CreationPolicy.MERGE, CreationPolicy.CREATE_OR_MERGE, CreationPolicy.ORPHAN)
    for change in planned(desired, observed).changes:
        before = observed[change.name]
        if isinstance(before, Present) and change.keys:
            ours = before.secret.annotations.get(OWNER) == f"default/files/{change.name}"
            assert ours or policies[change.name] in taking


@given(DESIRED, OBSERVED)
def test_immutable_writes_no_data_of_what_is_there(
    desired: list[Desired | Unknown], observed: Mapping[ObjectName, Observed]
) -> None:
    """A Secret that exists is sealed as it is or deleted, and a sealed one is not written again, however late."""
    sealing = {one.name for one in desired if one.policy.immutable}
    here = {name: found for name, found in observed.items() if name in sealing and isinstance(found, Present)}
    first = planned(desired, observed)
    assert () == tuple(change for change in first.changes if change.name in here and change.keys and change.after)
    later = replace(RULES, now=RULES.now + timedelta(days=1))
    second = planned(desired, after(first, observed), rules=later)
    assert set() == {change.name for change in second.changes} & here.keys()


@given(DESIRED, OBSERVED, WORKLOADS, st.randoms(use_true_random=False))
def test_order_does_not_matter(
    desired: list[Desired | Unknown],
    observed: Mapping[ObjectName, Observed],
    workloads: list[Workload],
    random: Random,
) -> None:
    """Declarations and workloads may come in any order."""
    shuffled, moved = list(desired), list(workloads)
    random.shuffle(shuffled)
    random.shuffle(moved)
    one, two = planned(desired, observed, used_by(*workloads)), planned(shuffled, observed, used_by(*moved))
    assert (one.changes, one.workloads, one.refusals) == (two.changes, two.workloads, two.refusals)


@given(DESIRED, OBSERVED, WORKLOADS)
def test_every_declaration_has_a_place(
    desired: list[Desired | Unknown], observed: Mapping[ObjectName, Observed], workloads: list[Workload]
) -> None:
    """Each is changed, settled, refused, unknown or waiting: none is forgotten."""
    plan = planned(desired, observed, used_by(*workloads))
    placed = {name for change in plan.changes for name in change.declarations}
    placed |= {name for one in plan.waiting for name in one.change.declarations}
    placed |= {one.declaration for one in plan.settled} | {one.declaration for one in plan.unknowns}
    placed |= {refusal.declaration for refusal in plan.refusals if refusal.declaration}
    assert {one.declaration for one in desired} == placed
