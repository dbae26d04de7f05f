"""Reading and writing Secrets, as every target does it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.cluster.api import SecretPatch
from syncd.errors import ClusterError, Conflict, Rejected
from syncd.model import MANAGED, OWNER, Missing, ObjectName, Present, SecretObject, SecretValue
from tests.cluster.lab import Bench, at_once

CANARY = "canary-4b1d-value"


def patch_of(secret: SecretObject) -> SecretPatch:
    """A patch of this version that changes nothing yet."""
    return SecretPatch(secret.name, secret.uid, secret.resource_version)


class SecretConformance:
    """Reading and writing Secrets."""

    def test_created_secret_is_read_back(self, bench: Bench) -> None:
        """Name, type, data, labels, annotations and the mark of immutability are kept."""
        wanted = SecretObject(
            bench.name("whole"),
            type="example.com/kind",
            data={"a.b-c_D": SecretValue("1"), "empty": SecretValue("")},
            labels={"app": "shop", MANAGED: "true"},
            annotations={OWNER: "i/files/shop/whole", "text": "two\nlines: 'and' \"quotes\" #ü"},
            immutable=True,
        )
        created = bench.target.create_secret(wanted)
        assert created == bench.read("whole")
        assert wanted == replace(created, uid="", resource_version="")

    def test_created_secret_has_uid_and_version(self, bench: Bench) -> None:
        """Both are there, so that a next write can carry them."""
        created = bench.secret("ids", KEY="1")
        assert "" not in (created.uid, created.resource_version)

    def test_values_are_bytes(self, bench: Bench) -> None:
        """Every byte, and bytes that are no text, survive."""
        value = bytes(range(256)) * 3
        bench.target.create_secret(SecretObject(bench.name("binary"), data={"KEY": SecretValue(value)}))
        assert {"KEY": value} == bench.values("binary")

    def test_secret_may_be_empty(self, bench: Bench) -> None:
        """No data is not no Secret."""
        bench.secret("empty")
        assert {} == bench.values("empty")

    def test_create_of_existing_secret_conflicts(self, bench: Bench) -> None:
        """What is there stays."""
        bench.secret("taken", KEY="first")
        with pytest.raises(Conflict):
            bench.secret("taken", KEY="second")
        assert {"KEY": b"first"} == bench.values("taken")

    def test_one_of_many_creators_wins(self, bench: Bench) -> None:
        """Eight at once make one Secret; seven conflict."""

        def create(number: int) -> bool:
            try:
                bench.secret("raced", KEY=str(number))
            except Conflict:
                return False
            return True

        assert 1 == sum(at_once(8, create))

    def test_missing_secret_is_missing(self, bench: Bench) -> None:
        """Certainly not there, which is another answer than unreadable."""
        name = bench.name("nowhere")
        assert {name: Missing()} == bench.target.read_secrets([name])

    def test_every_name_has_an_answer(self, bench: Bench) -> None:
        """Many names of several namespaces, there or not, valid or not."""
        for number in range(5):
            bench.secret(f"bulk-{number}", KEY=str(number))
        names = [bench.name(f"bulk-{number}") for number in range(8)]
        names += [ObjectName("no-such-namespace", "x"), ObjectName("..", ".."), bench.name("Not/a name")]
        observed = bench.target.read_secrets(names)
        assert set(names) == set(observed)
        assert 5 == sum(isinstance(one, Present) for one in observed.values())
        assert 6 == sum(isinstance(one, Missing) for one in observed.values())

    def test_patch_sets_and_removes(self, bench: Bench) -> None:
        """Only what the patch names changes."""
        secret = SecretObject(
            bench.name("patched"),
            data={"keep": SecretValue("1"), "change": SecretValue("1"), "drop": SecretValue("1")},
            labels={"keep": "1", "drop": "1"},
            annotations={"keep": "1", "drop": "1"},
        )
        patch = replace(
            patch_of(bench.target.create_secret(secret)),
            set_data={"change": SecretValue("2"), "new": SecretValue("3")},
            remove_data=frozenset({"drop", "absent"}),
            set_labels={"new": "3"},
            remove_labels=frozenset({"drop"}),
            set_annotations={"new": "3"},
            remove_annotations=frozenset({"drop"}),
        )
        bench.target.patch_secret(patch)
        assert {"keep": b"1", "change": b"2", "new": b"3"} == bench.values("patched")
        after = bench.read("patched")
        assert {"keep": "1", "new": "3"} == after.labels
        assert {"keep": "1", "new": "3"} == after.annotations

    def test_patch_answers_with_what_stands(self, bench: Bench) -> None:
        """Its answer has the new version, and can be patched again."""
        first = bench.secret("twice", KEY="1")
        second = bench.target.patch_secret(replace(patch_of(first), set_data={"KEY": SecretValue("2")}))
        assert second == bench.read("twice")
        assert first.uid == second.uid
        assert first.resource_version != second.resource_version
        bench.target.patch_secret(replace(patch_of(second), set_data={"KEY": SecretValue("3")}))
        assert {"KEY": b"3"} == bench.values("twice")

    def test_patch_sets_finalizers_and_immutability(self, bench: Bench) -> None:
        """Both are replaced as a whole."""
        made = bench.secret("final", KEY="1")
        patch = replace(patch_of(made), set_finalizers=("example.com/hold",), immutable=True)
        after = bench.target.patch_secret(patch)
        assert (("example.com/hold",), True) == (after.finalizers, after.immutable)
        assert () == bench.target.patch_secret(replace(patch_of(after), set_finalizers=())).finalizers

    def test_patch_of_old_version_conflicts(self, bench: Bench) -> None:
        """Somebody else's write is not overwritten."""
        old = bench.secret("stale", KEY="1")
        bench.target.patch_secret(replace(patch_of(old), set_data={"KEY": SecretValue("2")}))
        with pytest.raises(Conflict):
            bench.target.patch_secret(replace(patch_of(old), set_data={"KEY": SecretValue("3")}))
        assert {"KEY": b"2"} == bench.values("stale")

    def test_one_of_many_patches_of_a_version_wins(self, bench: Bench) -> None:
        """Eight at once on one version: one is written, seven conflict."""
        made = bench.secret("contended", KEY="0")

        def patch(number: int) -> bool:
            try:
                bench.target.patch_secret(replace(patch_of(made), set_data={"KEY": SecretValue(str(number + 1))}))
            except Conflict:
                return False
            return True

        assert 1 == sum(at_once(8, patch))

    def test_patch_of_recreated_secret_conflicts(self, bench: Bench) -> None:
        """Same name, other object."""
        old = bench.secret("again", KEY="1")
        bench.target.delete_secret(old.name, old.uid, old.resource_version)
        new = bench.secret("again", KEY="2")
        assert old.uid != new.uid
        for version in (old.resource_version, new.resource_version):
            patch = SecretPatch(old.name, old.uid, version, set_data={"KEY": SecretValue("3")})
            with pytest.raises(Conflict):
                bench.target.patch_secret(patch)
        assert {"KEY": b"2"} == bench.values("again")

    def test_patch_of_deleted_secret_conflicts(self, bench: Bench) -> None:
        """It is not made again."""
        old = bench.secret("gone", KEY="1")
        bench.target.delete_secret(old.name, old.uid, old.resource_version)
        with pytest.raises(Conflict):
            bench.target.patch_secret(replace(patch_of(old), set_data={"KEY": SecretValue("2")}))
        assert {bench.name("gone"): Missing()} == bench.target.read_secrets([bench.name("gone")])

    def test_immutable_data_is_rejected(self, bench: Bench) -> None:
        """Neither its data nor its immutability change."""
        made = bench.target.create_secret(
            SecretObject(bench.name("fixed"), data={"KEY": SecretValue("1")}, immutable=True)
        )
        for patch in (
            replace(patch_of(made), set_data={"KEY": SecretValue(CANARY)}),
            replace(patch_of(made), immutable=False),
        ):
            with pytest.raises(Rejected) as caught:
                bench.target.patch_secret(patch)
            assert "immutable" in str(caught.value)

    @pytest.mark.parametrize("key", ["a b", "ключ", "a/b"])
    def test_key_that_kubernetes_refuses_is_rejected(self, bench: Bench, key: str) -> None:
        """The message names the key."""
        with pytest.raises(Rejected) as caught:
            bench.target.create_secret(SecretObject(bench.name("bad-key"), data={key: SecretValue(CANARY)}))
        assert f"`data[{key}]`" in str(caught.value)

    def test_incomplete_typed_secret_is_rejected(self, bench: Bench) -> None:
        """As the API server validates `kubernetes.io/tls`."""
        with pytest.raises(Rejected) as caught:
            bench.target.create_secret(
                SecretObject(bench.name("tls"), "kubernetes.io/tls", {"tls.crt": SecretValue(CANARY)})
            )
        assert "`data[tls.key]` is required" in str(caught.value)

    def test_large_secret_is_rejected(self, bench: Bench) -> None:
        """1 MiB is the limit."""
        with pytest.raises(Rejected) as caught:
            bench.secret("large", KEY="x" * (1024 * 1024 + 1))
        assert "1048576 bytes" in str(caught.value)

    @pytest.mark.parametrize("name", ["Upper", "a_b", "../up", "a/b", "..", "-a", "a" * 254])
    def test_name_that_kubernetes_refuses_is_rejected(self, bench: Bench, name: str) -> None:
        """Nothing is made, here or elsewhere."""
        with pytest.raises(Rejected):
            bench.secret(name, KEY=CANARY)

    def test_refusals_hold_no_value(self, bench: Bench) -> None:
        """Neither of data nor of labels and annotations, plain or base64."""
        value = SecretValue(CANARY)
        bench.secret("there", KEY="1")
        for secret in (
            SecretObject(bench.name("there"), data={"KEY": value}),
            SecretObject(bench.name("x"), data={"bad key": value}),
            SecretObject(bench.name("x"), data={"KEY": value}, labels={"label": f"{CANARY} !"}),
            SecretObject(bench.name("x"), data={"KEY": value}, annotations={"bad key": CANARY}),
            SecretObject(bench.name("x"), "kubernetes.io/dockerconfigjson", {"other": value}),
        ):
            with pytest.raises(ClusterError) as caught:
                bench.target.create_secret(secret)
            text = f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r} {caught.value.__context__!r}"
            assert CANARY not in text
            assert value.base64() not in text

    def test_deleted_secret_is_missing(self, bench: Bench) -> None:
        """After its delete, nothing is there."""
        made = bench.secret("deleted", KEY="1")
        bench.target.delete_secret(made.name, made.uid, made.resource_version)
        assert {made.name: Missing()} == bench.target.read_secrets([made.name])

    def test_delete_of_old_version_conflicts(self, bench: Bench) -> None:
        """A Secret that changed after the decision stays."""
        old = bench.secret("kept", KEY="1")
        bench.target.patch_secret(replace(patch_of(old), set_data={"KEY": SecretValue("2")}))
        with pytest.raises(Conflict):
            bench.target.delete_secret(old.name, old.uid, old.resource_version)
        assert {"KEY": b"2"} == bench.values("kept")

    def test_delete_of_another_uid_conflicts(self, bench: Bench) -> None:
        """A Secret that was made anew stays."""
        made = bench.secret("other", KEY="1")
        with pytest.raises(Conflict):
            bench.target.delete_secret(made.name, "6c0d5a5e-0000-4000-8000-000000000000", made.resource_version)
        assert {"KEY": b"1"} == bench.values("other")

    def test_delete_of_missing_secret_is_fine(self, bench: Bench) -> None:
        """It is gone, as was wanted."""
        made = bench.secret("once", KEY="1")
        bench.target.delete_secret(made.name, made.uid, made.resource_version)
        bench.target.delete_secret(made.name, made.uid, made.resource_version)

    def test_owned_secrets_have_the_label(self, bench: Bench) -> None:
        """Others are not listed; the data come with them."""
        bench.secret("foreign", KEY="1")
        ours = bench.target.create_secret(
            SecretObject(bench.name("ours"), data={"KEY": SecretValue("1")}, labels={MANAGED: "true"})
        )
        owned = bench.target.owned_secrets([bench.lab.namespace])
        assert owned.complete
        assert [ours] == [one for one in owned.secrets if one.name.namespace == bench.lab.namespace]

    def test_configmap_is_read(self, bench: Bench) -> None:
        """Its data, as text."""
        bench.lab.add_configmap("settings", {"ca.crt": "line\nline\n", "number": "1"})
        assert {"ca.crt": "line\nline\n", "number": "1"} == bench.target.read_configmap(bench.name("settings"))

    def test_missing_configmap_is_missing(self, bench: Bench) -> None:
        """Certainly not there."""
        assert Missing() == bench.target.read_configmap(bench.name("nowhere"))
