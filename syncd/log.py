"""Logging: one line for each record of ours on standard error; nobody else's records get there.

The libraries below (kubernetes, urllib3, hvac, botocore) log bodies, headers and URLs at their debug level, and
values may be in any of them. So the handler takes records of the logger `syncd` and its children only.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from syncd.settings import LogFormat, LogLevel

ROOT = "syncd"
TALKATIVE = ("boto3", "botocore", "client", "google", "hvac", "kubernetes", "requests", "urllib3")
"""Kept from making records at all, whatever a plugin does with logging (`client` is what kubernetes calls itself)."""
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure(log_format: LogFormat, level: LogLevel, stream: TextIO | None = None) -> None:
    """Sends our records to the stream, standard error by default; to be called once, and again in tests."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format is LogFormat.JSON else ConsoleFormatter())
    handler.addFilter(is_ours)
    ours = logging.getLogger(ROOT)
    ours.handlers[:] = [handler]
    ours.setLevel(level.upper())
    ours.propagate = False
    logging.captureWarnings(capture=True)
    logging.getLogger().handlers[:] = [logging.NullHandler()]
    logging.raiseExceptions = False
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def is_ours(record: logging.LogRecord) -> bool:
    """Whether a record comes from syncd itself."""
    return record.name == ROOT or record.name.startswith(f"{ROOT}.")


class ConsoleFormatter(logging.Formatter):
    """`2026-01-31T04:05:06.789Z warning syncd.providers: message key=value`."""

    def format(self, record: logging.LogRecord) -> str:
        words = [_time(record), record.levelname.lower(), f"{record.name}:", record.getMessage()]
        words += [f"{key}={value}" for key, value in _fields(record).items()]
        if record.exc_info and record.exc_info[1]:
            words.append(f"({where_raised(record.exc_info[1])})")
        return " ".join(words).replace("\r", "\\r").replace("\n", "\\n")


class JsonFormatter(logging.Formatter):
    """An object with `time`, `level`, `logger`, `message`, the fields of the record, and `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        body = {
            **_fields(record),
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[1]:
            body["exception"] = where_raised(record.exc_info[1])
        return json.dumps(body, default=str)


def where_raised(error: BaseException) -> str:
    """Types and places of an exception and its causes. Never its text: that may hold a value."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    text = f"{type(error).__name__} at {places}" if places else type(error).__name__
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return f"{text}; from {where_raised(cause)}" if cause else text


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    """What was given as `extra=`."""
    return {key: value for key, value in vars(record).items() if key not in _OWN}
