"""Reads what a command line names: its settings and its manifests."""

from __future__ import annotations

import io
import os
import sys
from typing import IO

from syncd import log
from syncd.cli.request import Request
from syncd.cli.resolve import resolve
from syncd.cli.screen import Screen
from syncd.errors import UsageError
from syncd.manifests import Declarations, Validation
from syncd.settings import LogLevel, Settings
from syncd.sources import load


def read_settings(request: Request, screen: Screen) -> Settings:
    """The settings, with logging as they say. Raises UsageError."""
    settings, warnings = resolve(request.settings, os.environ, request.config)
    log.configure(settings.log_format, LogLevel.ERROR if request.quiet else settings.log_level)
    for warning in warnings:
        screen.warning(warning)
    return settings


def read_manifests(request: Request, settings: Settings, screen: Screen, *, namespace: str = "default") -> Declarations:
    """Everything that `-f` names; warnings are said. Raises ManifestError and UsageError.

    `namespace` is that of objects which name none, where `-n` does not say.
    """
    if not request.filenames:
        raise UsageError("no manifests are given", hint="name a file or folder with `-f`, or `-f -` for standard input")
    found = load(
        request.filenames,
        namespace=request.namespace or namespace,
        validation=Validation(settings.validate),
        stdin=_standard_input() if "-" in request.filenames else None,
    )
    for warning in found.warnings:
        screen.warning(str(warning), warning.hint)
    return found


def _standard_input() -> IO[str] | None:
    """Standard input as UTF-8, whatever the locale says; None where there is none."""
    return io.TextIOWrapper(sys.stdin.buffer, "utf-8") if sys.stdin else None
