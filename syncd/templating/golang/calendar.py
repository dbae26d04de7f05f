"""Days and dates of the proleptic Gregorian calendar for any year, as `time.Time` counts them."""

from __future__ import annotations

from typing import Final

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_BEFORE: Final = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)
_EPOCH: Final = 719_468
"""Days from 1 March of year 0 to 1 January 1970."""
_ERA: Final = 146_097


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in(month: int, year: int) -> int:
    return 29 if month == 2 and is_leap(year) else _BEFORE[month] - _BEFORE[month - 1]


def days_before(month: int) -> int:
    """Days of a common year before the month (13: of the whole year)."""
    return _BEFORE[month - 1]


def day_number(year: int, month: int, day: int) -> int:
    """Days since 1 January 1970; month and day may lie outside their ranges and are carried over."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5
    return era * _ERA + of_era * 365 + of_era // 4 - of_era // 100 + of_year + day - 1 - _EPOCH


def civil(number: int) -> tuple[int, int, int]:
    """Year, month and day of a day number."""
    era, day = divmod(number + _EPOCH, _ERA)
    year = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    return era * 400 + year + (month >= 10), month + 3 if month < 10 else month - 9, day - (153 * month + 2) // 5 + 1


def year_day(year: int, month: int, day: int) -> int:
    """The day of the year, from 1."""
    return _BEFORE[month - 1] + day + (month > 2 and is_leap(year))
