"""`time.Time` and its zones: an instant in nanoseconds, seen from somewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC as DATETIME_UTC
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from syncd.templating.golang import calendar, layouts, time_reading
from syncd.templating.golang.durations import SECOND
from syncd.templating.golang.values import UINT_MAX, Int64, Kind, NamedInt, Struct, Uint64

_DAY: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=DATETIME_UTC)
_YEAR_ONE: Final = -62_135_596_800
_YEAR_ZERO: Final = -9_223_371_966_579_724_800
"""Seconds from 1970 back to the year from which Go counts, without a sign."""
_FIRST: Final = _YEAR_ONE + _DAY
_LAST: Final = 253_402_300_799 - _DAY


@dataclass(frozen=True, slots=True)
class Zone:
    """An offset from UTC in seconds with its abbreviation, or the rules of an IANA zone."""

    name: str = "UTC"
    offset: int = 0
    rules: ZoneInfo | None = None

    def at(self, seconds: int) -> tuple[str, int]:
        """Abbreviation and offset in force at a Unix time."""
        if self.rules is None:
            return self.name, self.offset
        # Python's calendar ends with the years 1 and 9999; zones have no other rules beyond.
        moment = (_EPOCH + timedelta(seconds=min(max(seconds, _FIRST), _LAST))).astimezone(self.rules)
        offset = moment.utcoffset()
        return moment.tzname() or "", int(offset.total_seconds()) if offset is not None else 0


UTC: Final = Zone()


def load_zone(name: str) -> Zone | None:
    """`time.LoadLocation`; the local zone is UTC. None when there is no such zone."""
    if name in ("", "UTC", "Local"):
        return UTC
    if ".." in name or name[0] in "/\\":
        return None
    try:
        return Zone(name, 0, ZoneInfo(name))
    except (ValueError, OSError, KeyError):
        return None


class Month(NamedInt):
    """`time.Month`."""

    go_type: ClassVar[str] = "time.Month"
    __slots__ = ()

    def text(self) -> bytes:
        return calendar.MONTHS[self - 1].encode()


class Weekday(NamedInt):
    """`time.Weekday`."""

    go_type: ClassVar[str] = "time.Weekday"
    __slots__ = ()

    def text(self) -> bytes:
        return calendar.WEEKDAYS[self].encode()


@dataclass(frozen=True, slots=True)
class Time(Struct):
    """An instant: seconds since 1970 and nanoseconds; `monotonic` is set and printed when it came from the clock."""

    go_type: ClassVar[str] = "time.Time"
    go_kind: ClassVar[Kind] = Kind.STRUCT
    methods: ClassVar[dict[str, Any]] = {}

    seconds: int = _YEAR_ONE
    nanoseconds: int = 0
    zone: Zone = UTC
    monotonic: int | None = None

    @classmethod
    def of_nanoseconds(cls, total: int, *, zone: Zone = UTC, monotonic: int | None = None) -> Time:
        return cls(*divmod(total, SECOND), zone, monotonic)

    def total(self) -> int:
        """Nanoseconds since 1970."""
        return self.seconds * SECOND + self.nanoseconds

    def into(self, zone: Zone) -> Time:
        return replace(self, zone=zone)

    def plus(self, nanoseconds: int) -> Time:
        monotonic = None if self.monotonic is None else self.monotonic + nanoseconds
        return Time.of_nanoseconds(self.total() + nanoseconds, zone=self.zone, monotonic=monotonic)

    def moment(self) -> layouts.Moment:
        """The clock and calendar where the time is seen from."""
        name, offset = self.zone.at(self.seconds)
        days, rest = divmod((self.seconds + offset - _YEAR_ZERO) % (UINT_MAX + 1) + _YEAR_ZERO, _DAY)
        year, month, day = calendar.civil(days)
        return layouts.Moment(
            date=(year, month, day),
            clock=(rest // 3600, rest // 60 % 60, rest % 60),
            nanoseconds=self.nanoseconds,
            weekday=(days + 4) % 7,
            zone=(name, offset),
        )

    def format(self, layout: str) -> str:
        return layouts.write(self.moment(), layout)

    def text(self) -> bytes:
        text = self.format("2006-01-02 15:04:05.999999999 -0700 MST")
        if self.monotonic is not None:
            whole, fraction = divmod(abs(self.monotonic), SECOND)
            text += f" m={'-' if self.monotonic < 0 else '+'}{whole}.{fraction:09d}"
        return text.encode()

    def json_text(self) -> bytes:
        return self.format("2006-01-02T15:04:05.999999999Z07:00").encode()

    def fields(self) -> list[tuple[str, Any]]:
        return [("wall", Uint64(self.nanoseconds)), ("ext", Int64(self.seconds - _YEAR_ONE)), ("loc", None)]


def parse(layout: str, text: str) -> Time | None:
    """`time.ParseInLocation(layout, text, time.Local)`, the local zone being UTC; None when it does not fit."""
    found = time_reading.read(layout, text)
    if found is None:
        return None
    hour, minute, second = found.clock
    seconds = calendar.day_number(*found.date) * _DAY + hour * 3600 + minute * 60 + second
    name, offset = found.zone
    zone = UTC if (name, offset) in (("UTC", 0), ("", 0)) else Zone(name, offset)
    return Time(seconds - offset, found.nanoseconds, zone)
