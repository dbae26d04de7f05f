"""Schedules of five fields, as cron has them: `0 4 * * *`, in UTC or after a `TZ=Europe/Rome`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(?:\*|([0-9]+|[a-z]+)(?:-([0-9]+|[a-z]+))?)(?:/([0-9]+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()

    def check(self, text: str, longest_step: int | None) -> None:
        longest = longest_step or self.high
        for part in text.lower().split(","):
            match = _PART.fullmatch(part)
            if not match:
                raise ValueError(f"`{text}` is no {self.name}: a number, a range `a-b`, `*`, a step `*/n`, or a list")
            first, last, step = match.groups()
            begin, end = self._number(first), self._number(last)
            if begin is not None and end is not None and begin > end:
                raise ValueError(f"`{part}` is no {self.name}: the range ends before it begins")
            if step is not None and not 0 < int(step) <= longest:
                raise ValueError(f"`{part}` is no {self.name}: the step must be between 1 and {longest}")

    def values(self, text: str) -> frozenset[int]:
        """The numbers that a text names which passes `check`; of the days of the week, 7 is 0."""
        found: set[int] = set()
        for part in text.lower().split(","):
            match = _PART.fullmatch(part)
            first, last, step = match.groups() if match else (None, None, None)
            begin, end = self._number(first), self._number(last)
            if begin is None:
                begin, end = self.low, self.high
            elif end is None:
                end = self.high if step else begin
            found.update(range(begin, end + 1, int(step or 1)))
        return frozenset(number % 7 if self.high == 7 else number for number in found)

    def _number(self, text: str | None) -> int | None:
        if text is None:
            return None
        number = int(text) if text.isdigit() else self.low + self.words.index(text) if text in self.words else -1
        if not self.low <= number <= self.high:
            raise ValueError(f"`{text}` is no {self.name}: it must lie between {self.low} and {self.high}")
        return number


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, _DAYS),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The five fields, and the time zone that they are meant in."""

    expression: str
    zone: str = "UTC"

    @classmethod
    def parse(cls, text: str, *, longest_step: int | None = None) -> Schedule:
        """A step is at most `longest_step`, or the field's highest number.

        Raises ValueError with a sentence when `text` is not a schedule.
        """
        zone = "UTC"
        words = text.split()
        if words and words[0].startswith(("TZ=", "CRON_TZ=")):
            zone = words.pop(0).partition("=")[2]
            _check_zone(zone)
        if len(words) != len(_FIELDS):
            raise ValueError("a schedule has five fields: minute, hour, day of the month, month, day of the week")
        for field, word in zip(_FIELDS, words, strict=True):
            field.check(word, longest_step)
        return cls(" ".join(words), zone)

    def fires(self, begin: datetime, end: datetime) -> bool:
        """Whether it fires between two times, both included. Pure.

        As cron has it, either of the two kinds of days is enough when both are given.
        """
        begin, end = (moment.astimezone(ZoneInfo(self.zone)) for moment in (begin, end))
        words = self.expression.split()
        minutes, hours, days, months, weekdays = (
            field.values(word) for field, word in zip(_FIELDS, words, strict=True)
        )
        either = not any(part in ("*", "*/1") for word in (words[2], words[4]) for part in word.split(","))
        day = end.date()
        while day >= begin.date():
            of_month, of_week = day.day in days, day.isoweekday() % 7 in weekdays
            if day.month in months and ((of_month or of_week) if either else (of_month and of_week)):
                times = (
                    datetime.combine(day, time(h, m), begin.tzinfo) for h in sorted(hours) for m in sorted(minutes)
                )
                if any(begin <= moment <= end for moment in times):
                    return True
            day -= timedelta(days=1)
        return False


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        raise ValueError(f"`{zone}` is not a time zone, such as `Europe/Rome`") from None
