"""Counts what a rendering does, and ends it when that is too much."""

from __future__ import annotations

from syncd.templating.engine import Limits


class TooMuch(Exception):
    """A limit is reached; the message says which."""


class Meter:
    """What is left of a rendering's steps, and the bounds of what it may build."""

    __slots__ = ("depth", "left", "output", "value")

    def __init__(self, limits: Limits) -> None:
        self.left = limits.steps
        self.value = limits.value
        self.output = limits.output
        self.depth = limits.depth

    def spend(self, steps: int) -> None:
        """Raises TooMuch when the steps are used up."""
        self.left -= steps
        if self.left < 0:
            raise TooMuch("it takes too many steps")

    def room(self, size: int) -> None:
        """Asks for a value of that many bytes, which takes a step. Raises TooMuch."""
        self.left -= 1
        if self.left < 0:
            self.spend(0)
        if size > self.value:
            raise TooMuch(f"a value is larger than {self.value // 1024} KiB")

    def items(self, count: int) -> None:
        """Pays for a list of that length before it is built."""
        self.spend(max(0, count))
