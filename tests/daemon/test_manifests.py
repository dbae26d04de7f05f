"""Manifests that are read again: what is in force when files break, go, and come back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import pytest

from syncd.daemon.manifests import Manifests
from syncd.errors import ManifestError, Problem
from syncd.manifests.declarations import Validation
from syncd.manifests.items import Text
from syncd.sources import files

STORE = """\
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: keys}
spec: {provider: {fake: {data: [{key: k, value: "1"}]}}}
"""
SECRET = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {{name: {name}}}
spec: {{secretStoreRef: {{name: keys}}, data: [{{secretKey: KEY, remoteRef: {{key: k}}}}]}}
"""


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.save("store", STORE)
        self.save("a", SECRET.format(name="a"))
        self.save("b", SECRET.format(name="b"))
        self.manifests = Manifests([str(path)], namespace="shop", validation=Validation.STRICT)

    def save(self, name: str, text: str) -> None:
        (self.path / f"{name}.yaml").write_text(text)

    @property
    def names(self) -> list[str]:
        return sorted(one.metadata.name for one in self.manifests.declarations.external_secrets)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "manifests")


def test_what_has_not_changed_is_not_read(folder: Folder) -> None:
    """A look is enough, unless it is asked for."""
    folder.manifests.start()
    before = folder.manifests.declarations
    assert (False, True) == (folder.manifests.poll(), before is folder.manifests.declarations)
    assert (True, False) == (folder.manifests.read(), before is folder.manifests.declarations)


def test_a_broken_file_keeps_its_last_good_version(folder: Folder) -> None:
    """However often it is read, until it loads again or goes."""
    folder.manifests.start()
    folder.save("a", "kind: [")
    for _ in range(3):
        folder.manifests.read()
        assert (["a", "b"], 1) == (folder.names, len(folder.manifests.problems))
    folder.save("a", SECRET.format(name="c"))
    folder.manifests.read()
    assert (["b", "c"], ()) == (folder.names, folder.manifests.problems)


def test_one_broken_object_takes_its_file_back(folder: Folder) -> None:
    """A file counts as a whole: its good half is not taken alone."""
    folder.manifests.start()
    folder.save("a", SECRET.format(name="new") + "---\n" + SECRET.format(name="a").replace("secretKey", "secretKye"))
    folder.manifests.read()
    assert ["a", "b"] == folder.names


def test_a_file_that_goes_is_gone(folder: Folder) -> None:
    """It is not broken."""
    folder.manifests.start()
    (folder.path / "a.yaml").unlink()
    folder.manifests.read()
    assert (["b"], ()) == (folder.names, folder.manifests.problems)


def test_a_broken_file_that_goes_is_gone(folder: Folder) -> None:
    """Its last good version with it."""
    folder.manifests.start()
    folder.save("a", "kind: [")
    folder.manifests.read()
    (folder.path / "a.yaml").unlink()
    folder.manifests.read()
    assert ["b"] == folder.names


def test_a_folder_that_is_away_is_broken(folder: Folder) -> None:
    """A mount that is not there yet again takes nothing away."""
    folder.manifests.start()
    folder.path.rename(folder.path.with_name("elsewhere"))
    assert folder.manifests.poll()
    assert (["a", "b"], 1) == (folder.names, len(folder.manifests.problems))
    folder.path.with_name("elsewhere").rename(folder.path)
    folder.manifests.poll()
    assert (["a", "b"], ()) == (folder.names, folder.manifests.problems)


def test_files_that_contradict_each_other_go_back(folder: Folder) -> None:
    """The one that was named goes back to what it was; nothing is declared twice."""
    folder.manifests.start()
    folder.save("b", SECRET.format(name="a"))
    folder.manifests.read()
    assert (["a", "b"], 1) == (folder.names, len(folder.manifests.problems))


def test_a_start_takes_what_loads(folder: Folder) -> None:
    """One broken file does not keep the rest from being synced after a restart."""
    folder.save("a", "kind: [")
    folder.manifests.start()
    assert (["b"], 1) == (folder.names, len(folder.manifests.problems))


def test_a_start_with_problems_and_nothing_else_fails(folder: Folder) -> None:
    """There is nothing to work on."""
    for name in ("a", "b"):
        folder.save(name, "kind: [")
    with pytest.raises(ManifestError):
        folder.manifests.start()


def test_an_empty_folder_is_none_of_our_business(tmp_path: Path) -> None:
    """Manifests may come later."""
    manifests = Manifests([str(tmp_path)], namespace="shop", validation=Validation.STRICT)
    manifests.start()
    assert () == manifests.declarations.external_secrets


def test_what_moves_while_files_are_read_is_not_gone(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a file that was not read yet to one that was: everything is read once more, as of one moment."""
    folder.manifests.start()
    read, store = files.texts, folder.path / "store.yaml"

    def texts(paths: Sequence[str]) -> tuple[tuple[Text, ...], tuple[Problem, ...]]:
        if not (folder.path / "a.yaml").exists():
            return read(paths)
        before = Text(str(store), store.read_text(), str(folder.path))
        folder.save("store", f"{STORE}---\n{SECRET.format(name='a')}")
        (folder.path / "a.yaml").unlink()
        found, problems = read(paths)
        return tuple(before if text.name == before.name else text for text in found), problems

    monkeypatch.setattr(files, "texts", texts)
    folder.manifests.read()
    assert ["a", "b"] == folder.names


def test_a_thread_that_holds_a_state_sees_no_other(folder: Folder) -> None:
    """Declarations and problems of one reading, until it lets go."""
    folder.manifests.start()
    with folder.manifests.held() as state:
        folder.save("c", "kind: [")
        (folder.path / "a.yaml").unlink()
        reader = Thread(target=folder.manifests.read)
        reader.start()
        reader.join()
        assert (["a", "b"], ()) == (folder.names, folder.manifests.problems)
        assert state is folder.manifests.state
    assert (["b"], 1) == (folder.names, len(folder.manifests.problems))
