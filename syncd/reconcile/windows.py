"""Whether `syncWindows` let a declaration be refreshed now. Pure: the time is given.

Semantics: external-secrets, whose windows of kind `allow` permit refreshes only while one is open, and of kind `deny`
only while none is.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from syncd.manifests import durations
from syncd.manifests.externalsecret import SyncWindow, SyncWindows, WindowKind
from syncd.manifests.schedules import Schedule

_NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EVERY = "@every "
_ANY_STEP = 2**31
"""`*/24` of hours is hour 0, as in the reference."""
_LONGEST = 5 * 366 * 86400.0
"""Seconds: what is open for longer is open for ever."""


def permitted(windows: SyncWindows | None, now: datetime) -> bool:
    """Whether the windows let refreshes happen."""
    if windows is None or not windows.windows:
        return True
    return any(_is_open(window, now) for window in windows.windows) is (windows.kind is WindowKind.ALLOW)


def _is_open(window: SyncWindow, now: datetime) -> bool:
    """A schedule that cannot be read opens no window, as in the reference."""
    length = min(window.duration.seconds, _LONGEST)
    text = window.schedule.strip()
    try:
        if text.startswith(_EVERY):  # counted from any moment: open for ever, or never
            return durations.parse(text.removeprefix(_EVERY).strip()).seconds <= length + 1
        schedule = Schedule.parse(_NAMED.get(text, text).replace("?", "*"), longest_step=_ANY_STEP)
    except ValueError:
        return False
    return schedule.fires(now - timedelta(seconds=max(0.0, length)), now)
