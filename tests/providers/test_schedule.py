"""All lanes together: each gets its turn, and none is held up by another."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.providers.api import Absent, Failed, Failure
from syncd.providers.jobs import Answer, Item
from syncd.providers.schedule import LENT, PATIENCE
from tests.providers.simulated import DOWN, FOUND, SLOW_DOWN, Simulation, Store, hangs, keys

DENIED = Failed(Failure.DENIED, "no")
SEALED = Failed(Failure.UNAVAILABLE, "sealed", retry_after=30)
QUOTA = Failed(Failure.THROTTLED, "quota", retry_after=900)


def test_lanes_take_turns() -> None:
    """A store with few secrets does not wait behind one with many."""
    world = Simulation(places=4)
    many = world.ask(Store(lane="many"), keys(1000))
    few = world.ask(Store(lane="few"), keys(4))
    world.run()
    assert few.at < 0.1 < many.at


def test_places_are_shared() -> None:
    """No more calls at once than there are places, over all lanes."""
    world = Simulation(places=5)
    for name in "abc":
        world.ask(Store(lane=name), keys(10))
    world.run(0)
    assert sum(load.under_way for load in world.schedule.load().values()) == 5
    world.run()
    assert world.schedule.load() == {}


def test_stores_that_hang_hold_up_nobody() -> None:
    """Even when their calls have taken every place: a place is lent to others after a moment."""
    world = Simulation(places=32)
    hung = [world.ask(hangs(f"hung {n}"), keys(100)) for n in range(8)]
    well = world.ask(Store(lane="well"), keys(100))
    world.run()
    assert well.at < 2 * PATIENCE + 0.5
    assert all(wanted.at > 10 for wanted in hung)


def test_store_that_throttles_holds_up_nobody() -> None:
    """A lane that pauses uses no place."""
    world = Simulation(places=1)
    slow = world.ask(Store(lambda *_: Failed(Failure.THROTTLED, "slow down"), lane="slow"), keys(10))
    well = world.ask(Store(lane="well"), keys(10))
    world.run()
    assert well.at == pytest.approx(0.11)
    assert slow.at > 30


def test_threads_are_bounded() -> None:
    """However many lanes hang: places, and a bounded number that were lent."""
    world = Simulation(places=4)
    for n in range(1000):
        world.ask(hangs(f"lane {n}"), keys(1), timeout=1000)
    world.run(900)
    assert sum(load.under_way for load in world.schedule.load().values()) == 4 + LENT


def test_everything_is_answered_in_the_end() -> None:
    """Good, slow, broken and hanging stores at once: each request has all its answers, once."""
    world = Simulation(places=8)
    down = Failed(Failure.UNAVAILABLE, "down")
    stores = [
        Store(lane="good"),
        Store(lane="batches", batch=7),
        Store(lane="slow", seconds=9, width=50),
        Store(lambda _store, now, _item: down if int(now) % 3 else FOUND, lane="now and then"),
        Store(lambda *_: Failed(Failure.THROTTLED, "t"), lane="throttles"),
        hangs("hangs"),
    ]
    wanted = [world.ask(store, keys(60)) for store in stores]
    world.run()
    assert all(set(keys(60)) == one.answers.keys() for one in wanted)


def test_giving_up_answers_everything() -> None:
    """What waits and what is under way fails, and what still comes back is not wanted."""
    world = Simulation()
    wanted = world.ask(Store(), keys(20))
    world.run(0)
    stopping = Failed(Failure.UNAVAILABLE, "syncd stops")
    world.schedule.give_up(stopping)
    assert dict.fromkeys(keys(20), stopping) == wanted.answers
    world.run()
    assert world.schedule.load() == {}


@st.composite
def made_up_stores(draw: st.DrawFn) -> Store:
    """Any mixture of answers, after any time, in one of three lanes."""
    answers: list[Answer] = draw(
        st.lists(st.sampled_from([FOUND, Absent(), DENIED, DOWN, SLOW_DOWN, SEALED, QUOTA]), min_size=1)
    )

    def behaviour(store: Store, _now: float, _item: Item) -> Answer:
        return answers[len(store.asked) % len(answers)]

    return Store(
        behaviour,
        seconds=draw(st.sampled_from([0.01, 3, 20, 100, math.inf])),
        lane=draw(st.sampled_from("abc")),
        batch=draw(st.integers(1, 4)),
        width=draw(st.integers(1, 9)),
    )


@given(st.lists(made_up_stores(), min_size=1, max_size=6), st.integers(1, 8))
@settings(max_examples=100, deadline=None)
def test_every_item_is_answered_once(stores: list[Store], places: int) -> None:
    """Whatever the stores do, in whatever order; and no lane or pool is wider than allowed."""
    world = Simulation(places=places)
    for _ in range(3):
        wanted = [world.ask(store, keys(10), name=f"store {n}") for n, store in enumerate(stores)]
        world.run()
        assert all(set(keys(10)) == one.answers.keys() for one in wanted)
        world.now += 100
    for store in stores:
        assert world.most_under_way.get(store.lane, 0) <= max(one.width for one in stores if one.lane == store.lane)
