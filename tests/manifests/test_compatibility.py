"""The table of what is supported."""

from __future__ import annotations

from syncd.manifests import compatibility
from syncd.manifests.compatibility import Field, Support
from syncd.manifests.kinds import MODELS
from syncd.manifests.schema import all_fields

ROWS = {(row.kind, row.path): row for row in compatibility.compatibility()}


def test_every_field_has_a_row() -> None:
    """Of every kind that is not refused as a whole."""
    refused = {kind for kind, path in ROWS if not path}
    fields = {(kind, path) for kind in MODELS.keys() - refused for path in all_fields(MODELS[kind])}
    assert {one for one in fields if one[1].startswith("spec")} == {one for one in ROWS if one[1]}


def test_what_is_refused_says_so() -> None:
    """With everything below it, and without a release."""
    row = ROWS["ExternalSecret", "spec.data[].sourceRef.generatorRef.name"]
    assert (Support.NO, "a generator cannot stand here", "") == (row.support, row.remark, row.since)


def test_a_field_of_which_some_values_work_is_supported_partly() -> None:
    """The remark says which."""
    row = ROWS["ExternalSecret", "spec.target.template.engineVersion"]
    assert (Support.PARTLY, "only `v2` is supported", compatibility.FIRST) == (row.support, row.remark, row.since)


def test_remarks_are_about_fields_that_there_are() -> None:
    """A row that names no field would never be shown."""
    stores = {path for kind, path in ROWS if kind == "SecretStore"}
    assert set() == compatibility._WITHOUT_EFFECT.keys() - stores
    assert set() == compatibility._REMARKS.keys() - {f"{kind} {path}" for kind, path in ROWS}
    assert set() == {place.partition(" ")[0] for place in compatibility.SINCE} - MODELS.keys()


def test_a_field_came_with_the_field_around_it() -> None:
    """Unless it says something else."""
    assert compatibility.FIRST == Field("ExternalSecret", "spec.data[].secretKey", Support.YES).since
