"""`time.Parse`: reading a date and time by a layout."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from syncd.templating.golang import calendar
from syncd.templating.golang.calendar import MONTHS, WEEKDAYS
from syncd.templating.golang.layouts import Moment, pieces

_TWO: Final = re.compile("[0-9]{2}")
_ONE_OR_TWO: Final = re.compile("[0-9]{1,2}")
_THREE: Final = re.compile("[0-9]{3}")
_UP_TO_THREE: Final = re.compile(" {0,2}[0-9]{1,3}")
_FOUR: Final = re.compile("[0-9]{4}")
_UNDER_DAY: Final = re.compile(" ?[0-9]{1,2}")
_FRACTION: Final = re.compile("[.,][0-9]+")
_ABBREVIATION: Final = re.compile(
    "UTC|ChST|MeST|GMT(?:[+-][0-9]+)?|[+-][0-9]+|[A-Z]{4}T(?![A-Z])|(?:[A-Z]{3}T|WITA)(?![A-Z])|[A-Z]{3}(?![A-Z])"
)
_OFFSETS: Final = {
    3: re.compile("[+-]([0-9]{2})"),
    5: re.compile("[+-]([0-9]{2})([0-9]{2})"),
    6: re.compile("[+-]([0-9]{2}):([0-9]{2})"),
    7: re.compile("[+-]([0-9]{2})([0-9]{2})([0-9]{2})"),
    9: re.compile("[+-]([0-9]{2}):([0-9]{2}):([0-9]{2})"),
}


class _Misfit(Exception):
    """The text does not fit the layout."""


def read(layout: str, text: str) -> Moment | None:
    """What the text says, by the layout; None when it does not fit, or names no day of the calendar."""
    try:
        return _Reader(text).read(layout)
    except _Misfit:
        return None


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.year = 0
        self.month = self.day = self.year_day = -1
        self.hour = self.minute = self.second = self.nanoseconds = 0
        self.noon = ""
        self.utc = False
        self.offset: int | None = None
        self.zone = ""

    def read(self, layout: str) -> Moment:
        steps = list(pieces(layout))
        for index, (literal, piece) in enumerate(steps):
            self._literal(literal)
            if piece:
                following = steps[index + 1][1]
                self._piece(piece, fraction_follows=following[:1] in (".", ","))
        if self.at != len(self.text):
            raise _Misfit
        if self.noon in ("PM", "pm") and self.hour < 12:
            self.hour += 12
        elif self.noon in ("AM", "am") and self.hour == 12:
            self.hour = 0
        zone = self._zone()
        # The clock beside `GMT+3` is read as UTC, and only shown from there; beside `+0300` it is that of the zone.
        shown = zone[1] // 3600 if self.offset is None else 0
        return Moment(self._date(), (self.hour + shown, self.minute, self.second), self.nanoseconds, 0, zone)

    def _literal(self, literal: str) -> None:
        """Text as it stands; blanks stand for any number of blanks, none included."""
        for part in re.findall(" +|[^ ]+", literal):
            if part[0] == " ":
                if self.at < len(self.text) and self.text[self.at] != " ":
                    raise _Misfit
                while self.text.startswith(" ", self.at):
                    self.at += 1
            elif self.text.startswith(part, self.at):
                self.at += len(part)
            else:
                raise _Misfit

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise _Misfit
        self.at = found.end()
        return found

    def number(self, pattern: re.Pattern[str], low: int, high: int) -> int:
        number = int(self._take(pattern)[0])
        if not low <= number <= high:
            raise _Misfit
        return number

    def name(self, names: tuple[str, ...], length: int | None = None) -> int:
        rest = self.text[self.at :].lower()
        for index, name in enumerate(names):
            if rest.startswith(name[:length].lower()):
                self.at += len(name[:length])
                return index
        raise _Misfit

    def _piece(self, piece: str, *, fraction_follows: bool) -> None:
        reader = _READERS.get(piece)
        if reader is not None:
            reader(self)
            if piece in ("5", "05") and not fraction_follows:
                found = _FRACTION.match(self.text, self.at)
                if found is not None:
                    self._fraction(found)
        elif piece[0] in "-Z":
            self._read_offset(piece)
        elif piece[1] == "9":
            found = _FRACTION.match(self.text, self.at)
            if found is not None:
                self._fraction(found)
        else:
            self._fraction(self._take(re.compile(f"[.,][0-9]{{{len(piece) - 1}}}")))

    def _fraction(self, found: re.Match[str]) -> None:
        self.at = found.end()
        self.nanoseconds = int(found[0][1:10].ljust(9, "0"))

    def half(self, names: tuple[str, str]) -> None:
        self.noon = self.text[self.at : self.at + 2]
        if self.noon not in names:
            raise _Misfit
        self.at += 2

    def short_year(self) -> None:
        year = self.number(_TWO, 0, 99)
        self.year = year + (1900 if year >= 69 else 2000)

    def _read_offset(self, piece: str) -> None:
        if piece[0] == "Z" and self.text.startswith("Z", self.at):
            self.at += 1
            self.utc = True
            return
        found = self._take(_OFFSETS[len(piece)])
        hours, minutes, seconds = (int(part or 0) for part in (*found.groups(), None, None)[:3])
        if hours > 24 or minutes > 60 or seconds > 60:
            raise _Misfit
        span = (hours * 60 + minutes) * 60 + seconds
        self.offset = -span if found[0][0] == "-" else span

    def abbreviation(self) -> None:
        name = self._take(_ABBREVIATION)[0]
        hours = re.search("[0-9]+", name)
        if hours is not None and int(hours[0]) > 23:
            # An hour that no zone has: only `GMT` itself was a name.
            if not name.startswith("GMT"):
                raise _Misfit
            self.at -= len(name) - 3
            name = "GMT"
        if name == "UTC":
            self.utc = True
        else:
            self.zone = name

    def _zone(self) -> tuple[str, int]:
        if self.utc:
            return "UTC", 0
        if self.offset is not None:
            return ("UTC", 0) if self.offset == 0 and self.zone in ("", "UTC") else (self.zone, self.offset)
        if self.zone.startswith("GMT") and len(self.zone) > 3:
            return self.zone, int(self.zone[3:]) * 3600
        return (self.zone, 0) if self.zone else ("UTC", 0)

    def _date(self) -> tuple[int, int, int]:
        month, day = self.month, self.day
        if self.year_day >= 0:
            last = 366 if calendar.is_leap(self.year) else 365
            if not 1 <= self.year_day <= last:
                raise _Misfit
            _, known_month, known_day = calendar.civil(calendar.day_number(self.year, 1, self.year_day))
            if month not in (-1, known_month) or day not in (-1, known_day):
                raise _Misfit
            month, day = known_month, known_day
        month, day = (1 if month < 0 else month), (1 if day < 0 else day)
        if not 1 <= day <= calendar.days_in(month, self.year):
            raise _Misfit
        return self.year, month, day


def _sets(name: str, pattern: re.Pattern[str], low: int, high: int) -> Callable[[_Reader], None]:
    def read_number(reader: _Reader) -> None:
        setattr(reader, name, reader.number(pattern, low, high))

    return read_number


def _names(name: str, names: tuple[str, ...], length: int | None = None) -> Callable[[_Reader], None]:
    def read_name(reader: _Reader) -> None:
        setattr(reader, name, reader.name(names, length) + 1)

    return read_name


_READERS: Final[dict[str, Callable[[_Reader], None]]] = {
    "2006": _sets("year", _FOUR, 0, 9999),
    "06": _Reader.short_year,
    "January": _names("month", MONTHS),
    "Jan": _names("month", MONTHS, 3),
    "01": _sets("month", _TWO, 1, 12),
    "1": _sets("month", _ONE_OR_TWO, 1, 12),
    "Monday": _names("ignored", WEEKDAYS),
    "Mon": _names("ignored", WEEKDAYS, 3),
    "2": _sets("day", _ONE_OR_TWO, 0, 99),
    "_2": _sets("day", _UNDER_DAY, 0, 99),
    "02": _sets("day", _TWO, 0, 99),
    "__2": _sets("year_day", _UP_TO_THREE, 0, 999),
    "002": _sets("year_day", _THREE, 0, 999),
    "15": _sets("hour", _ONE_OR_TWO, 0, 23),
    "3": _sets("hour", _ONE_OR_TWO, 0, 12),
    "03": _sets("hour", _TWO, 0, 12),
    "4": _sets("minute", _ONE_OR_TWO, 0, 59),
    "04": _sets("minute", _TWO, 0, 59),
    "5": _sets("second", _ONE_OR_TWO, 0, 59),
    "05": _sets("second", _TWO, 0, 59),
    "PM": lambda reader: reader.half(("PM", "AM")),
    "pm": lambda reader: reader.half(("pm", "am")),
    "MST": _Reader.abbreviation,
}
