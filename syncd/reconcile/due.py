"""Whether a Secret that is there is made anew: `refreshPolicy`, `refreshInterval: 0`, and what generators made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from syncd.model import Refresh, RefreshMode, SecretObject
from syncd.reconcile.changes import Authors, Wrote, belongs_to
from syncd.reconcile.pause import EPOCH

SLACK = 0.1
"""The part of an interval, and the seconds, by which a refresh may come early: passes do not begin to the second, and
the next one may be a whole interval later."""
LONGEST_SLACK = 60.0


def kept(refresh: Refresh, owner: str, secret: SecretObject, now: datetime) -> str:
    """Why a Secret stays as it is, whatever the stores hold; empty when it is made anew.

    Only what the declaration itself has written can be kept: of another's Secret it has made nothing yet.
    """
    if refresh.mode is RefreshMode.ALWAYS or not belongs_to(secret, owner):
        return ""
    if refresh.mode is RefreshMode.ONCE:
        return f"{refresh.reason}: it was made once"
    wrote = Authors.of(secret).get(owner)
    if wrote.declared != refresh.declared:
        return ""
    if refresh.mode is RefreshMode.ON_CHANGE:
        return f"{refresh.reason}: the declaration has not changed"
    due = _due(refresh, wrote)
    if due is not None and due - timedelta(seconds=min(refresh.every * SLACK, LONGEST_SLACK)) <= now:
        return ""
    return f"generated values are kept {f'until {due.isoformat()}' if due else 'until the declaration changes'}"


def _due(refresh: Refresh, wrote: Wrote) -> datetime | None:
    """When it is made anew all the same; at once when nobody can say since when it stands."""
    if not refresh.every:
        return None
    try:
        made = datetime.fromisoformat(wrote.at)
    except ValueError:
        return EPOCH
    try:
        return made.astimezone(UTC) + timedelta(seconds=refresh.every)
    except OverflowError:
        return None


def wrote_now(refresh: Refresh, now: datetime, keys: frozenset[str] = frozenset()) -> Wrote:
    """What is noted of a Secret that is made anew now."""
    at = now.isoformat(timespec="seconds") if refresh.mode is RefreshMode.DUE else ""
    return Wrote(keys, declared=refresh.declared, at=at)
