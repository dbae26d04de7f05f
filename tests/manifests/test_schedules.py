"""Schedules are read as cron reads them."""

from __future__ import annotations

import pytest

from syncd.manifests.schedules import Schedule


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 4 * * *", Schedule("0 4 * * *")),
        ("  */15   0-23/2 1,15 * 1-5 ", Schedule("*/15 0-23/2 1,15 * 1-5")),
        ("0 0 1 JAN SUN", Schedule("0 0 1 JAN SUN")),
        ("0 0 * * 7", Schedule("0 0 * * 7")),
        ("TZ=Europe/Rome 0 4 * * *", Schedule("0 4 * * *", "Europe/Rome")),
        ("CRON_TZ=UTC 0 4 * * *", Schedule("0 4 * * *")),
    ],
)
def test_schedules(text: str, expected: Schedule) -> None:
    """Five fields, in UTC unless a time zone stands before them."""
    assert expected == Schedule.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "five fields"),
        ("0 4 * *", "five fields"),
        ("@daily", "five fields"),
        ("TZ=Mars/Olympus 0 4 * * *", "not a time zone"),
        ("TZ=../etc/passwd 0 4 * * *", "not a time zone"),
        ("60 4 * * *", "`60` is no minute: it must lie between 0 and 59"),
        ("0 24 * * *", "no hour"),
        ("0 0 0 * *", "no day of the month"),
        ("0 0 * 13 *", "no month"),
        ("0 0 * * 8", "no day of the week"),
        ("0 0 * * fun", "`fun` is no day of the week"),
        ("5-1 0 * * *", "the range ends before it begins"),
        ("*/0 0 * * *", "the step must be between 1 and 59"),
        ("1- 0 * * *", "`1-` is no minute"),
        ("1,,2 0 * * *", "is no minute"),
    ],
)
def test_wrong_schedules(text: str, message: str) -> None:
    """The field that is wrong is named, with its bounds."""
    with pytest.raises(ValueError, match=message):
        Schedule.parse(text)
