"""Go's time layouts, where the pieces of the reference time `Mon Jan 2 15:04:05 MST 2006` stand for what they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from syncd.templating.golang import calendar
from syncd.templating.golang.calendar import MONTHS, WEEKDAYS

_PIECE: Final = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15|1|2006|2|_2(?!006)|__2|3|4|5|PM|pm"
    r"|-070000|-07:00:00|-0700|-07:00|-07|Z070000|Z07:00:00|Z0700|Z07:00|Z07|[.,](?:0+|9+)(?![0-9])"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a clock and a calendar on the wall show; `zone` is abbreviation and offset in seconds."""

    date: tuple[int, int, int]
    clock: tuple[int, int, int]
    nanoseconds: int
    weekday: int
    zone: tuple[str, int]


def pieces(layout: str) -> Iterator[tuple[str, str]]:
    """Pairs of literal text and the piece after it; the last piece is empty."""
    at = 0
    for found in _PIECE.finditer(layout):
        yield layout[at : found.start()], found[0]
        at = found.end()
    yield layout[at:], ""


def write(moment: Moment, layout: str) -> str:
    """`Time.Format`."""
    return "".join(literal + _write_piece(moment, piece) for literal, piece in pieces(layout))


def _padded(number: int, width: int) -> str:
    return f"{'-' if number < 0 else ''}{abs(number):0{width}d}"


def _year_day(moment: Moment) -> int:
    return calendar.year_day(*moment.date)


_WRITERS: Final[dict[str, Callable[[Moment], str]]] = {
    "2006": lambda moment: _padded(moment.date[0], 4),
    "06": lambda moment: f"{abs(moment.date[0]) % 100:02d}",
    "January": lambda moment: MONTHS[moment.date[1] - 1],
    "Jan": lambda moment: MONTHS[moment.date[1] - 1][:3],
    "01": lambda moment: f"{moment.date[1]:02d}",
    "1": lambda moment: str(moment.date[1]),
    "Monday": lambda moment: WEEKDAYS[moment.weekday],
    "Mon": lambda moment: WEEKDAYS[moment.weekday][:3],
    "2": lambda moment: str(moment.date[2]),
    "_2": lambda moment: f"{moment.date[2]:2d}",
    "02": lambda moment: f"{moment.date[2]:02d}",
    "__2": lambda moment: f"{_year_day(moment):3d}",
    "002": lambda moment: f"{_year_day(moment):03d}",
    "15": lambda moment: f"{moment.clock[0]:02d}",
    "3": lambda moment: str((moment.clock[0] + 11) % 12 + 1),
    "03": lambda moment: f"{(moment.clock[0] + 11) % 12 + 1:02d}",
    "4": lambda moment: str(moment.clock[1]),
    "04": lambda moment: f"{moment.clock[1]:02d}",
    "5": lambda moment: str(moment.clock[2]),
    "05": lambda moment: f"{moment.clock[2]:02d}",
    "PM": lambda moment: "PM" if moment.clock[0] >= 12 else "AM",
    "pm": lambda moment: "pm" if moment.clock[0] >= 12 else "am",
    "MST": lambda moment: moment.zone[0] or _offset(moment.zone[1], "-0700"),
    "": lambda _: "",
}


def _write_piece(moment: Moment, piece: str) -> str:
    writer = _WRITERS.get(piece)
    if writer is not None:
        return writer(moment)
    if piece[0] in "-Z":
        return "Z" if piece[0] == "Z" and moment.zone[1] == 0 else _offset(moment.zone[1], piece)
    return _fraction(moment.nanoseconds, piece)


def _offset(seconds: int, piece: str) -> str:
    """An offset in the form of `-07`, `-0700`, `-07:00`, `-070000` or `-07:00:00`."""
    minutes = -(-seconds // 60) if seconds < 0 else seconds // 60
    colon = ":" if ":" in piece else ""
    text = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}"
    if len(piece) > 3:
        text += f"{colon}{abs(minutes) % 60:02d}"
    if len(piece) > 6:
        text += f"{colon}{abs(seconds) % 60:02d}"
    return text


def _fraction(nanoseconds: int, piece: str) -> str:
    length = len(piece) - 1
    digits = f"{nanoseconds:09d}"[:length] if length <= 9 else f"{nanoseconds:09d}"
    if piece[1] == "0":
        return piece[0] + digits
    digits = digits.rstrip("0")
    return piece[0] + digits if digits else ""
