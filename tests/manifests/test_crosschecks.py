"""What is wrong between objects."""

from __future__ import annotations

import pytest

from tests.manifests.samples import STORE, entry, external_secret, loaded, problems, said, store

CLUSTER_STORE = store({"vault": {"server": "x"}}, "ClusterSecretStore")


def test_twice() -> None:
    """The second of two objects of one name is an error that names the first, another version too."""
    (problem,) = problems(STORE, external_secret(), external_secret(version="v1beta1"))
    assert "shop.yaml:20: ExternalSecret shop/stripe: is defined twice: first at shop.yaml:7" == str(problem)


def test_stores_twice() -> None:
    """Stores too; one of each kind is not two of one."""
    assert [": is defined twice: first at shop.yaml:2"] == said(STORE, STORE)
    assert [] == said(STORE, CLUSTER_STORE)


def test_a_broken_object_counts() -> None:
    """What has faults of its own is still there: nothing else is said of it."""
    broken = STORE.replace("server", "sevrer")
    paths = [problem.path for problem in problems(broken, external_secret())]
    assert ["spec.provider.vault.server", "spec.provider.vault.sevrer"] == sorted(paths)


@pytest.mark.parametrize(
    ("documents", "path", "hint"),
    [
        ([external_secret()], "spec.secretStoreRef.name", ""),
        (
            [STORE, external_secret(secretStoreRef={"name": "valut"})],
            "spec.secretStoreRef.name",
            "did you mean `vault`?",
        ),
        (
            [CLUSTER_STORE, external_secret()],
            "spec.secretStoreRef.name",
            "there is a ClusterSecretStore of that name: set `kind`",
        ),
        (
            [STORE, external_secret(secretStoreRef={"name": "vault", "kind": "ClusterSecretStore"})],
            "spec.secretStoreRef.name",
            "there is a SecretStore of that name: set `kind`",
        ),
        (
            [STORE.replace("namespace: shop", "namespace: web"), external_secret()],
            "spec.secretStoreRef.name",
            "there is one in namespace `web`: a SecretStore serves its own namespace only",
        ),
        (
            [STORE, external_secret(data=[{**entry(), "sourceRef": {"storeRef": {"name": "other"}}}])],
            "spec.data[0].sourceRef.storeRef.name",
            "",
        ),
        (
            [
                STORE,
                external_secret(dataFrom=[{"extract": {"key": "a"}, "sourceRef": {"storeRef": {"name": "other"}}}]),
            ],
            "spec.dataFrom[0].sourceRef.storeRef.name",
            "",
        ),
    ],
)
def test_a_store_that_nobody_defines(documents: list[str], path: str, hint: str) -> None:
    """The reference is named, and what was probably meant."""
    (problem,) = problems(*documents)
    assert (path, hint) == (problem.path, problem.hint)
    assert problem.message.endswith("is among the manifests")


def test_a_reference_that_is_not_used() -> None:
    """`secretStoreRef` needs no store when every entry has its own."""
    own = {**entry(), "sourceRef": {"storeRef": {"name": "vault"}}}
    assert [] == said(STORE, external_secret(secretStoreRef={"name": "unused"}, data=[own]))


def test_two_owners() -> None:
    """One Secret cannot belong to two declarations."""
    (problem,) = problems(STORE, external_secret("a", target={"name": "keys"}), external_secret("keys"))
    assert "spec.target.name: Secret shop/keys is also owned by ExternalSecret shop/a at shop.yaml:7" == (
        f"{problem.path}: {problem.message}"
    )


@pytest.mark.parametrize("policy", ["Merge", "Orphan", "None", "CreateOrMerge"])
def test_an_owner_and_another(policy: str) -> None:
    """Other policies may meet on one Secret."""
    second = external_secret("b", target={"name": "a", "creationPolicy": policy})
    assert [] == said(STORE, external_secret("a"), second)


def test_owners_in_two_namespaces() -> None:
    """Equal names in two namespaces are two Secrets."""
    elsewhere = (STORE + "---\n" + external_secret()).replace("namespace: shop", "namespace: web")
    assert () == loaded(STORE, external_secret(), elsewhere).problems
