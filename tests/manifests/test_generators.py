"""Generators among the manifests."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.manifests.generators import PasswordSpec, UuidSpec, spec_of
from tests.manifests.samples import STORE, declared, external_secret, said

HEAD = (
    "apiVersion: generators.external-secrets.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\n"
)
USES_IT: dict[str, Any] = {
    "dataFrom": [{"sourceRef": {"generatorRef": {"kind": "Password", "name": "pw"}}}],
    "data": [],
}


def generator(kind: str, spec: str, name: str = "pw") -> str:
    return HEAD.format(kind=kind, name=name) + f"spec: {spec}\n"


def test_generators_are_found_by_kind_and_name() -> None:
    """Those of the cluster have no namespace."""
    cluster = generator("ClusterGenerator", "{kind: UUID, generator: {uuidSpec: {}}}", "id")
    found = declared(generator("Password", "{length: 12}"), cluster).generators
    assert {"Password/shop/pw", "ClusterGenerator/id"} == {str(key) for key in found}
    assert [PasswordSpec(length=12), UuidSpec()] == [spec_of(one) for one in found.values()]


def test_a_whole_number_may_be_written_as_a_fraction() -> None:
    """Numbers of JSON are of one kind: `12.0` is 12."""
    assert [PasswordSpec(length=12)] == [
        spec_of(one) for one in declared(generator("Password", "{length: 12.0}")).generators.values()
    ]


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        ("Password", "{length: -1}", "spec.length: must be between 0 and 4096"),
        ("Password", "{secretKeys: [a, a]}", "spec.secretKeys: a key stands here twice"),
        ("Password", "{lenght: 3}", "spec.lenght: unknown field"),
        ("SSHKey", "{keyType: dsa}", "spec.keyType: must be one of `rsa`, `ecdsa`, `ed25519`"),
        ("Password", "{secretKeys: []}", "spec.secretKeys: must not be an empty list"),
        ("SSHKey", '{keyType: ""}', "spec.keyType: must be one of `rsa`, `ecdsa`, `ed25519`, not empty"),
        (
            "ClusterGenerator",
            "{kind: GithubAccessToken, generator: {githubAccessTokenSpec: {appID: a}}}",
            "spec.kind: only generators of these kinds are supported: `Password`, `UUID`, `Fake`, `SSHKey`",
        ),
        ("Pasword", "{}", "kind: `generators.external-secrets.io` has no such kind"),
        (
            "ClusterGenerator",
            "{kind: UUID, generator: {passwordSpec: {}}}",
            "spec.generator: the spec must be that of a `UUID`",
        ),
    ],
)
def test_wrong_generators(kind: str, spec: str, expected: str) -> None:
    """Their fields are checked as those of every kind."""
    assert [expected] == [message[: len(expected)] for message in said(generator(kind, spec))]


def test_a_generator_must_be_there() -> None:
    """As a store must."""
    path = "spec.dataFrom[0].sourceRef.generatorRef.name"
    assert [f"{path}: no Password `pw` is among the manifests"] == said(STORE, external_secret(**USES_IT))
    assert [] == said(STORE, external_secret(**USES_IT), generator("Password", "{}"))
