"""`syncd version`."""

from __future__ import annotations

import platform

from syncd import __version__
from syncd.cli.answer import answer
from syncd.cli.request import Request
from syncd.cli.screen import Screen


def run(request: Request, screen: Screen) -> int:
    document = {"kind": "Version", "syncd": __version__, "python": platform.python_version()}
    answer(request, screen, f"syncd {__version__}\n", document)
    return 0
