"""The rules over several fields of a declaration."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.manifests import Validation
from tests.manifests.samples import STORE, entry, external_secret, loaded, said, warned

STORE_REF = {"sourceRef": {"storeRef": {"name": "vault"}}}
TOKEN = "kubernetes.io/service-account-token"
ACCOUNT = "kubernetes.io/service-account.name"

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"data": None}, "spec: needs `data` or `dataFrom`"),
    ({"data": [], "dataFrom": []}, "spec: needs `data` or `dataFrom`"),
    ({"dataFrom": [{}]}, "spec.dataFrom[0]: needs `extract`, `find` or a generator"),
    ({"dataFrom": [STORE_REF]}, "spec.dataFrom[0]: needs `extract`, `find` or a generator"),
    ({"secretStoreRef": None}, "spec.secretStoreRef: required, because `data[0]` has no `sourceRef`"),
    (
        {"secretStoreRef": None, "data": None, "dataFrom": [{"extract": {"key": "a"}}]},
        "spec.secretStoreRef: required, because `dataFrom[0]` has no `sourceRef`",
    ),
    ({"data": [entry(), entry()]}, "spec.data[1].secretKey: `token` is also the key of `spec.data[0]`"),
    (
        {"target": {"creationPolicy": "Merge", "deletionPolicy": "Delete"}},
        "spec.target.deletionPolicy: `Delete` cannot stand beside `creationPolicy: Merge`",
    ),
    (
        {"target": {"creationPolicy": "CreateOrMerge", "deletionPolicy": "Delete"}},
        "spec.target.deletionPolicy: `Delete` cannot stand beside `creationPolicy: CreateOrMerge`",
    ),
    (
        {"target": {"creationPolicy": "None", "deletionPolicy": "Delete"}},
        "spec.target.deletionPolicy: `Delete` cannot stand beside `creationPolicy: None`",
    ),
    (
        {"target": {"creationPolicy": "None", "deletionPolicy": "Merge"}},
        "spec.target.deletionPolicy: `Merge` cannot stand beside `creationPolicy: None`",
    ),
    (
        {"target": {"template": {"type": "bootstrap.kubernetes.io/token"}}},
        "spec.target.template.type: `bootstrap.kubernetes.io/token` is not allowed",
    ),
    (
        {"target": {"template": {"type": TOKEN, "metadata": {"annotations": {ACCOUNT: "admin"}}}}},
        f"spec.target.template.metadata.annotations[{ACCOUNT}]: not allowed with type `{TOKEN}`",
    ),
    (
        {"target": {"template": {"type": TOKEN, "templateFrom": [{"literal": "a", "target": "annotations"}]}}},
        f"spec.target.template.templateFrom[0].target: not allowed with type `{TOKEN}`",
    ),
]

RIGHT: list[dict[str, Any]] = [
    {"data": None, "dataFrom": [{"find": {}}]},
    {"secretStoreRef": None, "data": [{**entry(), **STORE_REF}]},
    {"target": {"creationPolicy": "Owner", "deletionPolicy": "Delete"}},
    {"target": {"creationPolicy": "Orphan", "deletionPolicy": "Delete"}},
    {"target": {"creationPolicy": "Merge", "deletionPolicy": "Merge"}},
    {"target": {"creationPolicy": "None"}},
    {"target": {"template": {"type": TOKEN}}},
]


@pytest.mark.parametrize(("spec", "expected"), WRONG)
def test_refused(spec: dict[str, Any], expected: str) -> None:
    """Each rule names the field that breaks it."""
    (message,) = said(STORE, external_secret(**spec))
    assert message.startswith(expected)


@pytest.mark.parametrize("spec", RIGHT)
def test_allowed(spec: dict[str, Any]) -> None:
    """What the reference admits is admitted."""
    assert [] == said(STORE, external_secret(**spec))


def test_rules_hold_beside_other_errors() -> None:
    """A field that is wrong for itself hides no rule."""
    target = {"creationPolicy": "None", "deletionPolicy": "Merge", "immutable": "x"}
    text = external_secret(target=target, data=[entry(version=1)])
    paths = [message.partition(":")[0] for message in said(STORE, text)]
    assert ["spec.data[0].remoteRef.version", "spec.target.deletionPolicy", "spec.target.immutable"] == paths


def test_a_repeated_key_without_retain() -> None:
    """The reference lets the last one win then: a warning says so."""
    text = external_secret(data=[entry(), entry()], target={"deletionPolicy": "Delete"})
    assert [] == said(STORE, text)
    assert ["spec.data[1].secretKey: `token` is also the key of `spec.data[0]`: the last one would win"] == warned(
        STORE, text
    )


@pytest.mark.parametrize("spec", [{"dataFrom": [{}]}, {"data": [entry(), entry()]}])
def test_what_the_reference_passes_over(spec: dict[str, Any]) -> None:
    """Rules of its webhook that it does without are warnings with `warn`, and nothing with `ignore`."""
    text = external_secret(**spec)
    assert ([], 1) == (
        said(STORE, text, validation=Validation.WARN),
        len(warned(STORE, text, validation=Validation.WARN)),
    )
    quiet = loaded(STORE, text, validation=Validation.IGNORE)
    assert ((), ()) == (quiet.problems, quiet.declarations.warnings)
