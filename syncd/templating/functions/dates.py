"""Sprig's functions on dates and durations; the local time zone is UTC."""

from __future__ import annotations

from typing import Any, Final

from syncd.templating.calls import SLOW, CallError, World, function
from syncd.templating.golang import times
from syncd.templating.golang.durations import HOUR, MINUTE, SECOND, format_duration, parse_duration
from syncd.templating.golang.numbers import parse_int
from syncd.templating.golang.text import decode, encode
from syncd.templating.golang.times import UTC, Time
from syncd.templating.golang.values import Int64, wrap

_DAY: Final = 24 * HOUR
_ROUNDED: Final = ((365 * _DAY, "y"), (30 * _DAY, "mo"), (_DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"))


@function("now", deterministic=False)
def now(world: World) -> Time:
    engine = world.engine
    instant = engine.clock()
    return Time.of_nanoseconds(instant, monotonic=instant - engine.started)


def _instant(world: World, date: Any) -> Time:
    """A time, or seconds since 1970; of anything else the present."""
    if isinstance(date, Time):
        return date
    return Time(int(date)) if type(date) in (int, Int64) else now(world)


def _in_zone(world: World, layout: bytes, date: Any, zone: bytes) -> bytes:
    seen_from = times.load_zone(decode(zone)) or UTC
    return encode(_instant(world, date).into(seen_from).format(decode(layout)))


@function("date", pace=SLOW)
def date(world: World, layout: bytes, when: Any) -> bytes:
    return _in_zone(world, layout, when, b"Local")


@function("dateInZone", "date_in_zone", pace=SLOW)
def date_in_zone(world: World, layout: bytes, when: Any, zone: bytes) -> bytes:
    return _in_zone(world, layout, when, zone)


@function("htmlDate", pace=SLOW)
def html_date(world: World, when: Any) -> bytes:
    return _in_zone(world, b"2006-01-02", when, b"Local")


@function("htmlDateInZone", pace=SLOW)
def html_date_in_zone(world: World, when: Any, zone: bytes) -> bytes:
    return _in_zone(world, b"2006-01-02", when, zone)


@function("dateModify", "date_modify")
def date_modify(span: bytes, when: Time) -> Time:
    """The time later by a span; the same time when the span is none."""
    nanoseconds = parse_duration(decode(span))
    return when if nanoseconds is None else when.plus(nanoseconds)


@function("mustDateModify", "must_date_modify")
def must_date_modify(span: bytes, when: Time) -> Time:
    nanoseconds = parse_duration(decode(span))
    if nanoseconds is None:
        raise CallError("the duration is not valid")
    return when.plus(nanoseconds)


@function("toDate", pace=SLOW)
def to_date(layout: bytes, text: bytes) -> Time:
    """The time that a text says; the first day of the year 1 when it does not fit the layout."""
    return times.parse(decode(layout), decode(text)) or Time()


@function("mustToDate", pace=SLOW)
def must_to_date(layout: bytes, text: bytes) -> Time:
    found = times.parse(decode(layout), decode(text))
    if found is None:
        raise CallError("the text does not fit the layout, or names no day")
    return found


@function("unixEpoch")
def unix_epoch(when: Time) -> bytes:
    return b"%d" % when.seconds


@function("ago", deterministic=False)
def ago(world: World, when: Any) -> bytes:
    passed = _clamped(world.engine.clock() - _instant(world, when).total())
    whole = (abs(passed) + SECOND // 2) // SECOND * SECOND
    return format_duration(whole if passed >= 0 else -whole).encode()


def _clamped(nanoseconds: int) -> int:
    """A difference of times: at most what 64 bits hold."""
    return max(-(1 << 63), min(nanoseconds, (1 << 63) - 1))


@function("duration")
def duration(seconds: Any) -> bytes:
    """Seconds as text or `int64` as a duration; anything else is no time."""
    count = parse_int(decode(seconds)).value if isinstance(seconds, bytes) else 0
    count = int(seconds) if type(seconds) is Int64 else count
    return format_duration(wrap(count * SECOND)).encode()


@function("durationRound")
def duration_round(world: World, span: Any) -> bytes:
    """The largest unit that a duration has strictly more than one of."""
    nanoseconds = 0
    if isinstance(span, bytes):
        nanoseconds = parse_duration(decode(span)) or 0
    elif isinstance(span, Time):
        nanoseconds = _clamped(world.engine.clock() - span.total())
    elif type(span) is Int64:
        nanoseconds = int(span)
    size = abs(nanoseconds)
    return next((f"{size // unit}{name}".encode() for unit, name in _ROUNDED if size > unit), b"0s")
