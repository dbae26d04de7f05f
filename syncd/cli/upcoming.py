"""When `syncd run` reads a declaration next: its rhythm, and the moment where its schedule tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from syncd.daemon.groups import Cron, Every, Group, by_name, groups, next_in_phase
from syncd.manifests import Declarations, ExternalSecret
from syncd.model import ObjectName


@dataclass(frozen=True, slots=True)
class Upcoming:
    """For a `run` over the same manifests; what failed there is tried sooner, and only its `/status` knows when."""

    groups: Mapping[ObjectName, Group]
    now: datetime

    @classmethod
    def of_all(cls, declarations: Declarations, now: datetime) -> Upcoming:
        return cls(by_name(groups(declarations)), now)

    def of(self, declaration: ExternalSecret) -> tuple[str, datetime | None]:
        """The rhythm in words, and the next moment; None where it is read once."""
        group = self.groups[declaration.object_name]
        return str(group.rhythm), self._next(group)

    def _next(self, group: Group) -> datetime | None:
        match group.rhythm:
            case Every(seconds):
                due = next_in_phase(group.id, seconds, self.now.timestamp())
                return datetime.fromtimestamp(due, UTC).replace(microsecond=0)
            case Cron(schedule):
                from syncd.daemon.clock import cron_triggers  # late: it brings the scheduler

                times = [trigger.get_next_fire_time(None, self.now) for trigger in cron_triggers(schedule)]
                return min((time for time in times if time), default=None)
        return None
