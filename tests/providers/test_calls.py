"""Whatever a plugin does, one outcome comes back for each thing that was asked, and no text of an exception."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import pytest

from syncd.errors import MissingExtra
from syncd.providers import calls
from syncd.providers.api import (
    Absent,
    Credentials,
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
    StoreError,
    StoreHealth,
)
from syncd.providers.testing import CANARY, GivenCredentials, store_config

A, B = RemoteKey("a"), RemoteKey("b")


class Odd:
    """A provider that answers everything with what a function returns or raises."""

    dialect = Dialect.FILE
    batch: Any = 1
    lane = "odd"
    width = 1

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer

    def fetch(self, keys: Sequence[RemoteKey]) -> Any:
        """Answers with anything."""
        return self.answer()

    def find(self, query: FindQuery) -> Any:
        """Answers with anything."""
        return self.answer()

    def check(self) -> Any:
        """Answers with anything."""
        return self.answer()

    def close(self) -> None:
        """Ends with anything."""
        self.answer()


def raises(error: BaseException) -> Odd:
    def answer() -> None:
        raise error

    return Odd(answer)


def answers(answer: object) -> Odd:
    return Odd(lambda: answer)


def fetched(provider: Provider) -> dict[str, str]:
    """What `fetch` of two keys gives, as text."""
    shown = {}
    for key, outcome in calls.fetch(provider, [A, B], "odd").items():
        shown[key.key] = outcome.message if isinstance(outcome, Failed) else type(outcome).__name__
    return shown


def test_outcomes_pass() -> None:
    """What the contract allows is handed on."""
    mapping: Mapping[RemoteKey, object] = {A: Found(SecretValue("x")), B: Absent()}
    assert fetched(answers(mapping)) == {"a": "Found", "b": "Absent"}


def test_key_without_outcome_is_a_bug() -> None:
    """A key that was forgotten is not absent."""
    assert fetched(answers({A: Absent()})) == {"a": "Absent", "b": "no outcome for a key in provider `odd`"}


def test_answers_nobody_asked_for_are_left_out() -> None:
    """Only the keys that were asked come back."""
    mapping = {A: Absent(), B: Absent(), RemoteKey("c"): Absent()}
    assert calls.fetch(answers(mapping), [A, B], "odd").keys() == {A, B}


@pytest.mark.parametrize("error", [KeyError(CANARY), SystemExit(CANARY), BaseException(CANARY), RecursionError(CANARY)])
def test_exception_is_a_bug_for_all_keys(error: BaseException) -> None:
    """Its class is named, its text is not; `sys.exit` and panics count too."""
    outcomes = calls.fetch(raises(error), [A, B], "odd")
    message = f"{type(error).__name__} in provider `odd`"
    assert [(Failure.BUG, message)] * 2 == [(o.failure, o.message) for o in outcomes.values() if isinstance(o, Failed)]
    assert CANARY not in str(outcomes)


def test_exception_is_located() -> None:
    """The hint has the module and line, so that the bug can be found without a traceback."""
    failed = calls.fetch(raises(ValueError()), [A], "odd")[A]
    assert isinstance(failed, Failed)
    assert f"`{__name__}:" in failed.hint


def test_answer_that_breaks_when_it_is_read_is_a_bug() -> None:
    """A mapping of the plugin's own may raise as late as that."""

    class Lazy(dict[Any, Outcome]):
        def get(self, *_: object) -> NoReturn:
            raise ValueError(CANARY)

        items = get

    assert fetched(answers(Lazy())) == dict.fromkeys("ab", "ValueError in provider `odd`")
    assert isinstance(calls.find(answers(Matched(Lazy())), FindQuery(), "odd"), Failed)


def test_store_error_is_the_answer() -> None:
    """A StoreError that is raised says what an outcome would have said."""
    error = StoreError(Failure.THROTTLED, "slow down", hint="h", retry_after=3)
    assert calls.fetch(raises(error), [A], "odd") == {A: Failed(Failure.THROTTLED, "slow down", "h", 3)}


def test_missing_extra_is_the_answer() -> None:
    """A library that is missed only when it is used is named all the same."""
    failed = calls.fetch(raises(MissingExtra("odd", "odd")), [A], "odd")[A]
    assert isinstance(failed, Failed)
    assert failed.hint == "pip install 'syncd[odd]'"


def test_keyboard_interrupt_is_not_caught() -> None:
    """Ctrl-C is no answer of a store."""
    with pytest.raises(KeyboardInterrupt):
        calls.fetch(raises(KeyboardInterrupt()), [A], "odd")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "`fetch` answered NoneType in provider `odd`"),
        ([Absent()], "`fetch` answered list in provider `odd`"),
        ({A: CANARY}, "str is no outcome in provider `odd`"),
        ({A: Found(CANARY)}, "a value is str, not SecretValue, in provider `odd`"),  # type: ignore[arg-type]  # the bug
        ({A: Matched({})}, "Matched is no outcome in provider `odd`"),
    ],
)
def test_wrong_type_is_a_bug(answer: object, message: str) -> None:
    """An answer that the contract does not know is named by its type, and not shown."""
    failed = calls.fetch(answers(answer), [A], "odd")[A]
    assert isinstance(failed, Failed)
    assert (Failure.BUG, message) == (failed.failure, failed.message)
    assert CANARY not in str(failed)


def test_find_passes() -> None:
    """What the contract allows is handed on."""
    assert calls.find(answers(Matched({"a": Absent()})), FindQuery(), "odd") == Matched({"a": Absent()})
    failed = Failed(Failure.DENIED, "no")
    assert calls.find(answers(failed), FindQuery(), "odd") == failed


@pytest.mark.parametrize(
    ("provider", "message"),
    [
        (raises(ValueError(CANARY)), "ValueError in provider `odd`"),
        (answers({"a": Absent()}), "`find` answered dict in provider `odd`"),
    ],
)
def test_find_that_breaks_is_failed(provider: Provider, message: str) -> None:
    """A list that broke is not an empty one."""
    found = calls.find(provider, FindQuery(), "odd")
    assert isinstance(found, Failed)
    assert found.message == message


def test_found_value_of_a_wrong_type_is_a_bug() -> None:
    """A name whose value is no outcome fails, and the others stay."""
    found = calls.find(answers(Matched({"a": CANARY, "b": Absent()})), FindQuery(), "odd")  # type: ignore[dict-item]  # the bug
    assert isinstance(found, Matched)
    assert [Failed, Absent] == [type(outcome) for outcome in found.values.values()]
    assert CANARY not in str(found)


def test_check() -> None:
    """Health is handed on; all else is a failure."""
    health = StoreHealth("me", 0.1)
    assert calls.check(answers(health), "odd") == health
    assert calls.check(raises(StoreError(Failure.DENIED, "no")), "odd") == Failed(Failure.DENIED, "no")
    assert isinstance(calls.check(answers(True), "odd"), Failed)


def test_close_raises_nothing() -> None:
    """Nobody waits for what a store says when it is closed."""
    calls.close(raises(ValueError()), "odd")


class OddPlugin:
    """A plugin that opens a given provider, or fails to."""

    name = "odd"
    opened: Any = None

    @classmethod
    def open(cls, store: StoreConfig, credentials: Credentials) -> Provider:
        """Opens the odd store."""
        if isinstance(cls.opened, BaseException):
            raise cls.opened
        provider: Provider = cls.opened
        return provider


def opened(what: object) -> Provider | Failed:
    plugin = type("Plugin", (OddPlugin,), {"opened": what})
    return calls.open_store(plugin, store_config("odd", {}), GivenCredentials())


def test_store_opens() -> None:
    """A provider that keeps the contract is handed on."""
    provider = answers(None)
    assert opened(provider) is provider


def test_store_that_says_why_it_does_not_open() -> None:
    """The reason is the answer to everything that its declarations ask for."""
    assert opened(StoreError(Failure.DENIED, "no")) == Failed(Failure.DENIED, "no")


def test_store_that_breaks_while_it_opens() -> None:
    """An exception is a bug of the provider."""
    failed = opened(KeyError(CANARY))
    assert isinstance(failed, Failed)
    assert failed.message == "KeyError in provider `odd`"


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("dialect", "vault", "`dialect` is not a Dialect in provider `odd`"),
        ("batch", 0, "`batch` is not a number above 0 in provider `odd`"),
        ("width", "8", "`width` is not a number above 0 in provider `odd`"),
        ("lane", "", "`lane` is not a text in provider `odd`"),
    ],
)
def test_provider_with_a_wrong_attribute_does_not_open(attribute: str, value: object, message: str) -> None:
    """What would confuse the lanes is found at once."""
    provider = answers(None)
    setattr(provider, attribute, value)
    failed = opened(provider)
    assert isinstance(failed, Failed)
    assert failed.message == message


def test_provider_without_a_method_does_not_open() -> None:
    """A provider is complete or it is none."""
    provider = type("Half", (), {"dialect": Dialect.FILE, "batch": 1, "width": 1, "lane": "x"})()
    failed = opened(provider)
    assert isinstance(failed, Failed)
    assert failed.message == "a method is missing in provider `odd`"
