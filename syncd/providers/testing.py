"""Tests that every provider passes: subclass them in your own test suite, as docs/plugins.md shows.

pytest is imported here and nowhere else in syncd: the module is shipped for plugin authors, who install pytest.
"""

# ruff: noqa: S101  # asserts are what tests are made of

from __future__ import annotations

import base64
import json
import logging
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ClassVar

import pytest

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
    StoreError,
    StoreHealth,
)
from syncd.providers.given import GivenCredentials as GivenCredentials
from syncd.providers.given import store_config as store_config

CANARY = "kanarie-4f1b-ütt€r"
"""A value that must be seen nowhere but in what `SecretValue.reveal()` returns."""


def document(text: str) -> bytes:
    """The smallest secret that every store can hold: a JSON object with one text."""
    return json.dumps({"value": text}, ensure_ascii=False, separators=(",", ":")).encode()


def content(outcome: Outcome | None) -> str:
    """The text that `document` was made from, out of what a store answers."""
    assert isinstance(outcome, Found), f"{type(outcome).__name__} instead of Found"
    value = json.loads(outcome.value.reveal())["value"]
    assert isinstance(value, str)
    return value


def assert_silent(*things: object) -> None:
    """Fails when printing one of `things` or its attributes shows the canary, as text or in base64."""
    stem = CANARY[:12]
    # Base64 looks different at each of three offsets; what stands before and after it is cut off.
    encoded = [base64.b64encode(bytes(offset) + stem.encode()).decode()[4:-4] for offset in range(3)]
    for thing in things:
        shown = f"{thing!r}{thing}{getattr(thing, '__dict__', '')!r}"
        assert not any(form in shown for form in (stem, *encoded)), f"a {type(thing).__name__} shows a secret value"


class ProviderContract:
    """What syncd expects of an open store. Give it the fixture `provider` and the methods `put` and `delete`.

    Keys look like `contract-3f9a01-user`, so that a server can be shared. Values are JSON objects, except where a
    test wants bytes: `put` raises ValueError for what the store cannot hold.
    """

    finds: ClassVar[bool] = True
    """False when the store cannot list; `find` must then answer Failed(MISCONFIGURED)."""

    @pytest.fixture
    def provider(self) -> Provider:
        """The store, open."""
        raise NotImplementedError

    def put(self, key: str, value: bytes) -> None:
        """Writes a secret, past the provider."""
        raise NotImplementedError

    def delete(self, key: str) -> None:
        """Removes a secret, past the provider."""
        raise NotImplementedError

    @pytest.fixture
    def prefix(self) -> str:
        """What the keys of this test begin with."""
        return f"contract-{secrets.token_hex(3)}-"

    def test_has_the_attributes_of_a_provider(self, provider: Provider) -> None:
        """Dialect, batch, lane and width are there and make sense."""
        assert isinstance(provider, Provider)
        assert isinstance(provider.dialect, Dialect)
        assert provider.batch >= 1
        assert provider.width >= 1
        assert provider.lane

    def test_value_comes_back(self, provider: Provider, prefix: str) -> None:
        """What was put is found, with text beyond ASCII."""
        key = RemoteKey(prefix + "a")
        self.put(key.key, document("grüße, 日本, 😀\n"))
        assert content(provider.fetch([key])[key]) == "grüße, 日本, 😀\n"

    def test_bytes_come_back_or_are_refused(self, provider: Provider, prefix: str) -> None:
        """A value that is not text is found as it stands, or is a lasting failure: never another value."""
        key = RemoteKey(prefix + "a")
        with suppress(ValueError):
            self.put(key.key, b"\x00\xff\xfe\r\n")
            outcome = provider.fetch([key])[key]
            if isinstance(outcome, Found):
                assert outcome.value.reveal() == b"\x00\xff\xfe\r\n"
            else:
                assert isinstance(outcome, Failed)
                assert not outcome.failure.retryable

    def test_empty_is_not_absent(self, provider: Provider, prefix: str) -> None:
        """A secret that is there and empty is found."""
        key = RemoteKey(prefix + "a")
        with suppress(ValueError):
            self.put(key.key, b"")
            outcome = provider.fetch([key])[key]
            assert isinstance(outcome, Found)
            assert not outcome.value

    def test_missing_is_absent(self, provider: Provider, prefix: str) -> None:
        """A key that was never there is Absent."""
        key = RemoteKey(prefix + "nobody")
        assert provider.fetch([key]) == {key: Absent()}

    def test_deleted_is_absent(self, provider: Provider, prefix: str) -> None:
        """A key that was there and is deleted is Absent at the next fetch."""
        key = RemoteKey(prefix + "a")
        self.put(key.key, document("x"))
        assert content(provider.fetch([key])[key]) == "x"
        self.delete(key.key)
        assert provider.fetch([key]) == {key: Absent()}

    def test_nothing_is_cached(self, provider: Provider, prefix: str) -> None:
        """A rotated secret is seen by the next fetch."""
        key = RemoteKey(prefix + "a")
        self.put(key.key, document("old"))
        assert content(provider.fetch([key])[key]) == "old"
        self.put(key.key, document("new"))
        assert content(provider.fetch([key])[key]) == "new"

    def test_unknown_version_is_not_found(self, provider: Provider, prefix: str) -> None:
        """A version that does not exist is Absent or Failed, never the current one."""
        key = RemoteKey(prefix + "a", version="no-such-version")
        self.put(key.key, document("x"))
        assert isinstance(provider.fetch([key])[key], Absent | Failed)

    def test_no_keys(self, provider: Provider) -> None:
        """Nothing asked, nothing answered."""
        assert provider.fetch([]) == {}

    def test_one_outcome_for_each_key(self, provider: Provider, prefix: str) -> None:
        """Many keys, each twice, some missing: exactly one outcome for each, and the right one."""
        there = self._put_many(prefix, 20)
        missing = [RemoteKey(f"{prefix}missing-{n}") for n in range(5)]
        answers = _fetch(provider, [*there, *missing, *there, *missing])
        assert {*there, *missing} == answers.keys()
        assert list(there.values()) == [content(answers[key]) for key in there]
        assert [Absent()] * 5 == [answers[key] for key in missing]

    def test_threads(self, provider: Provider, prefix: str) -> None:
        """Eight threads that read at once get the same answers."""
        there = self._put_many(prefix, 8)
        with ThreadPoolExecutor(8) as pool:
            all_answers = list(pool.map(lambda _: _fetch(provider, list(there)), range(8)))
        for answers in all_answers:
            assert there == {key: content(answer) for key, answer in answers.items()}

    def test_find_is_complete(self, provider: Provider, prefix: str) -> None:
        """All names that match are found with their values, and no other."""
        there = self._put_many(prefix, 12)
        self.put(f"{prefix}other", document("other"))
        found = provider.find(FindQuery(name=f"^{prefix}key-"))
        if self.finds:
            assert isinstance(found, Matched)
            assert {key.key: value for key, value in there.items()} == {
                name: content(outcome) for name, outcome in found.values.items()
            }
        else:
            assert _lasting(found)

    def test_find_nothing(self, provider: Provider, prefix: str) -> None:
        """No match is an empty answer, not a failure."""
        found = provider.find(FindQuery(name=f"^{prefix}nobody$"))
        assert found == Matched({}) if self.finds else _lasting(found)

    def test_find_refuses_a_broken_expression(self, provider: Provider) -> None:
        """An expression that does not compile is the manifest's fault."""
        assert _lasting(provider.find(FindQuery(name="(")))

    def test_check(self, provider: Provider, prefix: str) -> None:
        """A store that works is healthy, and says who it takes us for."""
        self.put(f"{prefix}a", document("x"))
        health = provider.check()
        assert isinstance(health, StoreHealth)
        assert health.identity
        assert health.latency >= 0

    def test_close_twice(self, provider: Provider) -> None:
        """`close` can be called again, and raises nothing."""
        provider.close()
        provider.close()

    def test_values_are_not_shown(
        self, provider: Provider, prefix: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """No value is in what is logged, printed or shown by `repr`."""
        caplog.set_level(logging.DEBUG)
        key = RemoteKey(prefix + "a")
        self.put(key.key, document(CANARY))
        caplog.clear()
        capfd.readouterr()
        answers = provider.fetch([key, RemoteKey(key.key, version="no-such-version")])
        found = provider.find(FindQuery(name=f"^{prefix}"))
        assert content(answers[key]) == CANARY
        assert_silent(provider, provider.lane, answers, found, caplog.text, capfd.readouterr())

    def _put_many(self, prefix: str, count: int) -> dict[RemoteKey, str]:
        there = {RemoteKey(f"{prefix}key-{n}"): f"value {n}" for n in range(count)}
        for key, text in there.items():
            self.put(key.key, document(text))
        return there


class DeniedContract:
    """What is expected of a store that may refuse us. Give it the fixture `denied`."""

    @pytest.fixture
    def denied(self) -> Provider:
        """The store, opened with credentials that may read nothing."""
        raise NotImplementedError

    def test_denied_is_failed(self, denied: Provider) -> None:
        """A missing right is Failed(DENIED) for every key, never Absent."""
        keys = [RemoteKey("contract-denied-a"), RemoteKey("contract-denied-b")]
        failures = {key: _failure(answer) for key, answer in _fetch(denied, keys).items()}
        assert dict.fromkeys(keys, Failure.DENIED) == failures

    def test_denied_find_is_failed(self, denied: Provider) -> None:
        """A list that may not be read has not "no matches"."""
        found = denied.find(FindQuery(name="."))
        assert isinstance(found, Failed)
        assert not found.failure.retryable

    def test_close_when_denied(self, denied: Provider) -> None:
        """`close` raises nothing, even when the store refuses."""
        denied.close()


class UnreachableContract:
    """What is expected of a store that does not answer. Give it the fixture `unreachable`."""

    @pytest.fixture
    def unreachable(self) -> Provider:
        """The store, opened where nobody listens."""
        raise NotImplementedError

    def test_unreachable_is_failed(self, unreachable: Provider) -> None:
        """No answer is a failure that is tried again, for every key, never Absent."""
        keys = [RemoteKey("contract-unreachable-a"), RemoteKey("contract-unreachable-b")]
        answers = _fetch(unreachable, keys)
        assert set(keys) == answers.keys()
        assert all(isinstance(answer, Failed) and answer.failure.retryable for answer in answers.values())

    def test_unreachable_find_is_failed(self, unreachable: Provider) -> None:
        """No answer to a list has not "no matches"."""
        found = unreachable.find(FindQuery(name="."))
        assert isinstance(found, Failed)

    def test_unreachable_check_raises(self, unreachable: Provider) -> None:
        """`check` says that it is the store that does not work."""
        with pytest.raises(StoreError) as raised:
            unreachable.check()
        assert raised.value.failure.retryable

    def test_close_when_unreachable(self, unreachable: Provider) -> None:
        """`close` raises nothing, even when nobody listens."""
        unreachable.close()


def _fetch(provider: Provider, keys: Sequence[RemoteKey]) -> dict[RemoteKey, Outcome]:
    """Asks as syncd does: no more than `batch` keys at once."""
    answers: dict[RemoteKey, Outcome] = {}
    for start in range(0, len(keys), provider.batch):
        answers.update(provider.fetch(keys[start : start + provider.batch]))
    return answers


def _failure(answer: Outcome) -> Failure | str:
    return answer.failure if isinstance(answer, Failed) else type(answer).__name__


def _lasting(found: Matched | Failed) -> bool:
    return isinstance(found, Failed) and found.failure is Failure.MISCONFIGURED
