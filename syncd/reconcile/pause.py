"""The annotation `syncd.dev/pause`: `true`, or the RFC 3339 time at which the pause ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from syncd.manifests.extensions import PAUSE

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def paused(annotations: Mapping[str, str], now: datetime) -> str:
    """Says until when something is paused; empty when it is not.

    A value that is neither `true` nor a time pauses too: nothing is written on a doubt.
    """
    value = annotations.get(PAUSE, "")
    if value in ("", "false"):
        return ""
    try:
        end = datetime.fromisoformat(value)
    except ValueError:
        return "paused"
    end = end if end.tzinfo else end.replace(tzinfo=UTC)
    return f"paused until {value}" if now < end else ""
