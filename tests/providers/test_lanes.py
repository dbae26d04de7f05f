"""Reads on threads: real stores, real waiting, and nobody held up by a store that never answers."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
from tenacity.wait import wait_none

from syncd.model import ObjectName
from syncd.providers import lanes as lanes_module
from syncd.providers.api import (
    Absent,
    Dialect,
    Failed,
    Failure,
    FindQuery,
    Found,
    Matched,
    Outcome,
    Provider,
    RemoteKey,
    SecretValue,
    StoreConfig,
    StoreHealth,
)
from syncd.providers.jobs import StoreRequest
from syncd.providers.lanes import Lanes, close_stores
from syncd.providers.retries import Retries
from syncd.providers.testing import store_config
from tests.servers.faults import FaultServer, answer, drip

A, B = RemoteKey("a"), RemoteKey("b")
FOUND = Found(SecretValue("x"))


class Store:
    """A store whose every read is a function's."""

    dialect = Dialect.FILE
    batch = 1
    width = 8

    def __init__(self, read: Callable[[RemoteKey], Outcome] = lambda _key: FOUND, lane: str = "lane") -> None:
        self.read = read
        self.lane = lane
        self.closed = threading.Event()

    def fetch(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Outcome]:
        """Reads each key."""
        return {key: self.read(key) for key in keys}

    def find(self, query: FindQuery) -> Matched | Failed:
        """Finds one secret."""
        return Matched({"a": self.read(A)})

    def check(self) -> StoreHealth:
        """Is well."""
        return StoreHealth("me", 0)

    def close(self) -> None:
        """Notes that it is closed."""
        self.closed.set()


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    """Lanes that retry without waiting."""
    made = Lanes(retries=Retries(backoff=wait_none(), pause=wait_none()))
    yield made
    made.close()


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What hanging reads wait for; open at the end, so that no thread is left behind."""
    event = threading.Event()
    yield event
    event.set()


def config(name: str = "store", timeout: float = 5.0) -> StoreConfig:
    return replace(store_config("test", {}, timeout=timeout), name=ObjectName("test", name))


def request(provider: Provider | Failed, *items: RemoteKey | FindQuery, timeout: float = 5.0) -> StoreRequest:
    return StoreRequest(config(timeout=timeout), provider, items)


def waits_for(gate: threading.Event) -> Callable[[RemoteKey], Outcome]:
    def read(_key: RemoteKey) -> Outcome:
        gate.wait()
        return FOUND

    return read


def test_every_request_has_its_reply(lanes: Lanes) -> None:
    """Keys and queries of several stores, and one that did not open."""
    query, denied = FindQuery(name="a"), Failed(Failure.DENIED, "no login")
    first, second = request(Store(), A, query), request(Store(lambda _key: Absent(), lane="other"), A, B)
    third, fourth = request(denied, A), request(Store())
    replies = lanes.run([first, second, third, fourth])
    assert replies[first].answers == {A: FOUND, query: Matched({"a": FOUND})}
    assert replies[second].answers == {A: Absent(), B: Absent()}
    assert replies[third].answers == {A: denied}
    assert replies[fourth].answers == {}


def test_many_reads(lanes: Lanes) -> None:
    """A thousand reads of four stores, each answered once."""
    keys = [RemoteKey(str(n)) for n in range(1000)]
    wanted = [request(Store(lane=lane), *keys) for lane in "abcd"]
    replies = lanes.run(wanted)
    assert [dict.fromkeys(keys, FOUND)] * 4 == [replies[one].answers for one in wanted]


def test_runs_at_the_same_time(lanes: Lanes) -> None:
    """Several passes share the lanes; each gets its own answers."""
    passes: list[object] = []
    keys = [RemoteKey(str(n)) for n in range(200)]

    def one_pass() -> None:
        wanted = request(Store(), *keys)
        passes.append(lanes.run([wanted])[wanted].answers)

    threads = [threading.Thread(target=one_pass) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [dict.fromkeys(keys, FOUND)] * 4 == passes


def test_exception_is_an_answer(lanes: Lanes) -> None:
    """A plugin that breaks fails its keys, and the thread goes on."""

    def read(key: RemoteKey) -> Outcome:
        if key == A:
            raise SystemExit
        return FOUND

    wanted = request(Store(read), A, B)
    answers = lanes.run([wanted])[wanted].answers
    assert answers[B] == FOUND
    failed = answers[A]
    assert isinstance(failed, Failed)
    assert failed.message == "SystemExit in provider `test`"


def test_failure_is_asked_again(lanes: Lanes) -> None:
    """In the same run, by the one layer of retries."""
    asked: list[RemoteKey] = []

    def read(key: RemoteKey) -> Outcome:
        asked.append(key)
        return FOUND if len(asked) == 3 else Failed(Failure.UNAVAILABLE, "down")

    wanted = request(Store(read), A)
    assert lanes.run([wanted])[wanted].answers == {A: FOUND}
    assert asked == [A] * 3


def test_store_that_throttles_is_waited_for(lanes: Lanes) -> None:
    """A pause of the lane ends by itself."""
    answers: Iterator[Outcome] = iter([Failed(Failure.THROTTLED, "slow down", retry_after=0.01)])
    wanted = request(Store(lambda _key: next(answers, FOUND)), A)
    assert lanes.run([wanted])[wanted].answers == {A: FOUND}


def test_next_run_waits_out_the_pause(lanes: Lanes) -> None:
    """A lane that pauses from an earlier run is asked when the pause is over, though nothing else goes on."""
    answers: Iterator[Outcome] = iter([FOUND, Failed(Failure.THROTTLED, "slow down", retry_after=0.2)])
    store = Store(lambda _key: next(answers, FOUND))
    replies = lanes.stream([request(store, A), request(store, B)])
    next(replies)
    replies.close()
    wanted = request(store, A)
    assert lanes.run([wanted])[wanted].answers == {A: FOUND}


def test_hanging_store_is_given_up_on(lanes: Lanes, gate: threading.Event) -> None:
    """Its keys fail at the deadline; the call itself goes on."""
    wanted = request(Store(waits_for(gate)), A, timeout=0.05)
    answers = lanes.run([wanted])[wanted].answers
    assert answers == {A: Failed(Failure.TIMEOUT, "no answer within 0.05 s")}
    assert lanes.statistics()["SecretStore/test/store"].abandoned == 2
    assert lanes.load()["lane"].lost == 2


def test_dripping_server_is_given_up_on(lanes: Lanes) -> None:
    """A deadline is total: a byte now and then does not make it longer."""

    def read(_key: RemoteKey) -> Outcome:
        with urllib.request.urlopen(slow.url, timeout=5) as response:  # noqa: S310  # our own server
            return Found(SecretValue(response.read()))

    with FaultServer() as fast, FaultServer(fast.url) as slow:
        fast.inject(answer(body=b"x" * 1000))
        slow.inject(drip())
        wanted = request(Store(read), A, timeout=0.2)
        answers = lanes.run([wanted])[wanted].answers
    assert answers == {A: Failed(Failure.TIMEOUT, "no answer within 0.2 s")}


def test_stores_reply_as_soon_as_they_can(lanes: Lanes, gate: threading.Event) -> None:
    """The reply of a good store does not wait for one that hangs."""
    slow, good = request(Store(waits_for(gate), lane="slow"), A), request(Store(lane="good"), A)
    replies = lanes.stream([slow, good])
    assert next(replies).request is good
    gate.set()
    assert next(replies).request is slow


def test_stores_that_hang_on_every_thread_hold_up_nobody(gate: threading.Event) -> None:
    """A thread is found for the good store, though all are taken."""
    lanes = Lanes(workers=2)
    slow = request(Store(waits_for(gate), lane="slow"), *(RemoteKey(str(n)) for n in range(8)), timeout=60)
    good = request(Store(lane="good"), A)
    replies = lanes.stream([slow, good])
    assert next(replies).request is good
    lanes.close()


def test_what_nobody_waits_for_is_not_asked(lanes: Lanes, gate: threading.Event) -> None:
    """A caller that stops listening ends what is queued."""
    asked: list[RemoteKey] = []

    def read(key: RemoteKey) -> Outcome:
        asked.append(key)
        gate.wait()
        return FOUND

    store = Store(read)
    store.width = 1
    replies = lanes.stream(
        [request(Failed(Failure.DENIED, "no"), A), request(store, *(RemoteKey(str(n)) for n in range(100)))]
    )
    next(replies)
    replies.close()
    assert not any(load.waiting for load in lanes.load().values())
    gate.set()
    lanes.run([request(Store(), A)])
    assert len(asked) <= 1


def test_what_nobody_ever_waited_for_is_not_asked(lanes: Lanes, gate: threading.Event) -> None:
    """Nor does a caller need to have taken a first reply."""
    store = Store(waits_for(gate))
    replies = lanes.stream([request(store, *(RemoteKey(str(n)) for n in range(100)))])
    replies.close()
    assert not any(load.waiting for load in lanes.load().values())


def test_close_answers_everything(gate: threading.Event) -> None:
    """Who still waits learns that syncd stops; nobody joins the call that hangs."""
    lanes = Lanes()
    replies = lanes.stream([request(Store(waits_for(gate)), *(RemoteKey(str(n)) for n in range(20)), timeout=60)])
    lanes.close()
    stopped = Failed(Failure.UNAVAILABLE, "syncd stops")
    assert {stopped} == set(next(replies).answers.values())
    late = request(Store(), A)
    assert lanes.run([late])[late].answers == {A: stopped}


def test_exit_joins_nobody() -> None:
    """A process with a call that never returns ends all the same."""
    code = """
import threading
from syncd.providers.jobs import StoreRequest
from syncd.providers.lanes import Lanes
from tests.providers.test_lanes import A, Store, config, waits_for
request = StoreRequest(config(timeout=0.1), Store(waits_for(threading.Event())), [A])
print(*Lanes().run([request])[request].answers.values())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "no answer within 0.1 s" in done.stdout


def test_statistics_are_by_store(lanes: Lanes) -> None:
    """Calls of stores with the same lane are told apart."""
    lanes.run([StoreRequest(config("one"), Store(), [A, B]), StoreRequest(config("two"), Store(), [A])])
    counts = lanes.statistics()
    assert {"SecretStore/test/one": 2, "SecretStore/test/two": 1} == {name: one.calls for name, one in counts.items()}


def test_statistics_are_of_the_stores_that_were_asked_last(lanes: Lanes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores come and go; what is asked again stays."""
    monkeypatch.setattr(lanes_module, "REMEMBERED", 2)
    for name in ("a", "b", "a", "c"):
        lanes.run([StoreRequest(config(name), Store(), [A])])
    assert ["SecretStore/test/a", "SecretStore/test/c"] == list(lanes.statistics())


def test_idle_lanes_are_forgotten(lanes: Lanes) -> None:
    """Nothing is kept of a lane that works and has nothing to do."""
    lanes.run([request(Store(), A)])
    assert lanes.load() == {}


def test_threads_hold_no_values(lanes: Lanes) -> None:
    """A thread that waits for the next call has let go of the last answer."""
    held = SecretValue("only one of its kind")
    before = sys.getrefcount(held)
    lanes.run([request(Store(lambda _key: Found(held)), A)])
    while lanes._idle == 0:
        time.sleep(0.001)
    assert sys.getrefcount(held) == before


def test_stores_are_closed() -> None:
    """Each of many, on a few threads."""
    stores = [Store() for _ in range(50)]
    assert close_stores([(config(), store) for store in stores], workers=4) == 0
    assert all(store.closed.is_set() for store in stores)


def test_store_that_hangs_while_it_is_closed_is_left(gate: threading.Event) -> None:
    """Exit does not wait for a revocation that nobody answers; the others are closed."""
    slow, good = Store(), Store()
    slow.close = gate.wait  # type: ignore[method-assign,assignment]  # a close that hangs
    assert close_stores([(config(), slow), (config(), good)], timeout=0.2) == 1
    assert good.closed.is_set()
