"""Sprig's `fail`."""

from __future__ import annotations

from syncd.templating.calls import CallError, function


@function("fail")
def fail(_: bytes) -> bytes:
    """Ends the rendering. A message that is made of values is not shown; one that stands in the template is."""
    raise CallError("the template says that it cannot go on")
