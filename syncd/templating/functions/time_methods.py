"""Methods of `time.Time`, `time.Duration`, `time.Month` and `time.Weekday`, as in `{{ now.Year }}`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from syncd.templating.calls import SLOW, method
from syncd.templating.golang import calendar
from syncd.templating.golang.durations import HOUR, MINUTE, SECOND, Duration
from syncd.templating.golang.text import decode, encode
from syncd.templating.golang.times import UTC, Month, Time, Weekday
from syncd.templating.golang.values import INT_MAX, INT_MIN, Int64, Octets, wrap

_DAY = 86_400


def _reads(methods: dict[str, Any], **readers: Callable[[Any], Any]) -> None:
    """Methods without arguments."""
    for name, reader in readers.items():
        method(methods, name)(reader)


_reads(
    Time.methods,
    Year=lambda time: time.moment().date[0],
    Month=lambda time: Month(time.moment().date[1]),
    Day=lambda time: time.moment().date[2],
    Hour=lambda time: time.moment().clock[0],
    Minute=lambda time: time.moment().clock[1],
    Second=lambda time: time.moment().clock[2],
    Nanosecond=lambda time: time.nanoseconds,
    Weekday=lambda time: Weekday(time.moment().weekday),
    YearDay=lambda time: calendar.year_day(*time.moment().date),
    Unix=lambda time: Int64(time.seconds),
    UnixMilli=lambda time: Int64(wrap(time.total() // 1_000_000)),
    UnixMicro=lambda time: Int64(wrap(time.total() // 1_000)),
    UnixNano=lambda time: Int64(wrap(time.total())),
    UTC=lambda time: time.into(UTC),
    Local=lambda time: time.into(UTC),
    IsZero=lambda time: time.total() == Time().total(),
    String=Time.text,
    MarshalText=lambda time: Octets(time.json_text()),
)
_reads(
    Duration.methods,
    Hours=lambda span: span / HOUR,
    Minutes=lambda span: span / MINUTE,
    Seconds=lambda span: span / SECOND,
    Milliseconds=lambda span: Int64(_towards_zero(span, 1_000_000)),
    Microseconds=lambda span: Int64(_towards_zero(span, 1_000)),
    Nanoseconds=lambda span: Int64(span),
    Abs=lambda span: Duration(min(abs(span), INT_MAX)),
    String=Duration.text,
)
_reads(Month.methods, String=Month.text)
_reads(Weekday.methods, String=Weekday.text)


def _towards_zero(span: int, unit: int) -> int:
    return abs(span) // unit * (1 if span >= 0 else -1)


def _bounded(span: int) -> Duration:
    return Duration(max(INT_MIN, min(span, INT_MAX)))


@method(Time.methods, "Format", pace=SLOW)
def format_time(time: Time, layout: bytes) -> bytes:
    return encode(time.format(decode(layout)))


@method(Time.methods, "Add")
def add(time: Time, span: Duration) -> Time:
    return time.plus(span)


@method(Time.methods, "AddDate")
def add_date(time: Time, years: int, months: int, days: int) -> Time:
    year, month, day = time.moment().date
    moved = calendar.day_number(year + years, month + months, day + days)
    return Time(time.seconds + (moved - calendar.day_number(year, month, day)) * _DAY, time.nanoseconds, time.zone)


@method(Time.methods, "Sub")
def subtract(time: Time, other: Time) -> Duration:
    return _bounded(time.total() - other.total())


@method(Time.methods, "After")
def is_after(time: Time, other: Time) -> bool:
    return time.total() > other.total()


@method(Time.methods, "Before")
def is_before(time: Time, other: Time) -> bool:
    return time.total() < other.total()


@method(Time.methods, "Equal")
def is_equal(time: Time, other: Time) -> bool:
    return time.total() == other.total()


@method(Time.methods, "Compare")
def compare(time: Time, other: Time) -> int:
    return (time.total() > other.total()) - (time.total() < other.total())


@method(Time.methods, "Truncate")
def truncate(time: Time, span: Duration) -> Time:
    return _stepped(time, span, up=False)


@method(Time.methods, "Round")
def round_time(time: Time, span: Duration) -> Time:
    return _stepped(time, span, up=True)


def _stepped(time: Time, span: int, *, up: bool) -> Time:
    """A multiple of the span since the year 1, below or next to the time."""
    rest = (time.total() - Time().total()) % span if span > 0 else 0
    moved = time.total() - rest
    if up and rest * 2 >= span > 0:
        moved += span
    return Time.of_nanoseconds(moved, zone=time.zone)
