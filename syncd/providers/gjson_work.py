"""Bounds what one gjson path may read, however it multiplies a document."""

from __future__ import annotations

_MOST_BYTES = 64 * 1024 * 1024


class TooMuchWorkError(Exception):
    """A path makes too much of a large document, or is too long."""


class Work:
    """What one path may still read."""

    def __init__(self) -> None:
        self._left = _MOST_BYTES

    def spend(self, size: int) -> None:
        """Raises TooMuchWorkError when no `size` bytes are left."""
        self._left -= size
        if self._left < 0:
            raise TooMuchWorkError
