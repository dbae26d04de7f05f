"""Passes that run at once, as in `run`: each restart has a change of its own, and nothing waits in vain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

from syncd.cluster.api import SecretPatch, WorkloadPatch
from syncd.errors import Unreachable
from syncd.model import SecretObject
from syncd.reconcile.options import Selection
from syncd.reconcile.turns import Turns
from tests.reconcile.shop import Shop
from tests.servers.fake_target import FakeTarget, Killed

SOON = 0.3
"""Seconds in which a pass that does not wait its turn has written."""


class Halting(FakeTarget):
    """Does what a test wants between the writes of a pass."""

    def __init__(self) -> None:
        super().__init__()
        self.before_write: Callable[[str], None] = lambda _: None

    def patch_secret(self, patch: SecretPatch) -> SecretObject:
        self.before_write(patch.name.name)
        return super().patch_secret(patch)

    def patch_workload(self, patch: WorkloadPatch) -> None:
        if patch.trigger:
            self.before_write(patch.name.name.name)
        super().patch_workload(patch)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """In step; then both keys of `web` change."""
    made = Shop(tmp_path, "paypal", "stripe")
    made.target = Halting()
    made.use("web", "paypal", "stripe")
    made.reconciler().sync()
    made.target.writes.clear()
    made.put("paypal", "2")
    made.put("stripe", "2")
    return made


def about(name: str) -> Selection:
    return Selection((f"shop/{name}",))


def needless(writes: list[str]) -> int:
    """Restarts that no write of a Secret came before, since the one before."""
    kinds = [write.split()[1] for write in writes]
    pairs = zip(["deployments", *kinds], kinds, strict=False)
    return sum(pair == ("deployments", "deployments") for pair in pairs)


def test_passes_at_once_restart_no_workload_twice(shop: Shop) -> None:
    """The second Secret is not written between the first and its restart."""
    reconciler, target = shop.reconciler(), shop.target
    second = Thread(target=reconciler.sync, args=(about("stripe"),))
    at_restart = Event()

    def begin_the_other(name: str) -> None:
        if name == "web" and not at_restart.is_set():
            at_restart.set()
            second.start()
            second.join(SOON)

    assert isinstance(target, Halting)
    target.before_write = begin_the_other
    reconciler.sync(about("paypal"))
    second.join()
    assert ({"paypal": "2", "stripe": "2"}, 0) == (shop.values(), needless(target.writes)), target.writes


def test_a_pass_that_waits_its_turn_writes_nothing_after_an_interruption(shop: Shop) -> None:
    """What has begun is finished, for which `interrupt` waits for nobody."""
    reconciler, target = shop.reconciler(), shop.target
    second = Thread(target=reconciler.sync, args=(about("stripe"),))

    def interrupt(name: str) -> None:
        second.start()
        second.join(SOON)
        assert reconciler.interrupt()

    assert isinstance(target, Halting)
    target.before_write = interrupt
    assert reconciler.sync(about("paypal")).interrupted
    second.join(10)
    assert (False, ["patch secrets shop/paypal"]) == (second.is_alive(), target.writes)


def test_a_restart_covers_what_an_earlier_process_still_owed(shop: Shop) -> None:
    """It died between a Secret and the restart; the pods start with that Secret when another asks for it."""
    shop.target.die_at(1, after=True)
    with pytest.raises(Killed):
        shop.reconciler().sync(about("stripe"))
    reconciler = shop.reconciler()
    reconciler.sync(about("paypal"))
    reconciler.sync(about("stripe"))
    assert {"web": 1} == shop.rollouts(), shop.target.writes


def test_a_restart_covers_a_write_that_was_done_all_the_same(shop: Shop) -> None:
    """Its answer got lost."""
    shop.target.fail_at(2, Unreachable("the answer got lost"), after=True)
    reconciler = shop.reconciler(writers=1)
    reconciler.sync()
    reconciler.sync()
    assert {"web": 1} == shop.rollouts(), shop.target.writes


def test_a_restart_takes_no_foreign_data_into_the_note(shop: Shop) -> None:
    """Of a Secret that is no declaration's any more, the mark stays as it is."""
    reconciler = shop.reconciler()
    del shop.spec["stripe"]
    reconciler.sync(about("paypal"))
    reconciler.sync(about("paypal"))
    assert {"web": 1} == shop.rollouts()


def test_a_pass_waits_for_no_other_namespace() -> None:
    """Only for its own."""
    turns, done = Turns(), Event()

    def other() -> None:
        with turns.taken(["b"]):
            done.set()

    with turns.taken(["a", "a"]):
        thread = Thread(target=other)
        thread.start()
        thread.join()
    assert done.is_set()


def test_passes_over_the_same_namespaces_never_wait_for_each_other() -> None:
    """In whatever order they name them."""
    turns = Turns()

    def many(*namespaces: str) -> None:
        for _ in range(500):
            with turns.taken(namespaces):
                pass

    threads = [Thread(target=many, args=names, daemon=True) for names in (("a", "b", "c"), ("c", "a"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
