"""The one clock: APScheduler, whose jobs put the names of groups on the queue when they are due. It runs no work."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.executors.base import BaseExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

from syncd.daemon.groups import Cron, Every, Group, next_in_phase
from syncd.manifests.schedules import Schedule

STEP = 5.0
"""Seconds by which the wall clock may drift between two looks before it counts as stepped."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Clock:
    """Calls `due` with the id of a group, and functions given to `at`. Both must be quick, and raise nothing.

    The wall clock decides about schedules and phases, the monotonic one about pauses; `wall` and `monotonic` can be
    others in tests. When the wall clock is set, `check` dates everything anew: nothing waits for an hour that has been
    taken back, and what should have happened in one that was left out (the machine slept, say) happens once.
    """

    def __init__(
        self,
        due: Callable[[str], None],
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._due = due
        self._wall = wall
        self.monotonic = monotonic
        self._groups: dict[str, Group] = {}
        self._alarms: dict[str, _Alarm] = {}
        self._alarming = Lock()
        """Never held while the scheduler is asked for something: it has a lock of its own, and calls us within."""
        self._numbers = count()
        self._offset = wall() - monotonic()
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        self._scheduler = _Scheduler(timezone=UTC, executors={"default": _InPlace()})

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._wall(), UTC)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    @property
    def alive(self) -> bool:
        thread = getattr(self._scheduler, "_thread", None)
        return bool(thread and thread.is_alive())

    def keep(self, groups: Mapping[str, Group]) -> None:
        """From now on there are these groups; a group that was there before keeps its time."""
        for gone in self._groups.keys() - groups.keys():
            self._scheduler.remove_job(gone)
        before, self._groups = self._groups, dict(groups)
        for group in groups.values():
            if group.id not in before:
                self._date(group)

    def at(self, name: str, due: float, call: Callable[[], None]) -> None:
        """Calls once, at `due` on the monotonic clock, or sooner when an alarm of this name is set for sooner."""
        alarm = _Alarm(name, due, call)
        with self._alarming:
            known = self._alarms.get(name)
            if known and due >= known.due:
                return
            self._alarms[name] = alarm
        if known:
            self._scheduler.remove_job(known.job)
        self._date_alarm(alarm)

    def next_of(self, group_id: str) -> datetime | None:
        """When a group is due; None for one that is read once."""
        job = self._scheduler.get_job(group_id)
        return job.next_run_time if job else None

    def check(self) -> float:
        """Looks whether the wall clock was set, and by how many seconds; 0 when it was not."""
        step = self._wall() - self.monotonic() - self._offset
        if abs(step) < STEP:
            return 0.0
        self._offset += step
        now = self.now()
        for group in self._groups.values():
            missed = (due := self.next_of(group.id)) is not None and due <= now
            self._date(group)
            if missed:
                self._due(group.id)
        for alarm in list(self._alarms.values()):
            self._date_alarm(alarm)
        return step

    def when(self, due: float) -> datetime:
        """A moment of the monotonic clock, as people read it."""
        return datetime.fromtimestamp(self._wall() + due - self.monotonic(), UTC)

    def _date(self, group: Group) -> None:
        match group.rhythm:
            case Every(seconds):
                trigger: BaseTrigger = _Phase(group.id, seconds)
            case Cron(schedule):
                trigger = _Calendar(schedule)
            case _:
                return
        self._add(group.id, trigger, self._due, group.id)

    def _date_alarm(self, alarm: _Alarm) -> None:
        """A job of its own each time: the one that is ringing is removed by the scheduler when it has rung."""
        self._scheduler.remove_job(alarm.job)
        alarm.job = f"alarm {next(self._numbers)}"
        self._add(alarm.job, _Moment(self.when(alarm.due)), self._ring, alarm)

    def _ring(self, alarm: _Alarm) -> None:
        early = alarm.due > self.monotonic() + 0.001  # the wall clock was set forward
        with self._alarming:
            if self._alarms.get(alarm.name) is not alarm:  # another took its place, or it has rung
                return
            if not early:
                del self._alarms[alarm.name]
        if early:
            self._date_alarm(alarm)
        else:
            alarm.call()

    def _add(self, job_id: str, trigger: BaseTrigger, call: Callable[[Any], None], argument: object) -> None:
        first = trigger.get_next_fire_time(None, self.now())
        self._scheduler.add_job(
            call,
            trigger,
            args=[argument],
            id=job_id,
            replace_existing=True,
            next_run_time=first,
            misfire_grace_time=None,
            coalesce=True,
        )


@dataclass(slots=True, eq=False)
class _Alarm:
    name: str
    due: float
    call: Callable[[], None]
    job: str = ""


class _Scheduler(BackgroundScheduler):  # type: ignore[misc]  # the library has no types
    """One to which it is no error that a job is gone: what rings may itself remove what was to ring after it."""

    def remove_job(self, job_id: str, jobstore: str | None = None) -> None:
        with suppress(JobLookupError):
            super().remove_job(job_id, jobstore)


class _InPlace(BaseExecutor):  # type: ignore[misc]  # the library has no types
    """Calls in the clock's own thread: what is called only puts names on a queue."""

    def submit_job(self, job: Any, run_times: Any) -> None:
        self._do_submit_job(job, run_times)

    def _do_submit_job(self, job: Any, run_times: Any) -> None:  # noqa: ARG002  # the library's
        try:
            job.func(*job.args)
        except Exception:  # the clock must go on
            logging.getLogger(__name__).exception("a job of the clock failed")


class _Phase(BaseTrigger):  # type: ignore[misc]  # as above
    """At a group's own place in each interval; what was missed is not made up for."""

    def __init__(self, group_id: str, seconds: float) -> None:
        self._group_id = group_id
        self._seconds = seconds

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        after = max(now, previous) if previous else now
        return datetime.fromtimestamp(next_in_phase(self._group_id, self._seconds, after.timestamp()), UTC)


class _Calendar(BaseTrigger):  # type: ignore[misc]  # as above
    """Five fields in a time zone; what was missed is not made up for."""

    def __init__(self, schedule: Schedule) -> None:
        self._triggers = cron_triggers(schedule)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        after = max(now, previous) if previous else now
        after += timedelta(microseconds=1)
        times = [trigger.get_next_fire_time(None, after) for trigger in self._triggers]
        return min((time.astimezone(UTC) for time in times if time), default=None)


class _Moment(BaseTrigger):  # type: ignore[misc]  # as above
    """Once."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:  # noqa: ARG002  # theirs
        return None if previous else self._at


def cron_triggers(schedule: Schedule) -> tuple[CronTrigger, ...]:
    """The library's triggers for a schedule. When both days are restricted, one of the two is enough, as in cron(5).

    APScheduler counts week days from Monday and wants both days to match.
    """
    minute, hour, day, month, week_day = schedule.expression.lower().split()
    month = re.sub("[a-z]+", lambda name: str(_MONTHS.index(name[0]) + 1), month)
    zone = ZoneInfo(schedule.zone)

    def trigger(day: str, week_day: str) -> CronTrigger:
        return CronTrigger(
            minute=minute, hour=hour, day=day, month=month, day_of_week=_week_days(week_day), timezone=zone
        )

    if day.startswith("*") or week_day.startswith("*"):
        return (trigger(day, week_day),)
    return (trigger(day, "*"), trigger("*", week_day))


def _week_days(field: str) -> str:
    """The days by their names, which mean the same to everybody."""
    if field == "*":
        return field
    days: set[str] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        begin = 0 if first == "*" else _week_day(first)
        end = 6 if first == "*" or (step and not last) else _week_day(last or first)
        days |= {_DAYS[number] for number in range(begin, end + 1, int(step or 1))}
    return ",".join(sorted(days, key=_DAYS.index))


def _week_day(text: str) -> int:
    return int(text) if text.isdigit() else _DAYS.index(text)
