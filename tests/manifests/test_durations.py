"""Durations of manifests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.manifests.durations import Duration, parse, parse_store_interval

HOUR = 3_600_000_000_000


@pytest.mark.parametrize(
    ("text", "nanoseconds", "written"),
    [
        ("1h", HOUR, "1h0m0s"),
        ("1h1h", 2 * HOUR, "2h0m0s"),
        ("24h0m0s", 24 * HOUR, "24h0m0s"),
        ("1.5h", HOUR * 3 // 2, "1h30m0s"),
        (".5s", 500_000_000, "500ms"),
        ("5.s", 5_000_000_000, "5s"),
        ("1µs", 1_000, "1µs"),
        ("1μs", 1_000, "1µs"),
        ("1500us", 1_500_000, "1.5ms"),
        ("0", 0, "0s"),
        ("0.1ns", 0, "0s"),
        ("-1m", -60_000_000_000, "-1m0s"),
        ("1.00000000000000000001s", 1_000_000_000, "1s"),
    ],
)
def test_durations(text: str, nanoseconds: int, written: str) -> None:
    """Read and written back as Go does."""
    assert Duration(nanoseconds, written, nanoseconds > 0) == parse(text)


@given(st.integers(-(2**63), 2**63 - 1))
def test_written_durations_read_as_the_same(nanoseconds: int) -> None:
    """All that 64 bits hold."""
    assert nanoseconds == parse(Duration.of(nanoseconds).text).nanoseconds


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("1d", "`1d`: there is no unit `d`: write `24h`"),
        ("2w", "write `336h`"),
        ("30", "write `30s` for seconds"),
        ("1h30", "a number without a unit"),
        ("1H", "write `h`"),
        ("1h 5m", "there is no unit `h `"),
        ("1parsec", "the units are `h`, `m`, `s`"),
        ("", "is not a duration"),
        ("h", "is not a duration"),
        ("2562048h", "longer than the 292 years"),
        ("9" * 5000 + "s", "longer than the 292 years"),
        ("9223372036854775808ns", "longer than the 292 years"),
        (3600, "`3600` is a number, not a duration: write `3600s`, with its unit"),
        (True, "not a duration"),
        (None, "not a duration"),
        ([], "not a duration"),
    ],
)
def test_errors_say_what_to_write(raw: object, message: str) -> None:
    """A sentence for each way to get it wrong."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is checked below
        parse(raw)
    assert message in str(caught.value)


@pytest.mark.parametrize(("text", "expected"), [("1ns", True), ("0", False), ("-1h", False)])
def test_only_positive_intervals_refresh(text: str, expected: bool) -> None:
    """Zero or less is once and never again."""
    assert expected is parse(text).refreshes


@pytest.mark.parametrize(("raw", "seconds"), [(60, 60.0), (0, 0.0), ("1h", 3600.0), ("-0s", 0.0)])
def test_store_intervals(raw: object, seconds: float) -> None:
    """Integers are seconds."""
    assert seconds == parse_store_interval(raw).seconds


@pytest.mark.parametrize("raw", [-1, "-1h", 2**31, 1.5, True, None, "60"])
def test_wrong_store_intervals(raw: object) -> None:
    """Nothing negative, nothing beyond 32 bits, nothing but integers and durations."""
    with pytest.raises(ValueError, match=r"\w"):
        parse_store_interval(raw)
