"""syncd's annotations say only what they may."""

from __future__ import annotations

import pytest

from syncd.manifests import Validation
from syncd.manifests.extensions import KNOWN
from tests.manifests.samples import STORE, annotated, external_secret, loaded, said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("restart", "auto"),
        ("restart", "annotated"),
        ("restart", "off"),
        ("schedule", "0 4 * * *"),
        ("schedule", "TZ=Europe/Rome */5 0-6 1,15 jan-mar mon"),
        ("rollback", "off"),
        ("pause", "true"),
        ("pause", "2031-01-31T18:00:00Z"),
        ("pause", "2031-01-31T18:00:00+02:00"),
    ],
)
def test_on_declarations(name: str, value: str) -> None:
    """What the documentation lists is taken."""
    assert [] == said(STORE, annotated(external_secret(), {f"syncd.dev/{name}": value}))


@pytest.mark.parametrize(("name", "value"), [("pause", "true"), ("allow-mass-change", "a1b2c3")])
def test_on_stores(name: str, value: str) -> None:
    """Stores have their own."""
    assert [] == said(annotated(STORE, {f"syncd.dev/{name}": value}))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("restart", "sometimes", "must be one of `auto`, `annotated`, `off`"),
        ("restart", False, "must be text, not true or false"),
        ("rollback", "true", "must be one of `off`, `on`"),
        ("schedule", "hourly", "a schedule has five fields"),
        ("pause", "soon", "must be `true`, or the time"),
        ("pause", "2031-01-31T18:00:00", "needs a time zone"),
        ("restrat", "auto", "unknown annotation"),
        ("allow-mass-change", "x", "unknown annotation"),
    ],
)
def test_wrong_on_declarations(name: str, value: object, expected: str) -> None:
    """A value or a name that means nothing is an error with the annotation's path."""
    (message,) = said(STORE, annotated(external_secret(), {f"syncd.dev/{name}": value}))
    assert message.startswith(f"metadata.annotations[syncd.dev/{name}]: ")
    assert expected in message


@pytest.mark.parametrize("value", ["", "a b"])
def test_a_wrong_yes_to_the_guard(value: str) -> None:
    """The yes names one refusal."""
    (message,) = said(annotated(STORE, {"syncd.dev/allow-mass-change": value}))
    assert message.endswith("must be the id of a refusal, as `syncd plan` prints it")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("restrat", "did you mean `syncd.dev/restart`?"),
        ("allow-mass-change", "it belongs on ClusterSecretStore or SecretStore, not on ExternalSecret"),
    ],
)
def test_hints(name: str, hint: str) -> None:
    """A typo and a wrong place are told apart."""
    (problem,) = loaded(STORE, annotated(external_secret(), {f"syncd.dev/{name}": "x"})).problems
    assert hint == problem.hint


def test_an_unknown_annotation_is_like_an_unknown_field() -> None:
    """Only `strict` refuses it."""
    text = annotated(external_secret(), {"syncd.dev/future": "x"})
    assert [] == said(STORE, text, validation=Validation.WARN)


def test_annotations_of_others_are_not_looked_at() -> None:
    """Any other prefix may say anything."""
    assert [] == said(STORE, annotated(external_secret(), {"example.com/note": "x"}))


def test_every_kind_has_a_table() -> None:
    """No kind of ours lacks one, nor what else may be paused."""
    ours = {"ExternalSecret", "ClusterExternalSecret", "SecretStore", "ClusterSecretStore"}
    assert ours | {"Namespace"} == KNOWN.keys()
