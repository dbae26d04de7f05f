"""One lane: what is asked again and when, and how a store that fails, throttles or hangs is treated."""

from __future__ import annotations

import pytest

from syncd.providers.api import Absent, Failed, Failure, FindQuery, Matched, RemoteKey
from syncd.providers.jobs import Answer, Item
from syncd.providers.lane import HUNG
from tests.providers.simulated import DOWN, FOUND, LATE, SLOW_DOWN, Simulation, Store, hangs, keys

A, B = RemoteKey("a"), RemoteKey("b")


def answered(*answers: Answer) -> Store:
    """A store that answers with these, one attempt after the other, and then with the last."""

    def behaviour(store: Store, _now: float, item: Item) -> Answer:
        return answers[min(len(store.times(item)), len(answers)) - 1]

    return Store(behaviour)


def until(seconds: float, failure: Failed) -> Store:
    """A store that fails until a moment, and then works."""
    return Store(lambda _store, now, _item: failure if now < seconds else FOUND)


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


class TestRetries:
    """What is asked again."""

    def test_failure_is_asked_again(self) -> None:
        """Once more, after a pause."""
        world, store = Simulation(), answered(DOWN, FOUND)
        wanted = world.ask(store, [A])
        world.run()
        assert wanted.answers == {A: FOUND}
        assert store.times(A) == pytest.approx([0, 1.01])

    def test_attempts_are_few(self) -> None:
        """Three, and then the failure is the answer."""
        world, store = Simulation(), answered(DOWN)
        wanted = world.ask(store, [A])
        world.run()
        assert wanted.answers == {A: DOWN}
        assert len(store.asked) == 3

    def test_only_what_failed_is_asked_again(self) -> None:
        """The rest of the batch has its answer."""
        store = Store(lambda store, _now, item: DOWN if item == B and len(store.asked) == 1 else FOUND, batch=20)
        world = Simulation()
        wanted = world.ask(store, [*keys(3), B])
        world.run()
        assert [(*keys(3), B), (B,)] == [items for _, items in store.asked]
        assert {FOUND.version} == {answer.version for answer in wanted.answers.values() if answer == FOUND}
        assert len(wanted.answers) == 4

    @pytest.mark.parametrize("failure", [Failure.DENIED, Failure.MISCONFIGURED, Failure.BUG])
    def test_what_a_person_must_mend_is_asked_once(self, failure: Failure) -> None:
        """Asking again would not help."""
        world, store = Simulation(), answered(Failed(failure, "no"))
        wanted = world.ask(store, [A])
        world.run()
        assert wanted.answers == {A: Failed(failure, "no")}
        assert len(store.asked) == 1

    def test_absent_is_asked_once(self) -> None:
        """It is an answer."""
        world, store = Simulation(), answered(Absent())
        world.ask(store, [A])
        world.run()
        assert len(store.asked) == 1

    def test_retry_after_is_waited_for(self) -> None:
        """A store that says when it works again is not asked before."""
        world, store = Simulation(), answered(Failed(Failure.UNAVAILABLE, "sealed", retry_after=7), FOUND)
        world.ask(store, [A])
        world.run()
        assert store.times(A) == pytest.approx([0, 7.01])

    def test_retry_after_is_not_waited_for_long(self) -> None:
        """A store that works again in an hour has failed, and the hour is told."""
        world, store = Simulation(), answered(Failed(Failure.UNAVAILABLE, "sealed", retry_after=3600))
        wanted = world.ask(store, [A])
        world.run()
        assert wanted.at == pytest.approx(0.01)
        assert wanted.answers == {A: Failed(Failure.UNAVAILABLE, "sealed", retry_after=3600)}

    def test_find_with_a_failed_value_is_asked_again(self) -> None:
        """A list is as good as its values."""
        query = FindQuery(name="x")
        world, store = Simulation(), answered(Matched({"x": DOWN}), Matched({"x": FOUND}))
        wanted = world.ask(store, [query])
        world.run()
        assert wanted.answers == {query: Matched({"x": FOUND})}

    def test_find_whose_value_fails_for_good(self) -> None:
        """After the last attempt the list is handed on with its failure."""
        query = FindQuery(name="x")
        world, store = Simulation(), answered(Matched({"x": DOWN, "y": FOUND}))
        wanted = world.ask(store, [query])
        world.run()
        assert wanted.answers == {query: Matched({"x": DOWN, "y": FOUND})}


class TestStoreThatIsDown:
    """Probed, not hammered."""

    def test_few_calls_tell(self) -> None:
        """1,000 keys of a store that refuses connections are not 3,000 calls."""
        world, store = Simulation(), answered(DOWN)
        wanted = world.ask(store, keys(1000))
        world.run()
        assert dict.fromkeys(keys(1000), DOWN) == wanted.answers
        assert len(store.asked) <= 3 * store.width

    def test_it_is_probed_by_one_call(self) -> None:
        """After a call that failed as a whole, one at a time until something is answered."""
        world = Simulation()
        store = until(30, DOWN)
        world.ask(store, keys(8))
        world.run(29)
        world.most_under_way.clear()
        world.ask(store, keys(8))
        world.run(29.5)
        assert world.most_under_way == {"lane": 1}

    def test_it_is_used_fully_when_it_is_back(self) -> None:
        """The first answer lifts the limit."""
        world, store = Simulation(), until(0.5, DOWN)
        wanted = world.ask(store, keys(100))
        world.run()
        assert dict.fromkeys(keys(100), FOUND) == wanted.answers
        assert {at for at, _ in store.asked if at > 1.05}

    def test_bad_key_does_not_take_the_others_along(self) -> None:
        """One secret that always breaks the store fails alone."""
        bad = keys(20)[3]
        world, store = Simulation(), Store(lambda _store, _now, item: DOWN if item == bad else FOUND, width=2)
        wanted = world.ask(store, keys(20))
        world.run()
        assert [bad] == [key for key, answer in wanted.answers.items() if answer == DOWN]
        assert len(store.times(bad)) == 3


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
