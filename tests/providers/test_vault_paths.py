"""The paths of KV secrets follow the table of External Secrets Operator."""

from __future__ import annotations

import pytest

from syncd.providers.api import Failure, StoreError
from syncd.providers.vault_paths import KvPaths, KvVersion

V1, V2 = KvVersion.V1, KvVersion.V2


@pytest.mark.parametrize(
    ("mount", "version", "key", "expected"),
    [
        ("secret", V2, "a/b", "secret/data/a/b"),
        ("secret", V2, "secret/a/b", "secret/data/a/b"),
        ("secret", V2, "secret/data/a/b", "secret/data/a/b"),
        ("secret", V2, "/a/b", "secret/data/a/b"),
        ("secret", V2, "data/a", "secret/data/data/a"),
        ("secret", V2, "secretly/a", "secret/data/secretly/a"),
        ("secret/path", V2, "secret/path/data/test", "secret/path/data/test"),
        ("secret/path", V2, "secret/path/test", "secret/path/data/test"),
        ("secret/path", V2, "test", "secret/path/data/test"),
        ("", V2, "secret/test/big/path", "secret/data/test/big/path"),
        ("", V2, "secret/test/data/not/the/first/and/data/twice", "secret/test/data/not/the/first/and/data/twice"),
        ("", V2, "/secret/test", "secret/data/test"),
        ("secret/path", V1, "secret/path/test", "secret/path/test"),
        ("secret/path", V1, "test", "secret/path/test"),
        ("secret", V1, "secret/data/test", "secret/data/test"),
        ("", V1, "secret/test", "secret/test"),
    ],
)
def test_data_path(mount: str, version: KvVersion, key: str, expected: str) -> None:
    """A key may repeat the mount, have `data/` behind it and begin with a slash."""
    assert expected == KvPaths(mount, version).data(key)


@pytest.mark.parametrize(
    ("mount", "key", "expected"),
    [
        ("secret/path", "test", "secret/path/metadata/test"),
        ("secret/path", "secret/path/test", "secret/path/metadata/test"),
        ("secret/path", "secret/path/data/test", "secret/path/metadata/test"),
        ("", "secret/data/test/data/x", "secret/metadata/test/data/x"),
        ("", "secret/test", "secret/metadata/test"),
    ],
)
def test_metadata_path(mount: str, key: str, expected: str) -> None:
    """Metadata lies beside the data that the same key reads."""
    assert expected == KvPaths(mount).metadata(key)


@pytest.mark.parametrize(
    ("mount", "version", "path", "expected"),
    [
        ("secret", V2, "", ("secret/metadata", "secret/data")),
        ("secret", V2, "app", ("secret/metadata/app", "secret/data/app")),
        ("secret", V2, "secret/app", ("secret/metadata/app", "secret/data/app")),
        ("secret", V2, "secret", ("secret/metadata", "secret/data")),
        ("secret", V1, "app", ("secret/app", "secret/app")),
        ("", V2, "secret/app", ("secret/metadata/app", "secret/data/app")),
        ("", V1, "secret/app", ("secret/app", "secret/app")),
    ],
)
def test_folders(mount: str, version: KvVersion, path: str, expected: tuple[str, str]) -> None:
    """Lists and reads of a find go to the two trees of version 2, to the one tree of version 1."""
    assert expected == KvPaths(mount, version).folders(path)


@pytest.mark.parametrize("key", ["../sys/policy", "a/../b", "./a", "a/.."])
def test_a_key_cannot_leave_its_mount(key: str) -> None:
    """A dotted segment would be resolved on the way to another part of the API, and is refused."""
    with pytest.raises(StoreError) as raised:
        KvPaths("secret").data(key)
    assert Failure.MISCONFIGURED == raised.value.failure
