"""The order of work."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syncd.daemon.queue import Batch, Lane, Queue
from syncd.model import ObjectName


def names(*texts: str) -> tuple[ObjectName, ...]:
    return tuple(ObjectName("shop", text) for text in texts)


def test_a_group_is_taken_whole() -> None:
    """One batch, so that its stores are asked together."""
    queue = Queue()
    queue.add("g", names("a", "b"), Lane.PERIODIC)
    queue.add("g", names("c"), Lane.PERIODIC)
    assert Batch("g", names("a", "b", "c"), Lane.PERIODIC) == queue.take()
    assert queue.take() is None


def test_new_goes_before_periodic() -> None:
    """Whatever was there first."""
    queue = Queue()
    queue.add("old", names("a"), Lane.PERIODIC)
    queue.add("new", names("b"), Lane.NEW)
    assert ["new", "old"] == [batch.group for batch in (queue.take(), queue.take()) if batch]


def test_a_name_waits_once() -> None:
    """However often it is added."""
    queue = Queue()
    for _ in range(3):
        queue.add("g", names("a"), Lane.PERIODIC)
    assert ({Lane.NEW: 0, Lane.PERIODIC: 1}, 0) == queue.depth()


def test_one_group_can_be_left_out_of_the_count() -> None:
    """The search for orphans is no ExternalSecret, neither while it waits nor while it is under way."""
    queue = Queue()
    for group in ("g", "search"):
        queue.add(group, names(group), Lane.PERIODIC)
    assert ({Lane.NEW: 0, Lane.PERIODIC: 1}, 0) == queue.depth(without="search")
    assert all(queue.take() for _ in range(2))
    assert ({Lane.NEW: 0, Lane.PERIODIC: 0}, 1) == queue.depth(without="search")


def test_a_better_lane_is_kept() -> None:
    """What waits as new is not put back by its schedule, and what waits periodically can become new."""
    queue = Queue()
    queue.add("g", names("a"), Lane.NEW)
    queue.add("g", names("a", "b"), Lane.PERIODIC)
    queue.add("g", names("b"), Lane.NEW)
    assert Batch("g", names("a", "b"), Lane.NEW) == queue.take()


def test_a_group_is_under_way_once() -> None:
    """The rest of a slow group waits for it; other groups do not."""
    queue = Queue()
    queue.add("slow", names("a"), Lane.PERIODIC)
    first = queue.take()
    queue.add("slow", names("b"), Lane.PERIODIC)
    queue.add("fast", names("c"), Lane.PERIODIC)
    second = queue.take()
    assert ("fast", None) == (second and second.group, queue.take())
    assert first is not None
    queue.done(first)
    assert Batch("slow", names("b"), Lane.PERIODIC) == queue.take()


def test_a_name_is_under_way_once() -> None:
    """Although it has come to be in another group."""
    queue = Queue()
    queue.add("old", names("a"), Lane.NEW)
    first = queue.take()
    queue.add("new", names("a"), Lane.NEW)
    assert queue.take() is None
    assert first is not None
    queue.done(first)
    assert Batch("new", names("a"), Lane.NEW) == queue.take()


def test_dropped_names_are_not_taken() -> None:
    """They are declared no more."""
    queue = Queue()
    queue.add("g", names("a", "b"), Lane.NEW)
    queue.drop(names("a"))
    assert Batch("g", names("b"), Lane.NEW) == queue.take()


def test_a_closed_queue_gives_nothing() -> None:
    """And keeps nobody waiting."""
    queue = Queue()
    queue.add("g", names("a"), Lane.NEW)
    queue.close()
    assert queue.wait(60) is None


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from("gh"), st.sampled_from("abc"), st.sampled_from(Lane)),
        st.tuples(st.just("take")),
        st.tuples(st.just("done")),
        st.tuples(st.just("drop"), st.sampled_from("abc")),
    ),
    max_size=30,
)


@given(STEPS)
def test_nothing_is_lost_and_nothing_is_twice_under_way(steps: list[tuple[object, ...]]) -> None:
    """Every name that was added and not dropped is taken in the end; no two batches share a group or a name."""
    queue, waiting, taken = Queue(), set[ObjectName](), list[Batch]()
    for step in steps:
        match step:
            case ("add", str(group), str(name), Lane() as lane):
                queue.add(group, names(name), lane)
                waiting.update(names(name))
            case ("drop", str(name)):
                queue.drop(names(name))
                waiting.difference_update(names(name))
            case ("take",) if batch := queue.take():
                assert batch.group not in {one.group for one in taken}
                assert not {*batch.names} & {name for one in taken for name in one.names}
                waiting.difference_update(batch.names)
                taken.append(batch)
            case ("done",) if taken:
                queue.done(taken.pop())
    for batch in taken:
        queue.done(batch)
    while batch_left := queue.take():
        waiting.difference_update(batch_left.names)
        queue.done(batch_left)
    assert (set(), True) == (waiting, queue.idle)
