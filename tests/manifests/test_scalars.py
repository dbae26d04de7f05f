"""Scalars are read as `kubectl` 1.37 reads them; the expected values were taken from it."""

from __future__ import annotations

import math

import pytest

from syncd.manifests import scalars

PLAIN: list[tuple[str, scalars.Scalar]] = [
    ("text", "text"),
    ("", None),
    ("~", None),
    ("null", None),
    ("y", True),
    ("on", True),
    ("Yes", True),
    ("n", False),
    ("Off", False),
    ("yEs", "yEs"),
    ("0755", 493),
    ("0o17", 15),
    ("0O7", 7),
    ("0x1F", 31),
    ("+0x1", 1),
    ("0b11", 3),
    ("-0b11", -3),
    ("0b12", "0b12"),
    ("0x", "0x"),
    ("1_000", 1000),
    ("1__0", 10),
    ("0_7", 7),
    ("_1", "_1"),
    ("00", 0),
    ("-0", 0),
    ("+5", 5),
    ("+", "+"),
    ("09", 9.0),
    ("1.50", 1.5),
    ("1.", 1.0),
    (".5", 0.5),
    ("-.5", -0.5),
    ("._5", "._5"),
    (".e5", ".e5"),
    ("1.e5", 100000.0),
    ("1e3", 1000.0),
    ("12e", "12e"),
    ("1_000.5", 1000.5),
    ("1e400", "1e400"),
    ("18446744073709551616", 18446744073709551616.0),
    ("1:30", "1:30"),
    ("2024-01-02", "2024-01-02"),
    ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
    ("=", "="),
    ("<<", "<<"),
    ("1.2.3", "1.2.3"),
    ("١", "١"),
]


@pytest.mark.parametrize(("text", "expected"), PLAIN)
def test_plain(text: str, expected: scalars.Scalar) -> None:
    """A scalar without quotes stands for what go-yaml takes it for, type included."""
    value = scalars.plain(text)
    assert (expected, type(expected)) == (value, type(value))


@pytest.mark.parametrize(("text", "expected"), [(".inf", math.inf), ("-.INF", -math.inf), ("+.Inf", math.inf)])
def test_infinities(text: str, expected: float) -> None:
    """The infinities are numbers."""
    assert expected == scalars.plain(text)


def test_nan() -> None:
    """So is what is no number."""
    value = scalars.plain(".nan")
    assert isinstance(value, float)
    assert math.isnan(value)


@pytest.mark.parametrize(
    ("tag", "text", "expected"),
    [
        ("!", "12", "12"),
        ("!foo", "12", "12"),
        ("tag:yaml.org,2002:str", "12", "12"),
        ("tag:yaml.org,2002:int", "3", 3),
        ("tag:yaml.org,2002:float", "3", 3),
        ("tag:yaml.org,2002:bool", "yes", True),
        ("tag:yaml.org,2002:null", "~", None),
        ("tag:yaml.org,2002:binary", "aGVs\n  bG8=", "hello"),
        ("tag:yaml.org,2002:timestamp", "2024-01-02", "2024-01-02"),
    ],
)
def test_tagged(tag: str, text: str, expected: scalars.Scalar) -> None:
    """A tag of YAML decides the type; one of somebody else's makes text."""
    assert expected == scalars.tagged(tag, text)


@pytest.mark.parametrize(
    ("name", "text"), [("int", "abc"), ("int", "3.5"), ("float", "abc"), ("bool", "1"), ("null", "x"), ("binary", "%%")]
)
def test_a_tag_that_does_not_fit(name: str, text: str) -> None:
    """Text that is not of its tag's type is refused without being repeated."""
    with pytest.raises(ValueError, match=f"`!!{name}`") as caught:
        scalars.tagged(f"tag:yaml.org,2002:{name}", text)
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a", "a"), (True, "true"), (False, "false"), (12, "12"), (1.1, "1.1"), (123456789.5, "1.2345679e+08")],
)
def test_key(value: scalars.Scalar, expected: str) -> None:
    """Keys that are no text are named as in the JSON that `kubectl` makes."""
    assert expected == scalars.key(value)


def test_an_empty_key() -> None:
    """A key must be something."""
    with pytest.raises(ValueError, match="empty"):
        scalars.key(None)
