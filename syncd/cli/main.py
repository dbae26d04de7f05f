"""From the process to a command and back: arguments in, an exit code out, and every error as a sentence."""

from __future__ import annotations

import gc
import io
import logging
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TextIO

import click

from syncd import __version__
from syncd.cli.app import app
from syncd.cli.screen import Screen
from syncd.errors import ManifestError, SyncdError

FAILED = 1
"""`ExitCode.FAILED`, which is not loaded for `--help`."""


COLLECT_AFTER = 20_000
"""New objects between two collections of garbage in cycles; Python's own 700 cost a first sync a twentieth of its time.

What a pass makes lives as long as the pass, and next to nothing of it is a cycle.
"""


def main() -> NoReturn:
    """The console script. Threads that were given up are not waited for."""
    gc.set_threshold(COLLECT_AFTER)
    sys.stdout, sys.stderr = (_usable(stream) for stream in (sys.stdout, sys.stderr))
    code = run(sys.argv[1:])
    if threading.active_count() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _usable(stream: TextIO | None) -> TextIO:
    """A stream that shows what its encoding lacks as escapes; one that was closed by the caller goes nowhere."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream or Path(os.devnull).open("w")


def run(arguments: Sequence[str]) -> int:
    """Runs one command line. Returns its exit code, whatever happens."""
    screen = Screen.of_process(os.environ, color="--no-color" not in arguments)
    try:
        return int(app.main([*arguments], "syncd", standalone_mode=False, obj=screen) or 0)
    except click.ClickException as error:
        _show_usage_error(error, arguments, screen)
    except ManifestError as error:
        for problem in error.problems:
            screen.error(str(problem), problem.hint)
    except SyncdError as error:
        screen.error(error.message, error.hint)
    except (click.Abort, KeyboardInterrupt):
        screen.error("interrupted", "run it again: it goes on where it stopped")
    except BrokenPipeError:
        screen.out.discard_rest()
    except Exception as error:  # noqa: BLE001  # the last resort: its text may hold a value, so only its type is shown
        _show_bug(error, arguments, screen)
    return FAILED


def _show_bug(error: Exception, arguments: Sequence[str], screen: Screen) -> None:
    asked = {"debug", "--log-level=debug"} & {*arguments, os.environ.get("SYNCD_LOG_LEVEL", "")}
    if asked or logging.getLogger("syncd").isEnabledFor(logging.DEBUG):
        from syncd.log import where_raised

        screen.note(where_raised(error))
    hint = "this is a bug; `--log-level debug` shows where, and no values"
    screen.error(f"internal error: {type(error).__name__} (syncd {__version__})", hint)


def _show_usage_error(error: click.ClickException, arguments: Sequence[str], screen: Screen) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        screen.err.write(error.format_message() + "\n")
        return
    possibilities = getattr(error, "possibilities", None) or []
    path = " ".join(["syncd", *(word for word in arguments if word in app.commands)][:2])
    if isinstance(error, click.UsageError) and error.ctx:
        path = error.ctx.command_path
    hint = f"did you mean `{possibilities[0]}`?" if possibilities else f"see `{path} --help`"
    if isinstance(error, click.NoSuchOption):
        message = f"`{path}` has no flag `{error.option_name}`"
    elif isinstance(error, click.exceptions.NoSuchCommand):
        message = f"there is no command `{error.command_name}`"
    else:
        text = error.format_message().rstrip(".").replace("'", "`")
        message = text[:1].lower() + text[1:]
    screen.error(message, hint)
