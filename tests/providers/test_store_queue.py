"""One store: what is asked again and when, and how few calls tell that it is down."""

from __future__ import annotations

import pytest

from syncd.providers.api import Absent, Failed, Failure, FindQuery, Matched, RemoteKey
from tests.providers.simulated import DOWN, FOUND, Simulation, Store, answered, keys, until

A, B = RemoteKey("a"), RemoteKey("b")


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

    def test_long_retry_after_is_remembered(self) -> None:
        """Who asks again meanwhile is told at once how long it still is; afterwards the store is asked."""
        world, store = Simulation(), until(900, Failed(Failure.UNAVAILABLE, "sealed", retry_after=900))
        world.ask(store, [A])
        world.run(100)
        meanwhile = world.ask(store, [A]).answers[A]
        assert isinstance(meanwhile, Failed)
        assert meanwhile.retry_after == pytest.approx(800, abs=1)
        world.run(1000)
        afterwards = world.ask(store, [A])
        world.run(1001)
        assert afterwards.answers == {A: FOUND}

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

    def test_block_of_bad_keys_does_not_take_the_others_along(self) -> None:
        """Probes are taken from all over the queue, not only from what failed together."""
        bad = set(keys(30))
        world, store = Simulation(), Store(lambda _store, _now, item: DOWN if item in bad else FOUND)
        wanted = world.ask(store, keys(100))
        world.run()
        assert bad == {key for key, answer in wanted.answers.items() if answer == DOWN}
