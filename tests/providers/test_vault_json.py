"""Values are cut out of documents byte for byte."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.providers.vault_json import raw_value

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("document", "path", "expected"),
    [
        (
            '{"data":{"n":12345678901234567890,"f":1.50,"z":-0}}',
            ("data",),
            '{"n":12345678901234567890,"f":1.50,"z":-0}',
        ),
        ('{"a":[{"data":1}],"data":{"data":{"x":1.50},"metadata":{}}}', ("data", "data"), '{"x":1.50}'),
        (' { "data" : { "data" : null } } ', ("data", "data"), "null"),
        ('{"data":"text"}', ("data", "data"), None),
        ('{"data":[1]}', ("data", "data"), None),
        ('{"other":1}', ("data",), None),
        ("{}", ("data",), None),
        ("[]", ("data",), None),
        ('"text"', (), '"text"'),
    ],
)
def test_values_are_copied_as_they_stand(document: str, path: tuple[str, ...], expected: str | None) -> None:
    """Numbers, blanks and escapes of the document stay; what is not there is None."""
    assert expected == raw_value(document, *path)


@given(JSON, st.dictionaries(st.text(), JSON, max_size=3), st.sampled_from([None, 1]))
def test_the_copy_means_the_same(value: object, others: dict[str, object], indent: int | None) -> None:
    """Whatever stands around a value, its copy reads as the value."""
    copied = raw_value(json.dumps({**others, "data": {**others, "data": value}}, indent=indent), "data", "data")
    assert copied is not None
    assert value == json.loads(copied)
