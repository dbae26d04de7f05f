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
    end = pause_end(annotations)
    if end is None:
        return "paused"
    return f"paused until {value}" if now < end else ""


def paused_namespaces(pauses: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Why nothing is written in a namespace, by its name."""
    said = {name: paused({PAUSE: value}, now) for name, value in pauses.items()}
    return {name: f"Namespace {name}: {why}" for name, why in said.items() if why}


def pause_end(annotations: Mapping[str, str]) -> datetime | None:
    """When the pause ends; None when there is none, or none that ends by itself."""
    try:
        end = datetime.fromisoformat(annotations.get(PAUSE, ""))
    except ValueError:
        return None
    return end if end.tzinfo else end.replace(tzinfo=UTC)
