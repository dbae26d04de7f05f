"""The `fake` provider: the contract, and what the reference's `fake` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    SecretValue,
    StoreError,
)
from syncd.providers.fake import FakePlugin, FakeStore
from syncd.providers.testing import GivenCredentials, ProviderContract, store_config


def fake_store(*data: Mapping[str, Any], **config: Any) -> Provider:
    return FakePlugin.open(store_config("fake", {"data": list(data), **config}), GivenCredentials())


def read(store: Provider, key: RemoteKey) -> Outcome:
    return store.fetch([key])[key]


def value(outcome: Outcome) -> str:
    assert isinstance(outcome, Found), outcome
    return outcome.value.reveal().decode()


class TestContract(ProviderContract):
    """A manifest with secrets keeps the promises of a provider."""

    secrets: dict[RemoteKey, SecretValue]

    @pytest.fixture
    def provider(self) -> Provider:
        """A store whose secrets come and go."""
        self.secrets = {}
        return FakeStore(self.secrets)

    def put(self, key: str, value: bytes) -> None:
        """Adds an entry."""
        self.secrets[RemoteKey(key)] = SecretValue(value)

    def delete(self, key: str) -> None:
        """Takes an entry away."""
        del self.secrets[RemoteKey(key)]


def test_dialect_is_its_own() -> None:
    """Properties are looked up as the reference's fake does."""
    assert fake_store().dialect is Dialect.FAKE


def test_version_must_match() -> None:
    """Each version is an entry of its own; without one, only the entry without one is meant."""
    store = fake_store({"key": "k", "value": "one", "version": "1"}, {"key": "k", "value": "two", "version": "2"})
    assert value(read(store, RemoteKey("k", "1"))) == "one"
    assert value(read(store, RemoteKey("k", "2"))) == "two"
    assert read(store, RemoteKey("k")) == Absent()


def test_version_is_no_part_of_the_key() -> None:
    """Version 1 of `k` is not the key `k1`."""
    store = fake_store({"key": "k", "value": "versioned", "version": "1"}, {"key": "k1", "value": "plain"})
    assert ["versioned", "plain"] == [value(read(store, key)) for key in (RemoteKey("k", "1"), RemoteKey("k1"))]


def test_last_entry_wins() -> None:
    """Of two entries of one key and version the last is meant."""
    assert value(read(fake_store({"key": "k", "value": "a"}, {"key": "k", "value": "b"}), RemoteKey("k"))) == "b"


def test_metadata_is_not_refused() -> None:
    """The reference takes no notice of `metadataPolicy` here."""
    assert value(read(fake_store({"key": "k", "value": "a"}), RemoteKey("k", metadata=True))) == "a"


def test_find_takes_the_greatest_version_as_text() -> None:
    """`9` is greater than `10` as text, and any version is greater than none."""
    store = fake_store(
        {"key": "k", "value": "ten", "version": "10"},
        {"key": "k", "value": "nine", "version": "9"},
        {"key": "k", "value": "none"},
    )
    found = store.find(FindQuery(name="^k"))
    assert isinstance(found, Matched)
    assert {"k": "nine"} == {name: value(outcome) for name, outcome in found.values.items()}


def test_find_takes_no_notice_of_the_path() -> None:
    """As the reference, which knows names only."""
    found = fake_store({"key": "svc/a", "value": "x"}).find(FindQuery(path="nowhere", name="^svc"))
    assert isinstance(found, Matched)
    assert found.values.keys() == {"svc/a"}


@pytest.mark.parametrize("query", [FindQuery(), FindQuery(tags={"a": "b"}), FindQuery(path="a")])
def test_find_needs_a_name(query: FindQuery) -> None:
    """Tags or a path alone are refused, as in the reference."""
    found = fake_store({"key": "a", "value": "x"}).find(query)
    assert isinstance(found, Failed)
    assert found.failure is Failure.MISCONFIGURED


@pytest.mark.parametrize("result", [0, 1])
def test_valid_or_unknown_store_is_read(result: int) -> None:
    """`validationResult` Ready and Unknown let reads through."""
    store = fake_store({"key": "a", "value": "x"}, validationResult=result)
    assert value(read(store, RemoteKey("a"))) == "x"
    assert store.check().identity == "fake"


def test_invalid_store_fails_everything() -> None:
    """With `validationResult` Error nothing is read, and nothing is absent."""
    store = fake_store({"key": "a", "value": "x"}, validationResult=2)
    outcomes = [read(store, RemoteKey("a")), read(store, RemoteKey("nobody")), store.find(FindQuery(name="a"))]
    assert [Failure.MISCONFIGURED] * 3 == [o.failure for o in outcomes if isinstance(o, Failed)]
    with pytest.raises(StoreError):
        store.check()


@pytest.mark.parametrize(
    ("config", "where"),
    [
        ({"data": "text"}, "spec.provider.fake.data: must be a list"),
        ({"data": ["text"]}, "spec.provider.fake.data: must be a list"),
        ({"data": [{"value": "sesame"}]}, "spec.provider.fake.data[0].key: is required"),
        ({"data": [{"key": "a", "value": ["sesame"]}]}, "spec.provider.fake.data[0].value: must be text"),
        ({"validationResult": "2"}, "spec.provider.fake.validationResult: must be a whole number"),
    ],
)
def test_config_that_makes_no_sense_is_refused(config: dict[str, Any], where: str) -> None:
    """The field is named, the value is not shown."""
    with pytest.raises(StoreError) as raised:
        FakePlugin.open(store_config("fake", config), GivenCredentials())
    assert raised.value.message.startswith(where)
    assert "sesame" not in str(raised.value)
