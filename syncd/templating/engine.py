"""What a rendering may ask of the world, and how much it may do."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MIB: Final = 1024 * 1024


class MissingKey(StrEnum):
    """What a field does that is not in its map: fail, or print `<no value>`."""

    ERROR = "error"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one rendering, so that any template ends within about a second.

    `output` and `value` are bytes: of the result, and of any string on the way. `steps` counts actions and calls; a
    call counts more the more it has to do. `depth` bounds templates that call templates.
    """

    output: int = MIB
    value: int = 4 * MIB
    steps: int = 400_000
    depth: int = 10_000


@dataclass(frozen=True, slots=True)
class Engine:
    """The clock and the source of randomness of `now`, `randAlpha` and the like, and the limits.

    `clock` gives nanoseconds since 1970. Keys and certificates take their randomness from the cryptography library.
    """

    clock: Callable[[], int] = time.time_ns
    random: random.Random = field(default_factory=random.SystemRandom)
    limits: Limits = field(default_factory=Limits)
    started: int = field(default_factory=time.time_ns)
    """Nanoseconds since 1970 at which the process is said to have begun: `now` prints the time since then."""
