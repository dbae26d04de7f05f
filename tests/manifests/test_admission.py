"""What a real API server takes and refuses is taken and refused here."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.manifests import Validation
from tests.manifests.samples import STORE, annotated, declaration, entry, external_secret, loaded, said, store, warned


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"data": [entry(metadataPolicy="")]}, "spec.data[0].remoteRef.metadataPolicy"),
        ({"data": [entry(decodingStrategy="")]}, "spec.data[0].remoteRef.decodingStrategy"),
        ({"target": {"creationPolicy": ""}}, "spec.target.creationPolicy"),
        ({"refreshPolicy": ""}, "spec.refreshPolicy"),
    ],
)
def test_an_empty_policy_is_none(spec: dict[str, Any], path: str) -> None:
    """The API server takes `""` for no value of a policy."""
    (problem,) = loaded(STORE, external_secret(**spec), validation=Validation.IGNORE).problems
    assert (path, True, "leave the field out") == (problem.path, problem.message.endswith(", not empty"), problem.hint)


def test_a_store_without_a_name_is_none() -> None:
    """Nobody misses it where every entry has a source of its own."""
    own = {"sourceRef": {"storeRef": {"name": "vault"}}}
    spec = declaration(secretStoreRef={"kind": "SecretStore"}, data=[{**entry(), **own}]).spec
    assert spec.secret_store_ref is None
    assert ["spec.secretStoreRef.name: required, because `data[0]` has no `sourceRef`"] == said(
        STORE, external_secret(secretStoreRef={})
    )


@pytest.mark.parametrize("schedule", ["0 4 * * 1-5", "@daily", "@every 1h30m"])
def test_schedules_of_sync_windows(schedule: str) -> None:
    """They have the forms that the API server takes."""
    windows = {"kind": "allow", "windows": [{"schedule": schedule, "duration": "1h"}]}
    assert [] == said(STORE, external_secret(syncWindows=windows))


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([], "spec.syncWindows.windows: must not be an empty list"),
        ([{"schedule": "4 am", "duration": "1h"}], "spec.syncWindows.windows[0].schedule: not a schedule"),
        ([{"schedule": "@often", "duration": "1h"}], "spec.syncWindows.windows[0].schedule: not a schedule"),
    ],
)
def test_wrong_sync_windows(windows: list[dict[str, str]], expected: str) -> None:
    """There is at least one, with a schedule."""
    text = external_secret(syncWindows={"kind": "deny", "windows": windows})
    assert [expected] == [one[: len(expected)] for one in said(STORE, text)]


@pytest.mark.parametrize("where", ["spec:\n", "metadata:\n"])
def test_an_unknown_field_that_is_null_is_unknown(where: str) -> None:
    """It would be one with any value, as for the API server."""
    text = external_secret().replace(where, f"{where}  surplus:\n")
    path = f"{where[:-2]}.surplus"
    assert [f"{path}: unknown field"] == said(STORE, text)
    assert [] == said(STORE, text, validation=Validation.IGNORE)


def test_an_empty_name_of_a_target() -> None:
    """It does not stand for the declaration's own."""
    (message,) = said(STORE, external_secret(target={"name": ""}))
    assert message.startswith("spec.target.name: not a name")


def test_names_of_annotations() -> None:
    """They are those that the API server takes; capitals may stand in them."""
    assert [] == said(STORE, annotated(external_secret(), {"Example.com/Some_note": "x"}))
    (message,) = said(STORE, annotated(external_secret(), {"two words": "x"}))
    assert message.startswith("metadata.annotations[two words]: not an annotation's name")


def test_a_provider_that_is_nearly_ours() -> None:
    """It may be a plugin's, so it is a warning."""
    assert ["spec.provider.valut: no provider that comes with syncd"] == warned(store({"valut": {}}))
    assert [] == warned(store({"azurekv": {}}))
