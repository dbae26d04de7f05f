"""What syncd's own annotations on its kinds may say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from syncd.manifests.faults import Fault, Severity, did_you_mean
from syncd.manifests.schedules import Schedule
from syncd.model import RestartMode

PREFIX = "syncd.dev/"
RESTART = "syncd.dev/restart"
SCHEDULE = "syncd.dev/schedule"
ROLLBACK = "syncd.dev/rollback"
PAUSE = "syncd.dev/pause"
ALLOW_PLAIN = "syncd.dev/allow-plain"
ALLOW_MASS_CHANGE = "syncd.dev/allow-mass-change"

Check = Callable[[str], str]
"""Says what is wrong with a value; empty when nothing is."""


def _one_of(*allowed: str) -> Check:
    names = ", ".join(f"`{value}`" for value in allowed)
    return lambda value: "" if value in allowed else f"must be one of {names}"


def _schedule(value: str) -> str:
    try:
        Schedule.parse(value)
    except ValueError as error:
        return str(error)
    return ""


def _pause(value: str) -> str:
    if value in ("true", "false"):
        return ""
    try:
        end = datetime.fromisoformat(value)
    except ValueError:
        return "must be `true`, or the time at which the pause ends, such as `2031-01-31T18:00:00Z`"
    return "" if end.tzinfo else "the time at which the pause ends needs a time zone, such as the `Z` of UTC"


def _refusal(value: str) -> str:
    return (
        "" if value and not any(map(str.isspace, value)) else "must be the id of a refusal, as `syncd plan` prints it"
    )


_OF_DECLARATIONS: Mapping[str, Check] = {
    RESTART: _one_of(*RestartMode),
    SCHEDULE: _schedule,
    ROLLBACK: _one_of("off", "on"),
    PAUSE: _pause,
    ALLOW_PLAIN: _one_of("false", "true"),
}
_OF_STORES: Mapping[str, Check] = {PAUSE: _pause, ALLOW_MASS_CHANGE: _refusal}
KNOWN: Mapping[str, Mapping[str, Check]] = {
    "ExternalSecret": _OF_DECLARATIONS,
    "ClusterExternalSecret": _OF_DECLARATIONS,
    "SecretStore": _OF_STORES,
    "ClusterSecretStore": _OF_STORES,
    "Namespace": {PAUSE: _pause},
}
"""By kind and annotation."""


def check(kind: str, annotations: Mapping[str, Any], *, text: bool = False) -> Iterator[Fault]:
    """The faults of an object's annotations that begin with `syncd.dev/`.

    That a value is no text is said with `text` only: the models of our own kinds say so themselves.
    """
    for name, value in annotations.items():
        if not name.startswith(PREFIX):
            continue
        path = ("metadata", "annotations", name)
        known = KNOWN.get(kind, {})
        if name not in known:
            yield Fault(path, "unknown annotation", _unknown(kind, name), Severity.STRICT)
        elif not isinstance(value, str):
            if text:
                yield Fault(path, "must be text", "put it into quotes")
        elif wrong := known[name](value):
            yield Fault(path, wrong)


def _unknown(kind: str, name: str) -> str:
    others = [other for other, known in KNOWN.items() if name in known]
    if others:
        return f"it belongs on {' or '.join(sorted(others))}, not on {kind}"
    return did_you_mean(name, KNOWN.get(kind, {}))
