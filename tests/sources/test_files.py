"""Files, folders and stdin are found and read as kubectl does, and a little more carefully."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from syncd.errors import ManifestError
from syncd.manifests import Declarations, Validation
from syncd.manifests.faults import KUSTOMIZE
from syncd.sources import load, read
from tests.manifests.samples import STORE, external_secret


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files of manifests, one deeper than the other, among files that hold none."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "store.yml").write_text(STORE)
    (tmp_path / "shop" / "stripe.yaml").write_text(external_secret())
    (tmp_path / "values.yaml").write_text("replicas: 3\n")
    (tmp_path / "kustomization.yaml").write_text("resources: [store.yml]\n")
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: shop\n")
    (tmp_path / "README.md").write_text("not: [yaml\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.yaml").write_text("broken: [\n")
    return tmp_path


def names(declarations: Declarations) -> list[str]:
    return [one.metadata.name for one in declarations.external_secrets]


def refused(*paths: str) -> list[str]:
    return [f"{problem.where}: {problem.message}" for problem in read(paths).problems]


def test_a_patch_of_kustomize(tmp_path: Path) -> None:
    """What lacks something beside a kustomization may be meant to."""
    (tmp_path / "patch.yaml").write_text(external_secret(secretStoreRef=None))
    assert [""] == [problem.hint for problem in read([str(tmp_path)]).problems]
    (tmp_path / "kustomization.yaml").write_text("patches: [{path: patch.yaml}]\n")
    assert [KUSTOMIZE] == [problem.hint for problem in read([str(tmp_path)]).problems]


def test_a_folder(folder: Path) -> None:
    """Folders are read to their depth; other YAML in them is passed over, hidden folders are not entered."""
    declarations = load([str(folder)])
    assert (["stripe"], ["SecretStore/shop/vault"]) == (names(declarations), [str(key) for key in declarations.stores])


def test_the_order_of_files(folder: Path) -> None:
    """Files come in the order of names, a folder's before those of the folders in it."""
    files = [str(Path(file).relative_to(folder)) for file in load([str(folder)]).files]
    assert ["Chart.yaml", "kustomization.yaml", "store.yml", "values.yaml", "shop/stripe.yaml"] == files


def test_several_paths(folder: Path) -> None:
    """Files and folders may be given together; a file that is meant twice is read once."""
    declarations = load([str(folder / "store.yml"), str(folder / "shop"), str(folder / "shop" / "stripe.yaml")])
    assert (["stripe"], 2) == (names(declarations), len(declarations.files))


def test_stdin() -> None:
    """`-` is stdin, and is called so in messages."""
    declarations = load(["-"], stdin=io.StringIO(f"{STORE}---\n{external_secret()}"))
    assert ["stdin:7"] == [one.source.location for one in declarations.external_secrets]


def test_json(tmp_path: Path) -> None:
    """JSON files are read too."""
    file = tmp_path / "a.json"
    file.write_text('{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}')
    assert {"a": {}} == load([str(tmp_path)]).references.namespaces


def test_locations_are_as_given(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path stays relative, so that a terminal can open it."""
    monkeypatch.chdir(folder)
    assert ["shop/stripe.yaml:1"] == [one.source.location for one in load([".", "store.yml"]).external_secrets]


def test_the_base_of_a_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the folder of the file, whatever folder the process is in."""
    monkeypatch.chdir(folder)
    (store,) = load(["store.yml"]).stores.values()
    assert str(folder.resolve()) == store.base


def test_a_mounted_config_map(tmp_path: Path) -> None:
    """Its files are links into a hidden folder: each object is there once."""
    data = tmp_path / "..2031_01_31"
    data.mkdir()
    (data / "store.yaml").write_text(STORE)
    (tmp_path / "..data").symlink_to(data.name)
    (tmp_path / "store.yaml").symlink_to("..data/store.yaml")
    assert 1 == len(load([str(tmp_path)]).stores)


def test_a_pipe(tmp_path: Path) -> None:
    """A file that has no length, as `<(command)` gives, is read."""
    receiver, sender = os.pipe()
    with os.fdopen(sender, "w") as pipe:
        pipe.write(STORE)
    assert 1 == len(load([f"/dev/fd/{receiver}"]).stores)
    os.close(receiver)


def test_options_reach_the_loader(folder: Path) -> None:
    """The namespace and the kind of validation are handed on."""
    (folder / "b.yaml").write_text(STORE.replace(", namespace: shop", "").replace("spec:", "spce: 1\nspec:"))
    declarations = load([str(folder)], namespace="web", validation=Validation.WARN)
    assert (["SecretStore/web/vault", "SecretStore/shop/vault"], 1) == (
        [str(key) for key in declarations.stores],
        len(declarations.warnings),
    )


def test_every_problem_in_one_run(folder: Path) -> None:
    """Files that cannot be read are listed with those that are wrong."""
    (folder / "a.yaml").write_text("a: [\n")
    with pytest.raises(ManifestError) as caught:
        load(["absent.yaml", str(folder)])
    assert ["absent.yaml", f"{folder}/a.yaml:2"] == [problem.where for problem in caught.value.problems]


def test_a_path_that_is_not_there() -> None:
    """It is an error, with a hint for addresses."""
    assert ["absent.yaml: no such file or folder"] == refused("absent.yaml")
    (problem,) = read(["https://example.com/a.yaml"]).problems
    assert "URLs are not read: fetch the file first" == problem.hint


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are refused without being shown."""
    file = tmp_path / "a.yaml"
    file.write_bytes(b"a: \xff\xfe")
    assert [f"{file}: not text in UTF-8"] == refused(str(file))


def test_stdin_that_is_no_text() -> None:
    """Nor may stdin be, whether its reader finds that out or not."""
    for stdin in (io.TextIOWrapper(io.BytesIO(b"a: \xff"), "utf-8"), io.StringIO("a: \udcff")):
        assert ["not text in UTF-8"] == [problem.message for problem in read(["-"], stdin=stdin).problems]


def test_no_stdin() -> None:
    """Where there is none, `-` is an error."""
    assert ["stdin: cannot be read here"] == refused("-")


def test_a_link_to_itself(tmp_path: Path) -> None:
    """What the system refuses to open is a problem, not a crash."""
    loop = tmp_path / "a.yaml"
    loop.symlink_to(loop)
    (message,) = refused(str(loop))
    assert message.startswith(f"{loop}: ")


def test_an_empty_file(tmp_path: Path) -> None:
    """A file that was named must hold something; in a folder it may be empty."""
    file = tmp_path / "a.yaml"
    file.write_text("")
    assert ([f"{file}: holds no objects"], []) == (refused(str(file)), refused(str(tmp_path)))


def test_a_pipe_in_a_folder_holds_nothing_up(folder: Path) -> None:
    """It is told; a pipe that is named itself is read, as shells make them for `-f <(…)`."""
    os.mkfifo(folder / "pipe.yaml")
    with pytest.raises(ManifestError, match=r"pipe\.yaml: cannot be read: not a file"):
        load([str(folder)], namespace="default", validation=Validation.STRICT, stdin=None)
