"""When `syncWindows` let a declaration be refreshed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.manifests.externalsecret import SyncWindows
from syncd.reconcile.windows import permitted
from tests.reconcile.shop import Shop

ALWAYS = {"schedule": "* * * * *", "duration": "1h"}


def open_at(moment: str, *windows: tuple[str, str], kind: str = "allow") -> bool:
    listed = [{"schedule": schedule, "duration": duration} for schedule, duration in windows]
    return permitted(SyncWindows.model_validate({"kind": kind, "windows": listed}), datetime.fromisoformat(moment))


@pytest.mark.parametrize(
    ("schedule", "duration", "moment", "expected"),
    [
        ("0 4 * * *", "1h", "2026-03-02T04:00:00Z", True),
        ("0 4 * * *", "1h", "2026-03-02T05:00:00Z", True),
        ("0 4 * * *", "1h", "2026-03-02T05:00:01Z", False),
        ("0 4 * * *", "1h", "2026-03-02T03:59:59Z", False),
        ("0 22 * * *", "8h", "2026-03-02T05:00:00Z", True),
        ("0 22 * * fri", "48h", "2026-03-08T21:00:00Z", True),
        ("0 22 * * fri", "48h", "2026-03-08T23:00:00Z", False),
        ("0 0 1 * *", "24h", "2026-03-01T12:00:00Z", True),
        ("0 0 1 * mon", "1h", "2026-03-02T00:30:00Z", True),
        ("0 0 1 * mon", "1h", "2026-03-03T00:30:00Z", False),
        ("*/15 8-10 * * 1-5", "5m", "2026-03-02T09:18:00Z", True),
        ("*/15 8-10 * * 1-5", "5m", "2026-03-02T09:21:00Z", False),
        ("0 0 * * 7", "1h", "2026-03-01T00:10:00Z", True),
        ("0 */24 * * *", "1h", "2026-03-02T00:10:00Z", True),
        ("*/60 * * * *", "5m", "2026-03-02T09:07:00Z", False),
        ("0 0 */1 * mon", "1h", "2026-03-03T00:30:00Z", False),
        ("0 0 1-7,* * mon", "1h", "2026-03-03T00:30:00Z", False),
        ("@daily", "30m", "2026-03-02T00:29:00Z", True),
        ("@hourly", "10m", "2026-03-02T07:11:00Z", False),
        ("@every 1h", "1h", "2026-03-02T07:11:00Z", True),
        ("@every 2h", "1h", "2026-03-02T07:11:00Z", False),
        ("0 4 * * *", "0s", "2026-03-02T04:00:00Z", True),
    ],
)
def test_windows_are_open_from_their_schedule_on(schedule: str, duration: str, moment: str, expected: bool) -> None:
    """For their duration, over midnight too, in UTC."""
    assert expected is open_at(moment, (schedule, duration))


def test_one_open_window_is_enough() -> None:
    """Of kind `allow` to permit, of kind `deny` to refuse."""
    windows = (("0 4 * * *", "1h"), ("0 9 * * *", "1h"))
    assert open_at("2026-03-02T09:30:00Z", *windows)
    assert not open_at("2026-03-02T09:30:00Z", *windows, kind="deny")
    assert open_at("2026-03-02T12:00:00Z", *windows, kind="deny")


def windowed(folder: Path, kind: str) -> Shop:
    shop = Shop(folder)
    windows: dict[str, Any] = {"kind": kind, "windows": [ALWAYS]}
    shop.declare("db", syncWindows=windows)
    return shop


def test_a_closed_window_keeps_what_was_written(tmp_path: Path) -> None:
    """The first sync comes through, and so does a change of the declaration; a change at the store waits."""
    shop = windowed(tmp_path, "deny")
    shop.reconciler().sync()
    shop.put("db", "2")
    shop.reconciler().sync()
    assert {"db": "1"} == shop.values()
    shop.annotations["db"] = {"force-sync": "1"}
    shop.reconciler().sync()
    assert {"db": "2"} == shop.values()


def test_an_open_window_changes_nothing(tmp_path: Path) -> None:
    """What is new at the store is written, and what is not costs no write."""
    shop = windowed(tmp_path, "allow")
    shop.reconciler().sync()
    before = len(shop.target.writes)
    shop.reconciler().sync()
    assert before == len(shop.target.writes)
    shop.put("db", "2")
    shop.reconciler().sync()
    assert {"db": "2"} == shop.values()
