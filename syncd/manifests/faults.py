"""What a check finds wrong in one object, before it is known where the object stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

Path = tuple[str | int, ...]
KUSTOMIZE = "build a patch of kustomize first: `kubectl kustomize DIR | syncd validate -f -`"


class Severity(StrEnum):
    ERROR = "error"
    """The object cannot be used."""
    STRICT = "strict"
    """An error with `--validate strict`, a warning with `warn`, nothing with `ignore`."""
    WARNING = "warning"
    """A warning, but nothing with `ignore`."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A field, and what is wrong with it."""

    path: Path
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    unnamed: bool = False
    """Whether the path's last step must not be printed: it may be a value that slipped out of its place."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the closest of the known words; empty when none is close."""
    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.7)
    return f"did you mean `{by_lower[close[0]]}`?" if close else ""


def field_path(path: Path) -> str:
    """`spec.data[2].remoteRef.key`; steps that are not plain names stand in brackets."""
    text = ""
    for step in path:
        if isinstance(step, int) or not step.replace("_", "").replace("-", "").isalnum():
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text
