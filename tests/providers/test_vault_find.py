"""`find` in a KV mount of a real OpenBao: all that matches, or a failure."""

from __future__ import annotations

import pytest

from syncd.providers.api import Failure, FindQuery, Matched
from tests.providers.vaults import Kv, failed, open_with_token, text
from tests.servers.openbao import OpenBao


@pytest.fixture
def kv(openbao: OpenBao) -> Kv:
    return Kv(openbao)


@pytest.fixture
def kv1(openbao: OpenBao) -> Kv:
    return Kv(openbao, version=1)


@pytest.fixture
def tree(kv: Kv) -> Kv:
    """secret1, secret2, a deleted one, a tagged one and a folder."""
    for name in ("secret1", "secret2", "secret3", "tag", "path/1", "path/deep/2"):
        kv.put(name, name=name)
    kv.tag("secret1", foo="bar", env="prod")
    kv.tag("secret2", foo="baz", env="prod")
    kv.tag("secret3", foo="baz")
    kv.tag("tag", foo="baz")
    kv.delete("secret3")
    return kv


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (FindQuery(name="secret.*"), {"secret1", "secret2"}),
        (FindQuery(name="ret1$"), {"secret1"}),
        (FindQuery(name="deep/"), {"path/deep/2"}),
        (FindQuery(path="path"), {"path/1", "path/deep/2"}),
        (FindQuery(path="path/deep", name="^path/deep/2$"), {"path/deep/2"}),
        (FindQuery(path="nowhere"), set()),
        (FindQuery(tags={"foo": "baz"}), {"secret2", "tag"}),
        (FindQuery(tags={"foo": "baz", "env": "prod"}), {"secret2"}),
        (FindQuery(tags={"foo": "nobody"}), set()),
        (FindQuery(name="^tag$", tags={"foo": "nobody"}), {"tag"}),
        (FindQuery(), {"secret1", "secret2", "tag", "path/1", "path/deep/2"}),
    ],
)
def test_find(tree: Kv, query: FindQuery, expected: set[str]) -> None:
    """By name, by all given tags, below a path; `name` goes before `tags`; what is deleted is passed over."""
    found = tree.store().find(query)
    assert isinstance(found, Matched)
    assert {name: f'{{"name":"{name}"}}' for name in expected} == {
        name: text(outcome) for name, outcome in found.values.items()
    }


def test_find_below_a_path_that_names_the_mount(tree: Kv) -> None:
    """The path may repeat the mount; names begin with it as it was written."""
    found = tree.store().find(FindQuery(path=f"{tree.mount}/path"))
    assert isinstance(found, Matched)
    assert {f"{tree.mount}/path/1", f"{tree.mount}/path/deep/2"} == found.values.keys()


def test_find_without_a_mount(tree: Kv) -> None:
    """A store without `path` finds below a path that begins with the mount, and nowhere else."""
    store = open_with_token(tree.bao, "")
    found = store.find(FindQuery(path=f"{tree.mount}/path"))
    assert isinstance(found, Matched)
    assert {f"{tree.mount}/path/1", f"{tree.mount}/path/deep/2"} == found.values.keys()
    assert "where to look" in failed(store.find(FindQuery(name="."))).message


def test_a_name_that_looks_like_the_mount_is_found(kv: Kv) -> None:
    """Names of a list are taken as they are: no mount is stripped from them."""
    kv.put(f"{kv.mount}/a", where="inside")
    kv.put("a", where="outside")
    found = kv.store().find(FindQuery(name="/a$"))
    assert isinstance(found, Matched)
    assert {f"{kv.mount}/a": '{"where":"inside"}'} == {name: text(outcome) for name, outcome in found.values.items()}


def test_find_in_version_1(kv1: Kv) -> None:
    """Version 1 is found by name; it has no tags to find by."""
    kv1.put("a/b", user="ann")
    store = kv1.store(version="v1")
    found = store.find(FindQuery(name="b"))
    assert isinstance(found, Matched)
    assert ["a/b"] == list(found.values)
    assert Failure.MISCONFIGURED == failed(store.find(FindQuery(tags={"foo": "bar"}))).failure


def test_a_find_that_may_not_read_everything_fails(tree: Kv) -> None:
    """Part of a match is no match: the right that is missing is named."""
    token = tree.token("list metadata/", "list metadata/path/", "list metadata/path/deep/", "read data/secret1")
    failure = failed(tree.store(token=token).find(FindQuery(name=".")))
    assert (Failure.DENIED, True) == (failure.failure, "denies `read`" in failure.message)


def test_a_find_that_may_not_list_everything_fails(tree: Kv) -> None:
    """A folder that cannot be listed may hold anything."""
    token = tree.token("list metadata/", "read data/*")
    failure = failed(tree.store(token=token).find(FindQuery(name="secret")))
    assert (Failure.DENIED, True) == (
        failure.failure,
        f"denies `list` on `{tree.mount}/metadata/path`" in failure.message,
    )
