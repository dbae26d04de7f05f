"""Reading and writing ConfigMaps, as every target does it: what differs from Secrets, and what must not."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from syncd.cluster.api import SecretList, SecretPatch
from syncd.errors import Conflict
from syncd.model import MANAGED, Missing, ObjectName, Present, SecretObject, SecretValue, TargetKind
from tests.cluster.lab import Bench


def name_of(bench: Bench, name: str) -> ObjectName:
    return ObjectName(bench.lab.namespace, name, TargetKind.CONFIG_MAP)


def made(bench: Bench, name: str, data: dict[str, bytes], labels: dict[str, str] | None = None) -> SecretObject:
    values = {key: SecretValue(value) for key, value in data.items()}
    return bench.target.create_secret(SecretObject(name_of(bench, name), type="", data=values, labels=labels or {}))


def read(bench: Bench, name: str) -> SecretObject:
    observed = bench.target.read_secrets([name_of(bench, name)])[name_of(bench, name)]
    assert isinstance(observed, Present), observed
    return observed.secret


class ConfigMapConformance:
    """Reading and writing ConfigMaps."""

    def test_created_configmap_is_read_back(self, bench: Bench) -> None:
        """Text and bytes that are no text, labels, and no type."""
        wanted = made(bench, "whole", {"text": "ü: 1\n".encode(), "bytes": b"\xff\x00", "empty": b""}, {"app": "shop"})
        assert wanted == read(bench, "whole")
        assert "" == wanted.type

    def test_it_is_not_the_secret_of_its_name(self, bench: Bench) -> None:
        """Both may be there, or one."""
        made(bench, "twin", {"KEY": b"plain"})
        secret = bench.name("twin")
        assert Missing() == bench.target.read_secrets([secret])[secret]
        bench.secret("twin", KEY="secret")
        assert {"KEY": SecretValue(b"plain")} == read(bench, "twin").data

    def test_patch_moves_keys_between_text_and_bytes(self, bench: Bench) -> None:
        """A value that was text may become bytes, and the other way round; others go or stay."""
        before = made(bench, "moves", {"a": b"text", "b": b"\xff", "gone": b"1", "stays": b"2"})
        patch = SecretPatch(before.name, before.uid, before.resource_version)
        values = {"a": SecretValue(b"\xfe"), "b": SecretValue(b"text")}
        bench.target.patch_secret(replace(patch, set_data=values, remove_data=frozenset({"gone"})))
        after = {key: value.reveal() for key, value in read(bench, "moves").data.items()}
        assert {"a": b"\xfe", "b": b"text", "stays": b"2"} == after

    def test_patch_of_an_older_version_conflicts(self, bench: Bench) -> None:
        """As with Secrets."""
        before = made(bench, "old", {"a": b"1"})
        patch = SecretPatch(before.name, before.uid, before.resource_version, set_data={"a": SecretValue(b"2")})
        bench.target.patch_secret(patch)
        with pytest.raises(Conflict):
            bench.target.patch_secret(replace(patch, set_data={"a": SecretValue(b"3")}))

    def test_delete(self, bench: Bench) -> None:
        """With its uid and version; the Secret of its name stays."""
        bench.secret("both", KEY="1")
        one = made(bench, "both", {"a": b"1"})
        bench.target.delete_secret(one.name, one.uid, one.resource_version)
        assert Missing() == bench.target.read_secrets([one.name])[one.name]
        assert {"KEY": b"1"} == bench.values("both")

    def test_owned_are_listed_by_kind(self, bench: Bench) -> None:
        """Those with our label, and no Secret among them."""
        made(bench, "ours", {}, {MANAGED: "true"})
        made(bench, "foreign", {})
        bench.target.create_secret(SecretObject(bench.name("secret"), labels={MANAGED: "true"}))
        owned = bench.target.owned_secrets([bench.lab.namespace], TargetKind.CONFIG_MAP)
        assert ["ours"] == [s.name.name for s in owned.secrets if s.name.namespace == bench.lab.namespace]

    def test_many_are_read_at_once(self, bench: Bench) -> None:
        """One answer for each name, of both kinds."""
        for number in range(5):
            made(bench, f"c{number}", {"n": str(number).encode()})
        names = [*(name_of(bench, f"c{number}") for number in range(6)), bench.name("c0")]
        found = bench.target.read_secrets(names)
        assert [True] * 5 + [False] * 2 == [isinstance(found[name], Present) for name in names]

    def test_watch_begins_with_a_list(self, bench: Bench) -> None:
        """Of ConfigMaps with our label."""
        made(bench, "watched", {}, {MANAGED: "true"})
        stop = threading.Event()
        first = next(iter(bench.target.watch_secrets(bench.lab.namespace, stop, TargetKind.CONFIG_MAP)))
        stop.set()
        assert isinstance(first, SecretList)
        assert [name_of(bench, "watched")] == list(first.versions)
