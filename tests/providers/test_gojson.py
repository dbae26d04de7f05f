"""JSON as Go's `encoding/json` reads and writes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.providers import gojson
from syncd.providers.gjson_numbers import format_float, parse_float
from tests.providers.test_gjson import JSON


def decoded(value: gojson.Value) -> Any:
    """The value as Python's own reader gives it."""
    if isinstance(value, gojson.Number):
        return json.loads(value)
    if isinstance(value, dict):
        return {key: decoded(item) for key, item in value.items()}
    return [decoded(item) for item in value] if isinstance(value, list) else value


@given(JSON, st.sampled_from([None, 2]))
def test_reads_what_python_reads(document: Any, indent: int | None) -> None:
    """Valid documents have one meaning."""
    text = json.dumps(document, indent=indent)
    assert json.loads(json.dumps(document)) == decoded(gojson.read(text.encode()))


@given(JSON)
def test_writes_what_python_reads(document: Any) -> None:
    """What is written, with or without HTML's characters escaped, reads as the same."""
    value = gojson.read(json.dumps(document).encode())
    assert decoded(value) == json.loads(gojson.write(value)) == json.loads(gojson.write(value, gojson.quote))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "[1,]",
        "[1 2]",
        '{"a"}',
        '{"a":1,}',
        "{a:1}",
        "01",
        "1.",
        "-",
        "+1",
        "nul",
        "NaN",
        "'a'",
        '"a',
        '"\t"',
    ],
)
def test_refuses_what_is_not_json(text: str) -> None:
    """Errors say nothing of the document."""
    with pytest.raises(ValueError, match=r"^not JSON$"):
        gojson.read(text.encode())


@pytest.mark.parametrize("text", ['{"a":1}}', "[1]]", "1 1", '{"a":1]', "\ufeff1", '"\\x"', '"\\u12g4"'])
def test_valid_agrees_with_read(text: str) -> None:
    """Both ways of checking refuse the same."""
    assert not gojson.valid(text.encode())


def test_tolerates_what_go_tolerates() -> None:
    """Bad UTF-8, lone surrogates, huge exponents and thousands of brackets are JSON to Go."""
    for text in (b'"\xff"', b'"\\ud800"', b"1e999", b"[" * 5000 + b"]" * 5000):
        assert gojson.valid(text)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'"\\ud83d\\ude00\\ud83d"', "😀\ufffd"),
        (b'"\\ud83d\\ud83d\\ude00"', "\ufffd😀"),
        (b'"\xe2\x82"', "\ufffd\ufffd"),
        (b'"\\/\\b\\f\\n\\r\\t\\"\\\\"', '/\b\f\n\r\t"\\'),
    ],
)
def test_text_of_strings(raw: bytes, expected: str) -> None:
    """One U+FFFD stands for each byte or surrogate that means nothing."""
    assert expected == gojson.unquote(raw)


def test_writes_strings_as_go_does() -> None:
    """`<`, `>`, `&` are escaped for HTML, U+2028 and control characters always."""
    text = "<&>\u2028\x01\b\x7fé"
    assert '"\\u003c\\u0026\\u003e\\u2028\\u0001\\b\x7fé"' == gojson.quote_html(text)
    assert '"<&>\\u2028\\u0001\\b\x7fé"' == gojson.quote(text)


def test_members_keep_the_text() -> None:
    """Values stand as in the document; the last of equal names counts."""
    document = b' { "a" : { "x" :  1.50 } , "b":1e3, "a\\u0062":[ ],"b" : null } '
    assert {"a": b'{ "x" :  1.50 }', "b": b"null", "ab": b"[ ]"} == gojson.members(document)


@pytest.mark.parametrize("text", [b"[]", b'"a"', b"1", b"x"])
def test_members_of_objects_only(text: bytes) -> None:
    """Anything but an object or `null` is refused."""
    assert {} == gojson.members(b" null ")
    with pytest.raises(ValueError, match="JSON"):
        gojson.members(text)


@pytest.mark.parametrize(
    ("text", "json_form", "plain_form"),
    [
        ("1.50", "1.5", "1.5"),
        ("1e3", "1000", "1000"),
        ("-0", "-0", "-0"),
        ("1e-7", "1e-7", "0.0000001"),
        ("1e21", "1e+21", "1000000000000000000000"),
        ("12345678901234567890", "12345678901234567000", "12345678901234567000"),
        ("0.000001", "0.000001", "0.000001"),
    ],
)
def test_floats(text: str, json_form: str, plain_form: str) -> None:
    """Within JSON very large and very small floats have an exponent, as a value of their own never."""
    value = gojson.float64(gojson.read(text.encode()))
    assert (json_form, plain_form) == (gojson.write(value), gojson.value_bytes(value).decode())


def test_floats_out_of_range() -> None:
    """A number that float64 does not hold is refused."""
    with pytest.raises(ValueError, match="out of range"):
        gojson.float64(gojson.read(b'{"a":[1e999]}'))


@given(st.floats(allow_nan=False))
def test_floats_survive(number: float) -> None:
    """The fewest digits are enough."""
    assert number == parse_float(format_float(number).encode())


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0x1p4", 16.0), ("1_000", 1000.0), ("+Inf", float("inf")), ("1.5.5", 0.0), ("0x10", 0.0), ("", 0.0)],
)
def test_numbers_of_go(text: str, expected: float) -> None:
    """Go's other notations count, what is no number is 0."""
    assert expected == parse_float(text.encode())
