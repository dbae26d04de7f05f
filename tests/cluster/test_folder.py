"""The folder target: the conformance suite, and what is special about files."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from syncd.cluster.folder import FolderTarget
from syncd.errors import Conflict, Denied, Rejected, Unreachable
from syncd.model import (
    MANAGED,
    Missing,
    ObjectName,
    Present,
    SecretObject,
    SecretValue,
    Unreadable,
    WorkloadName,
)
from tests.cluster.conformance import (
    ConfigMapConformance,
    RecordConformance,
    SecretConformance,
    WatchConformance,
    WorkloadConformance,
    bench,
)
from tests.cluster.conformance.secrets import patch_of
from tests.cluster.lab import Account, Pod

__all__ = ["bench"]


@dataclass
class FolderLab:
    target: FolderTarget
    root: Path
    namespace: str = "lab"

    def add_workload(self, name: WorkloadName, pod: Pod) -> None:
        self._write(f"{name.kind}-{name.name.name}", pod.manifest(name))

    def annotate(self, name: WorkloadName, annotations: Mapping[str, str]) -> None:
        path = self._path(f"{name.kind}-{name.name.name}")
        manifest = yaml.safe_load(path.read_text())
        metadata = manifest["metadata"]
        metadata["annotations"] = {**metadata.get("annotations", {}), **annotations}
        path.write_text(yaml.safe_dump(manifest))

    def remove_workload(self, name: WorkloadName) -> None:
        self._path(f"{name.kind}-{name.name.name}").unlink()

    def add_account(self, account: Account) -> None:
        metadata = {"name": account.name, "namespace": self.namespace, "annotations": dict(account.annotations)}
        pulls = [{"name": name} for name in account.pull_secrets]
        self._write(account.name, {"kind": "ServiceAccount", "metadata": metadata, "imagePullSecrets": pulls})

    def add_configmap(self, name: str, data: Mapping[str, str]) -> None:
        metadata = {"name": name, "namespace": self.namespace}
        self._write(name, {"kind": "ConfigMap", "metadata": metadata, "data": dict(data)})

    def _path(self, name: str) -> Path:
        return self.root / "manifests" / f"{name}.yaml"

    def _write(self, name: str, manifest: Mapping[str, object]) -> None:
        self._path(name).parent.mkdir(exist_ok=True)
        self._path(name).write_text(yaml.safe_dump(manifest))


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[FolderLab]:
    target = FolderTarget(tmp_path)
    yield FolderLab(target, tmp_path)
    target.close()


class TestSecrets(SecretConformance):
    pass


class TestConfigMaps(ConfigMapConformance):
    """ConfigMaps."""


class TestWorkloads(WorkloadConformance):
    pass


class TestRecords(RecordConformance):
    pass


class TestWatch(WatchConformance):
    pass


NAME = ObjectName("shop", "stripe")


@pytest.fixture
def target(tmp_path: Path) -> Iterator[FolderTarget]:
    folder = FolderTarget(tmp_path / "out")
    yield folder
    folder.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out" / "secrets" / "shop" / "stripe.yaml"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def stripe(value: str = "1") -> SecretObject:
    return SecretObject(NAME, data={"KEY": SecretValue(value)})


def given(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_reading_makes_nothing(target: FolderTarget, tmp_path: Path) -> None:
    """A plan leaves no trace, not even the folder."""
    target.read_secrets([NAME])
    target.owned_secrets([])
    target.read_workloads("shop")
    target.fingerprint_keys()
    target.read_removals()
    assert [] == list(tmp_path.iterdir())


def test_files_are_for_the_owner_only(target: FolderTarget, tmp_path: Path) -> None:
    """0600 for files and 0700 for folders, whatever the umask."""
    old = os.umask(0)
    try:
        target.create_secret(stripe())
        target.create_fingerprint_key()
        target.write_removals("{}")
    finally:
        os.umask(old)
    for path in (tmp_path / "out").rglob("*"):
        assert (0o700 if path.is_dir() else 0o600) == mode(path), path


def test_file_is_a_manifest_for_kubectl(target: FolderTarget, path: Path) -> None:
    """Without uid and resourceVersion, which `kubectl apply` would take as conditions."""
    secret = SecretObject(NAME, data={"KEY": SecretValue("1")}, labels={"a": "true"}, annotations={"b": "2"})
    target.create_secret(secret)
    metadata = {"name": "stripe", "namespace": "shop", "labels": {"a": "true"}, "annotations": {"b": "2"}}
    expected = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": {"KEY": "MQ=="}}
    assert expected == yaml.safe_load(path.read_text())


def test_unchanged_secret_is_not_written(target: FolderTarget, path: Path) -> None:
    """A patch that changes nothing leaves the file, as it leaves the resourceVersion in a cluster."""
    made = target.create_secret(stripe())
    before = path.stat().st_mtime_ns, path.stat().st_ino
    target.patch_secret(patch_of(made))
    assert before == (path.stat().st_mtime_ns, path.stat().st_ino)


def test_replaced_file_is_a_new_one(target: FolderTarget, path: Path) -> None:
    """Who has the old one open reads it to its end: it is renamed over, not written into."""
    made = target.create_secret(stripe())
    with path.open() as old:
        target.delete_secret(NAME, made.uid, made.resource_version)
        target.create_secret(stripe("2"))
        assert "MQ==" in old.read()


def test_leftovers_of_a_killed_run_are_removed(target: FolderTarget, path: Path) -> None:
    """A half-written file may hold values; whoever writes next sweeps it away."""
    given(path.with_name(".syncd-0123456789abcdef"), "half")
    target.create_secret(stripe())
    assert [path] == list(path.parent.iterdir())


def test_secret_written_by_hand_is_read(target: FolderTarget, path: Path) -> None:
    """`stringData`, a missing namespace and folded base64 are what a person writes."""
    given(path, "kind: Secret\nmetadata: {name: stripe}\nstringData: {A: x}\ndata:\n  B: |\n    eX\n    k=\n")
    observed = target.read_secrets([NAME])[NAME]
    assert isinstance(observed, Present)
    assert {"A": b"x", "B": b"yy"} == {key: value.reveal() for key, value in observed.secret.data.items()}
    assert NAME == observed.secret.name


def test_hand_written_secret_keeps_its_uid_until_written(target: FolderTarget, path: Path) -> None:
    """So that a patch of what was read applies."""
    given(path, "kind: Secret\nmetadata: {name: stripe, namespace: shop}\ndata: {A: eA==}\n")
    observed = target.read_secrets([NAME])[NAME]
    assert isinstance(observed, Present)
    target.patch_secret(patch_of(observed.secret))
    given(path, path.read_text() + "# touched\n")
    with pytest.raises(Conflict):
        target.patch_secret(patch_of(observed.secret))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("data: {A: 'canary\n", "line 2: not valid YAML"),
        ("kind: ConfigMap\nmetadata: {name: stripe}\n", "not one Secret"),
        ("kind: Secret\nmetadata: {name: other}\n", "holds the Secret `other`"),
        ("kind: Secret\nmetadata: {name: stripe, namespace: web}\n", "holds the Secret `web/stripe`"),
        ("kind: Secret\nmetadata: {name: stripe}\ndata: {A: canary!}\n", "`data` holds something else than base64"),
        ("kind: Secret\nmetadata: {name: stripe}\ndata: [canary]\n", "`data` is not a mapping"),
        ("kind: Secret\nmetadata: {name: stripe}\n---\nkind: Secret\n", "not one Secret"),
        ("", "not one Secret"),
    ],
)
def test_file_that_is_no_secret_is_unreadable(target: FolderTarget, path: Path, text: str, reason: str) -> None:
    """Never missing; the reason names the file, and nothing of its content."""
    given(path, text)
    observed = target.read_secrets([NAME])[NAME]
    assert isinstance(observed, Unreadable)
    assert reason in observed.reason
    assert str(path) in observed.reason
    assert "canary" not in observed.reason


def test_broken_file_is_not_overwritten(target: FolderTarget, path: Path) -> None:
    """Neither as new nor as changed."""
    given(path, "kind: [")
    with pytest.raises(Conflict):
        target.create_secret(stripe())
    with pytest.raises(Unreachable):
        target.patch_secret(patch_of(stripe()))
    assert "kind: [" == path.read_text()


def test_broken_file_makes_owned_secrets_incomplete(target: FolderTarget, path: Path) -> None:
    """It may be ours; the others are listed."""
    given(path.with_name("broken.yaml"), "kind: [")
    target.create_secret(SecretObject(NAME, labels={MANAGED: "true"}))
    owned = target.owned_secrets([])
    assert ([NAME], False) == ([one.name for one in owned.secrets], owned.complete)
    assert "broken.yaml" in owned.hint


def test_folder_in_place_of_a_file_is_unreadable(target: FolderTarget, path: Path) -> None:
    """What the operating system says is passed on."""
    path.mkdir(parents=True)
    observed = target.read_secrets([NAME])[NAME]
    assert isinstance(observed, Unreadable)
    assert "Is a directory" in observed.reason


def test_second_run_waits_and_gives_up(target: FolderTarget, tmp_path: Path) -> None:
    """Two runs do not interleave; the second one may still read."""
    target.create_secret(stripe())
    second = FolderTarget(tmp_path / "out", lock_wait=0.1)
    assert isinstance(second.read_secrets([NAME])[NAME], Present)
    with pytest.raises(Unreachable, match="another run writes to the folder"):
        second.create_secret(SecretObject(ObjectName("shop", "other")))
    target.close()
    second.create_secret(SecretObject(ObjectName("shop", "other")))
    second.close()


def test_second_run_goes_on_when_the_first_has_ended(target: FolderTarget, tmp_path: Path) -> None:
    """It waits for the first one's `close`."""
    target.create_secret(stripe())
    second = FolderTarget(tmp_path / "out", lock_wait=30)
    threading.Timer(0.1, target.close).start()
    second.create_secret(SecretObject(ObjectName("shop", "other")))
    second.close()


def test_service_account_tokens_are_not_to_be_had(target: FolderTarget) -> None:
    """The hint says what to do instead."""
    with pytest.raises(Rejected) as caught:
        target.service_account_token(NAME, [], 600)
    assert "use another kind of `auth`" in caught.value.hint


def test_rotated_keys_are_newest_first(target: FolderTarget, tmp_path: Path) -> None:
    """`.syncd/key` may hold two."""
    (old,) = target.create_fingerprint_key()
    with (tmp_path / "out" / ".syncd" / "key").open("a") as file:
        file.write(f"0002-00000000 {'QQ' * 32}\n")
    keys = target.fingerprint_keys()
    assert isinstance(keys, tuple)
    assert ["0002-00000000", old.id] == [key.id for key in keys]


@pytest.mark.parametrize("content", ["", "0001-aabbccdd\n", "0001-aabbccdd !!\n", "0001-aabbccdd c2hvcnQ=\n"])
def test_broken_key_is_unreadable(target: FolderTarget, tmp_path: Path, content: str) -> None:
    """Never missing, so that nobody makes another one over it."""
    given(tmp_path / "out" / ".syncd" / "key", content)
    assert isinstance(target.fingerprint_keys(), Unreadable)
    with pytest.raises(Rejected):
        target.create_fingerprint_key()


def test_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "out").write_text("")
    target = FolderTarget(tmp_path / "out")
    with pytest.raises((Denied, Unreachable)):
        target.create_secret(stripe())
    assert Missing() != target.read_secrets([NAME])[NAME]
