"""One lane: what goes into a call, and how an endpoint that throttles or hangs is treated."""

from __future__ import annotations

import pytest

from syncd.providers.api import Absent, Failed, Failure, FindQuery, Matched, RemoteKey
from syncd.providers.lane import HUNG
from tests.providers.simulated import DOWN, FOUND, LATE, SLOW_DOWN, Simulation, Store, answered, hangs, keys, until

A, B = RemoteKey("a"), RemoteKey("b")


class TestAsking:
    """What goes into a call."""

    def test_each_key_is_asked_once(self) -> None:
        """However often it is named."""
        world, store = Simulation(), Store()
        wanted = world.ask(store, [A, B, A])
        world.run()
        assert {A: FOUND, B: FOUND} == wanted.answers
        assert [(A,), (B,)] == [items for _, items in store.asked]

    def test_keys_go_in_batches(self) -> None:
        """As many in one call as the provider takes."""
        world, store = Simulation(), Store(batch=20)
        wanted = world.ask(store, keys(50))
        world.run()
        assert [20, 20, 10] == [len(items) for _, items in store.asked]
        assert set(keys(50)) == wanted.answers.keys()

    def test_queries_are_calls_of_their_own(self) -> None:
        """And are answered beside the keys."""
        query = FindQuery(name="x")
        world, store = Simulation(), Store(lambda *_: Absent(), batch=20)
        wanted = world.ask(store, [A, query, B])
        world.run()
        assert [(A, B), (query,)] == [items for _, items in store.asked]
        assert {A, B, query} == wanted.answers.keys()

    def test_width_holds(self) -> None:
        """No more calls at once than the provider wants."""
        world = Simulation()
        world.ask(Store(width=3), keys(20))
        world.run()
        assert world.most_under_way == {"lane": 3}

    def test_width_holds_over_stores(self) -> None:
        """Stores of one lane are limited together, by the smallest width."""
        world = Simulation()
        world.ask(Store(width=8), keys(20))
        world.ask(Store(width=4), keys(20))
        world.run()
        assert world.most_under_way == {"lane": 4}

    def test_nothing_wanted(self) -> None:
        """A request for nothing is answered at once."""
        assert Simulation().ask(Store(), []).at == 0

    def test_store_that_did_not_open(self) -> None:
        """Answers everything with why."""
        denied = Failed(Failure.DENIED, "no login")
        assert Simulation().ask(denied, [A, B]).answers == {A: denied, B: denied}


class TestStoreThatThrottles:
    """Slowed down, not failed."""

    def test_whole_lane_waits(self) -> None:
        """As long as the store asked for."""
        world = Simulation()
        store = until(0.02, Failed(Failure.THROTTLED, "slow down", retry_after=20))
        wanted = world.ask(store, keys(40))
        world.run()
        assert dict.fromkeys(keys(40), FOUND) == wanted.answers
        assert not [at for at, _ in store.asked if 0 < at < 20]

    def test_pause_grows(self) -> None:
        """When the store does not say how long: 2, 4, 6 seconds."""
        world, store = Simulation(), until(12, SLOW_DOWN)
        wanted = world.ask(store, [A])
        world.run()
        assert wanted.answers == {A: FOUND}
        assert store.times(A) == pytest.approx([0, 2.01, 6.02, 12.03])

    def test_waiting_uses_up_no_attempt(self) -> None:
        """A throttled key has as many attempts left as before."""
        world, store = Simulation(), answered(SLOW_DOWN, SLOW_DOWN, SLOW_DOWN, SLOW_DOWN, DOWN, DOWN, FOUND)
        wanted = world.ask(store, [A])
        world.run()
        assert wanted.answers == {A: FOUND}

    def test_fewer_calls_at_once(self) -> None:
        """Half as many; calls that were under way together count once."""
        world, store = Simulation(), until(1, SLOW_DOWN)
        world.ask(store, keys(8))
        world.run(1)
        world.most_under_way.clear()
        world.run(2.015)
        assert world.most_under_way == {"lane": 4}

    def test_it_recovers(self) -> None:
        """With answers the lane becomes as wide as before, and is forgotten when it is idle."""
        world, store = Simulation(), until(1, SLOW_DOWN)
        world.ask(store, keys(200))
        world.run()
        assert world.most_under_way == {"lane": 8}
        assert world.schedule.load() == {}

    def test_it_has_an_end(self) -> None:
        """A store that throttles for ever fails in a minute, everything that waits with it."""
        world, store = Simulation(), answered(SLOW_DOWN)
        wanted = world.ask(store, keys(1000))
        world.run()
        assert dict.fromkeys(keys(1000), SLOW_DOWN) == wanted.answers
        assert 30 < wanted.at <= 60
        assert len(store.asked) < 50

    def test_long_retry_after_fails_at_once(self) -> None:
        """Everything that waits learns when to come again."""
        failed = Failed(Failure.THROTTLED, "quota", retry_after=900)
        world, store = Simulation(), answered(failed)
        wanted = world.ask(store, keys(100))
        world.run()
        assert dict.fromkeys(keys(100), failed) == wanted.answers
        assert wanted.at == pytest.approx(0.01)

    def test_long_retry_after_is_remembered(self) -> None:
        """By the whole lane: another of its stores is not asked either."""
        world, store = Simulation(), answered(Failed(Failure.THROTTLED, "quota", retry_after=900))
        world.ask(store, [A], name="one")
        world.run(100)
        refused = world.ask(Store(), [A], name="two").answers[A]
        assert isinstance(refused, Failed)
        assert refused.failure is Failure.THROTTLED
        assert refused.retry_after == pytest.approx(800, abs=1)

    def test_counted(self) -> None:
        """The report can say that a store throttled."""
        world, store = Simulation(), until(1, SLOW_DOWN)
        world.ask(store, [A])
        world.run()
        assert (world.counts.calls, world.counts.retries, world.counts.throttled) == (2, 1, 1)


class TestStoreThatHangs:
    """Given up on at the deadline."""

    def test_no_answer_within_the_deadline(self) -> None:
        """The outcome says so; the deadline is the store's."""
        world = Simulation()
        wanted = world.ask(hangs(), [A], timeout=10)
        world.run()
        assert wanted.answers == {A: LATE}

    def test_it_takes_two_deadlines(self) -> None:
        """A store that hangs holds 1,000 keys for two deadlines and a pause, with few calls."""
        world, store = Simulation(), hangs()
        wanted = world.ask(store, keys(1000), timeout=10)
        world.run()
        assert dict.fromkeys(keys(1000), LATE) == wanted.answers
        assert wanted.at == pytest.approx(22, abs=0.1)
        assert len(store.asked) <= store.width + 1

    def test_find_may_take_longer(self) -> None:
        """It makes many calls inside the provider."""
        query = FindQuery(name="x")
        world = Simulation()
        wanted = world.ask(Store(lambda *_: Matched({}), seconds=55), [query], timeout=10)
        world.run()
        assert wanted.answers == {query: Matched({})}

    def test_late_answer_is_not_wanted(self) -> None:
        """What comes after the deadline changes nothing."""
        world = Simulation()
        wanted = world.ask(Store(seconds=30), [A], timeout=10)
        world.run()
        assert wanted.answers == {A: LATE}
        assert world.schedule.load()["lane"].lost == 0

    def test_calls_that_never_return_are_bounded(self) -> None:
        """Pass after pass, a lane leaves no more threads behind than twice its width."""
        world, store = Simulation(), hangs(width=4)
        for _ in range(20):
            wanted = world.ask(store, keys(10))
            world.run(world.now + 100)
            assert set(keys(10)) == wanted.answers.keys()
        assert world.schedule.load()["lane"].lost == 8
        assert len(store.asked) == 8

    def test_lane_full_of_lost_calls_answers_at_once(self) -> None:
        """Nobody waits for a store that is not asked."""
        world, store = Simulation(), hangs(width=1)
        world.ask(store, [A])
        world.run(100)
        wanted = world.ask(store, [A])
        assert wanted.at == 100
        assert wanted.answers == {A: Failed(Failure.UNAVAILABLE, HUNG)}

    def test_lane_works_again_when_calls_return(self) -> None:
        """A thread that comes back makes room for another."""
        world, store = Simulation(), Store(seconds=150, width=1)
        world.ask(store, [A])
        world.run(200)
        store.seconds = 0.01
        wanted = world.ask(store, [A])
        world.run(201)
        assert wanted.answers == {A: FOUND}

    def test_counted(self) -> None:
        """The report can say how many calls were given up on."""
        world = Simulation()
        world.ask(hangs(), [A])
        world.run()
        assert (world.counts.calls, world.counts.retries, world.counts.abandoned) == (2, 1, 2)


class TestStoresOfOneLane:
    """They share the endpoint, not their troubles."""

    def test_they_take_turns(self) -> None:
        """A store with few secrets does not wait behind one with many."""
        world = Simulation()
        many = world.ask(Store(), keys(1000), name="many")
        few = world.ask(Store(), keys(8), name="few")
        world.run()
        assert few.at < 0.05 < many.at

    def test_store_that_is_down_takes_no_other_along(self) -> None:
        """A broken mount fails; a good one on the same server is read."""
        world = Simulation()
        bad = world.ask(answered(DOWN), keys(100), name="bad")
        good = world.ask(Store(), keys(100), name="good")
        world.run()
        assert dict.fromkeys(keys(100), DOWN) == bad.answers
        assert dict.fromkeys(keys(100), FOUND) == good.answers
        assert good.at < 0.5

    def test_store_that_hangs_takes_no_other_along(self) -> None:
        """Pass after pass, the good store is read, though the bad one has lost all the calls that it may."""
        world, bad, good = Simulation(), hangs(width=4), Store(width=4)
        for _ in range(20):
            world.ask(bad, keys(10), name="bad")
            wanted = world.ask(good, keys(10), name="good")
            world.run(world.now + 100)
            assert dict.fromkeys(keys(10), FOUND) == wanted.answers
        assert world.schedule.load()["lane"].lost == 8

    def test_endpoint_that_hangs_is_found_out_once(self) -> None:
        """Not by each of its stores in turn."""
        world = Simulation()
        wanted = [world.ask(hangs(), keys(5), name=f"store {n}") for n in range(50)]
        world.run()
        assert all(dict.fromkeys(keys(5), LATE) == one.answers for one in wanted)
        assert world.now < 30
