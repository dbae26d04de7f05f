"""The `file` provider: the contract, and what is particular about folders."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

from syncd.providers.api import (
    Absent,
    Failed,
    Failure,
    FindQuery,
    Found,
    Matched,
    Outcome,
    Provider,
    RemoteKey,
    StoreError,
)
from syncd.providers.file import LIMIT, FilePlugin, FolderStore
from syncd.providers.testing import (
    DeniedContract,
    GivenCredentials,
    ProviderContract,
    UnreachableContract,
    store_config,
)

NOBODY = 65534


def folder_store(folder: Path) -> Provider:
    return FilePlugin.open(store_config("file", {"path": str(folder)}, base="/"), GivenCredentials())


def read(store: Provider, key: str) -> Outcome:
    return store.fetch([RemoteKey(key)])[RemoteKey(key)]


def value(store: Provider, key: str) -> bytes:
    outcome = read(store, key)
    assert isinstance(outcome, Found), outcome
    return outcome.value.reveal()


def failure(outcome: object) -> Failure:
    assert isinstance(outcome, Failed), outcome
    return outcome.failure


def found_names(store: Provider, query: FindQuery) -> list[str]:
    found = store.find(query)
    assert isinstance(found, Matched), found
    return list(found.values)


class SwappedBetweenReads(FolderStore):
    """A mount whose content is swapped once, after the first file was read."""

    def __init__(self, folder: Path, swap: Callable[[], None]) -> None:
        super().__init__(folder)
        self.swaps = [swap]

    def _read(self, root: Path, key: PurePosixPath) -> Outcome:
        outcome = super()._read(root, key)
        while self.swaps:
            self.swaps.pop()()
        return outcome


class TestContract(ProviderContract, DeniedContract, UnreachableContract):
    """A folder keeps the promises of a provider."""

    folder: Path

    @pytest.fixture
    def provider(self, tmp_path: Path) -> Provider:
        """A folder of its own."""
        self.folder = tmp_path
        return folder_store(tmp_path)

    @pytest.fixture
    def denied(self) -> Iterator[Provider]:
        """A folder that only its owner may enter, for somebody else."""
        with tempfile.TemporaryDirectory() as folder:
            root = os.geteuid() == 0
            if root:
                os.seteuid(NOBODY)
            else:
                Path(folder).chmod(0)
            try:
                yield folder_store(Path(folder))
            finally:
                if root:
                    os.seteuid(0)
                Path(folder).chmod(0o700)

    @pytest.fixture
    def unreachable(self, tmp_path: Path) -> Provider:
        """A folder that is not mounted."""
        return folder_store(tmp_path / "nowhere")

    def put(self, key: str, value: bytes) -> None:
        """Writes a file."""
        (self.folder / key).write_bytes(value)

    def delete(self, key: str) -> None:
        """Removes a file."""
        (self.folder / key).unlink()


class TestOpening:
    """Which configs are a `file` store."""

    def test_relative_path_begins_at_the_manifest(self, tmp_path: Path) -> None:
        """`path: secrets` is the folder beside the manifest's file."""
        (tmp_path / "secrets").mkdir()
        (tmp_path / "secrets" / "a").write_text("x")
        config = store_config("file", {"path": "secrets"}, base=str(tmp_path))
        assert value(FilePlugin.open(config, GivenCredentials()), "a") == b"x"

    def test_store_from_the_cluster_is_refused(self, tmp_path: Path) -> None:
        """Who can create a store in the cluster cannot read the disk of syncd."""
        with pytest.raises(StoreError) as raised:
            FilePlugin.open(store_config("file", {"path": str(tmp_path)}), GivenCredentials())
        assert raised.value.failure is Failure.DENIED

    @pytest.mark.parametrize("config", [{}, {"path": ""}, {"path": 1}, {"path": "x", "pth": "y"}])
    def test_config_that_makes_no_sense_is_refused(self, config: dict[str, object]) -> None:
        """Missing, empty and unknown fields are named."""
        with pytest.raises(StoreError, match=r"spec\.provider\.file\.pa?th: ") as raised:
            FilePlugin.open(store_config("file", config, base="/"), GivenCredentials())
        assert raised.value.failure is Failure.MISCONFIGURED


class TestReading:
    """What a key is, and what it is not."""

    def test_content_is_the_value_as_it_stands(self, tmp_path: Path) -> None:
        """A newline at the end belongs to it, as with `kubectl create secret --from-file`."""
        (tmp_path / "a").write_bytes(b"line\r\n\n")
        assert value(folder_store(tmp_path), "a") == b"line\r\n\n"

    def test_key_may_be_in_a_folder(self, tmp_path: Path) -> None:
        """`db/password` is the file `password` in the folder `db`."""
        (tmp_path / "db").mkdir()
        (tmp_path / "db" / "password").write_text("x")
        assert value(folder_store(tmp_path), "db/password") == b"x"

    def test_key_below_a_file_is_absent(self, tmp_path: Path) -> None:
        """A file has nothing below it."""
        (tmp_path / "a").write_text("x")
        assert read(folder_store(tmp_path), "a/b") == Absent()

    @pytest.mark.parametrize("key", ["../a", "b/../../a", "/etc/hostname", "", ".", "..", "a\0b"])
    def test_key_that_leads_out_is_refused(self, tmp_path: Path, key: str) -> None:
        """Absolute keys and `..` are no keys, wherever they would lead."""
        (tmp_path / "a").write_text("x")
        (tmp_path / "inner").mkdir()
        assert failure(read(folder_store(tmp_path / "inner"), key)) is Failure.MISCONFIGURED

    @pytest.mark.parametrize("link", ["link", "folder/a"])
    def test_link_that_leads_out_is_refused(self, tmp_path: Path, link: str) -> None:
        """A link to a file outside, or below a folder outside, is not read."""
        (tmp_path / "outer").mkdir()
        (tmp_path / "outer" / "a").write_text("x")
        (tmp_path / "inner").mkdir()
        (tmp_path / "inner" / "link").symlink_to("../outer/a")
        (tmp_path / "inner" / "folder").symlink_to("../outer")
        outcome = read(folder_store(tmp_path / "inner"), link)
        assert failure(outcome) is Failure.MISCONFIGURED
        assert "leaves the store's folder" in str(outcome)

    def test_link_that_leads_out_is_refused_when_nothing_is_there(self, tmp_path: Path) -> None:
        """Whether a file outside exists is not told."""
        (tmp_path / "link").symlink_to("../nobody")
        assert failure(read(folder_store(tmp_path), "link")) is Failure.MISCONFIGURED

    def test_link_inside_is_followed(self, tmp_path: Path) -> None:
        """Links within the folder are fine, also when the folder itself is one."""
        (tmp_path / "real").mkdir()
        (tmp_path / "real" / "a").write_text("x")
        (tmp_path / "real" / "link").symlink_to("a")
        (tmp_path / "folder").symlink_to("real")
        assert value(folder_store(tmp_path / "folder"), "link") == b"x"

    def test_link_to_nothing_is_not_absent(self, tmp_path: Path) -> None:
        """Something is there, and nobody knows what it holds."""
        (tmp_path / "link").symlink_to("gone")
        (tmp_path / "folder").symlink_to("gone")
        store = folder_store(tmp_path)
        assert [Failure.UNAVAILABLE] * 2 == [failure(read(store, "link")), failure(read(store, "folder/a"))]

    def test_link_to_itself_is_a_failure(self, tmp_path: Path) -> None:
        """A loop of links is the folder's fault."""
        (tmp_path / "a").symlink_to("b")
        (tmp_path / "b").symlink_to("a")
        assert failure(read(folder_store(tmp_path), "a")) is Failure.MISCONFIGURED

    def test_folder_is_no_secret(self, tmp_path: Path) -> None:
        """A folder is there, so it is not absent."""
        (tmp_path / "a").mkdir()
        assert read(folder_store(tmp_path), "a") == Failed(Failure.MISCONFIGURED, "`a` is a folder")

    def test_pipe_is_no_secret(self, tmp_path: Path) -> None:
        """What is no regular file is not opened: it could hang, or do something."""
        os.mkfifo(tmp_path / "a")
        assert read(folder_store(tmp_path), "a") == Failed(Failure.MISCONFIGURED, "`a` is no regular file")

    def test_largest_file(self, tmp_path: Path) -> None:
        """1 MiB is read, a byte more is refused."""
        (tmp_path / "a").write_bytes(b"x" * LIMIT)
        (tmp_path / "b").write_bytes(b"x" * (LIMIT + 1))
        store = folder_store(tmp_path)
        assert len(value(store, "a")) == LIMIT
        assert failure(read(store, "b")) is Failure.MISCONFIGURED

    @pytest.mark.parametrize("key", [RemoteKey("a", version="1"), RemoteKey("a", metadata=True)])
    def test_version_and_metadata_are_refused(self, tmp_path: Path, key: RemoteKey) -> None:
        """Files have neither, and the current content is not what was asked for."""
        (tmp_path / "a").write_text("x")
        assert failure(folder_store(tmp_path).fetch([key])[key]) is Failure.MISCONFIGURED

    def test_unreadable_file_is_denied(self) -> None:
        """A file that belongs to somebody else is there; others beside it are read."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            for name, mode in (("mine", 0o644), ("theirs", 0)):
                (Path(folder) / name).write_text("x")
                (Path(folder) / name).chmod(mode)
            root = os.geteuid() == 0
            if root:
                os.seteuid(NOBODY)
            try:
                outcomes = [read(folder_store(Path(folder)), name) for name in ("mine", "theirs")]
            finally:
                if root:
                    os.seteuid(0)
        assert isinstance(outcomes[0], Found)
        assert failure(outcomes[1]) is Failure.DENIED


class TestMounts:
    """Folders as the kubelet mounts Secrets and ConfigMaps: links through `..data`, which is swapped."""

    @pytest.fixture
    def mount(self, tmp_path: Path) -> Path:
        """A mounted Secret with the keys `user`, `password` and, in a folder, `tls/key`."""
        self.swap(tmp_path, "ann", "old")
        for name in ("user", "password", "tls"):
            (tmp_path / name).symlink_to(f"..data/{name}")
        return tmp_path

    def swap(self, mount: Path, user: str, password: str) -> None:
        """Publishes new content as the kubelet does: a new folder, and one rename."""
        version = mount / f"..version-{password}"
        (version / "tls").mkdir(parents=True)
        (version / "user").write_text(user)
        (version / "password").write_text(password)
        (version / "tls" / "key").write_text("pem")
        (mount / "..data_tmp").symlink_to(version.name)
        (mount / "..data_tmp").rename(mount / "..data")

    def test_keys_are_read_through_the_links(self, mount: Path) -> None:
        """Each key is found, also below a folder."""
        store = folder_store(mount)
        assert [b"ann", b"old", b"pem"] == [value(store, key) for key in ("user", "password", "tls/key")]

    def test_new_content_is_seen(self, mount: Path) -> None:
        """After a swap the new values are read."""
        store = folder_store(mount)
        assert value(store, "password") == b"old"
        self.swap(mount, "bob", "new")
        assert value(store, "password") == b"new"

    def test_missing_key_is_absent(self, mount: Path) -> None:
        """A key that the Secret does not have is absent, also below a folder."""
        store = folder_store(mount)
        assert [Absent(), Absent()] == [read(store, "nobody"), read(store, "tls/nobody")]

    def test_values_of_one_fetch_are_of_one_version(self, mount: Path) -> None:
        """A swap between two reads makes the fetch begin anew: no new user with an old password."""
        store = SwappedBetweenReads(mount, lambda: self.swap(mount, "bob", "new"))
        outcomes = store.fetch([RemoteKey("user"), RemoteKey("password")])
        assert [b"bob", b"new"] == [o.value.reveal() for o in outcomes.values() if isinstance(o, Found)]

    def test_find_gives_the_keys_only(self, mount: Path) -> None:
        """Neither `..data` nor what it links to is a secret."""
        assert found_names(folder_store(mount), FindQuery()) == ["password", "tls/key", "user"]


class TestFinding:
    """What `find` lists."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Provider:
        """`db/user`, `db/password`, `web/key` and hidden things."""
        for name in ("db/user", "db/password", "web/key", ".git/config", "db/.hidden"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(name)
        return folder_store(tmp_path)

    def test_everything(self, store: Provider) -> None:
        """Without criteria all that is not hidden."""
        assert found_names(store, FindQuery()) == ["db/password", "db/user", "web/key"]

    def test_by_name(self, store: Provider) -> None:
        """The expression is searched for in the path of the file."""
        assert found_names(store, FindQuery(name="^db/.*s")) == ["db/password", "db/user"]

    def test_by_path(self, store: Provider) -> None:
        """Only what is below a folder, under its whole name."""
        assert found_names(store, FindQuery(path="web")) == ["web/key"]

    @pytest.mark.parametrize("path", ["nobody", "db/user"])
    def test_by_path_that_is_no_folder(self, store: Provider, path: str) -> None:
        """There is nothing below a folder that does not exist."""
        assert found_names(store, FindQuery(path=path)) == []

    @pytest.mark.parametrize("query", [FindQuery(tags={"a": "b"}), FindQuery(path="../x"), FindQuery(path="/etc")])
    def test_what_it_cannot_find_by(self, store: Provider, query: FindQuery) -> None:
        """Files have no tags, and paths stay inside."""
        assert failure(store.find(query)) is Failure.MISCONFIGURED

    def test_link_out_of_the_folder_fails_its_name(self, store: Provider, tmp_path: Path) -> None:
        """A link to a file outside is listed as a failure, not left out."""
        (tmp_path / "web" / "link").symlink_to("/etc/hostname")
        found = store.find(FindQuery(path="web"))
        assert isinstance(found, Matched)
        assert failure(found.values["web/link"]) is Failure.MISCONFIGURED

    @pytest.mark.parametrize("target", ["/etc", "gone"])
    def test_folder_that_cannot_be_listed_fails_all(self, store: Provider, tmp_path: Path, target: str) -> None:
        """What a link out of the folder, or to nothing, would have added is unknown."""
        (tmp_path / "link").symlink_to(target)
        assert isinstance(store.find(FindQuery(path="link")), Failed)

    def test_folders_that_link_to_each_other_end(self, store: Provider, tmp_path: Path) -> None:
        """A link to a folder that it stands in is not followed."""
        (tmp_path / "web" / "up").symlink_to("..")
        assert found_names(store, FindQuery(path="web")) == ["web/key"]

    def test_name_that_is_no_text_fails_all(self, store: Provider, tmp_path: Path) -> None:
        """A name that no manifest could write is not left out in silence."""
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/web/\xff")).write_text("x")
        assert failure(store.find(FindQuery(path="web"))) is Failure.MISCONFIGURED
