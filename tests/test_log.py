"""Log lines: ours, one line each, and nobody else's."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import warnings
from collections.abc import Iterator

import pytest

from syncd import log
from syncd.settings import LogFormat, LogLevel

CANARY = "canary-51c0"


@pytest.fixture
def restored() -> Iterator[None]:
    """Leaves logging as it was."""
    root, ours = logging.getLogger(), logging.getLogger(log.ROOT)
    before = (root.handlers[:], root.level, ours.handlers[:], ours.level, ours.propagate, logging.raiseExceptions)
    names = {name: logging.getLogger(name).level for name in log.TALKATIVE}
    yield
    root.handlers[:], root.level, ours.handlers[:], ours.level, ours.propagate, logging.raiseExceptions = before
    for name, level in names.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=False)


@pytest.fixture
def stream(restored: None) -> io.StringIO:
    stream = io.StringIO()
    log.configure(LogFormat.CONSOLE, LogLevel.DEBUG, stream)
    return stream


@pytest.fixture
def json_stream(restored: None) -> io.StringIO:
    stream = io.StringIO()
    log.configure(LogFormat.JSON, LogLevel.DEBUG, stream)
    return stream


def _broken() -> None:
    try:
        os.environ[CANARY]
    except KeyError as error:
        raise ValueError(f"a\n{CANARY}") from error


def test_console_lines(stream: io.StringIO) -> None:
    """Time in UTC as RFC 3339, level, logger, message, fields."""
    logging.getLogger("syncd.providers").warning("slow %s", "store", extra={"store": "shop/vault"})
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning syncd\.providers: slow store store=shop/vault\n"
    assert re.fullmatch(pattern, stream.getvalue())


def test_json_lines(json_stream: io.StringIO) -> None:
    """An object a line, with the fields beside the message."""
    logging.getLogger("syncd").info("hello", extra={"store": "shop/vault", "count": 2})
    line = json.loads(json_stream.getvalue())
    assert line.pop("time").endswith("Z")
    expected = {"level": "info", "logger": "syncd", "message": "hello", "store": "shop/vault", "count": 2}
    assert expected == line


@pytest.mark.parametrize("log_format", LogFormat)
def test_one_line_for_each_record(restored: None, log_format: LogFormat) -> None:
    """Line breaks in a message, a field or a trace do not make a second line."""
    stream = io.StringIO()
    log.configure(log_format, LogLevel.DEBUG, stream)
    try:
        _broken()
    except ValueError:
        logging.getLogger("syncd").exception("a\nb\r", extra={"field": "c\nd"})
    assert 1 == len(stream.getvalue().splitlines())


def test_levels(restored: None) -> None:
    """What is less severe than the level is not shown."""
    stream = io.StringIO()
    log.configure(LogFormat.CONSOLE, LogLevel.ERROR, stream)
    logging.getLogger("syncd.x").warning("no")
    logging.getLogger("syncd.x").error("yes")
    assert stream.getvalue().endswith("error syncd.x: yes\n")
    assert 1 == len(stream.getvalue().splitlines())


def test_exceptions_are_types_and_places(stream: io.StringIO) -> None:
    """The text of an exception may hold a value: neither it nor that of its cause is logged."""
    try:
        _broken()
    except ValueError:
        logging.getLogger("syncd").exception("it broke")
    shown = stream.getvalue()
    assert CANARY not in shown
    place = r"\S+test_log\.py:\d+"
    assert re.search(
        rf"\(ValueError at {place} _broken < {place} test_\w+; from KeyError at .* < {place} _broken\)", shown
    )


@pytest.mark.parametrize(
    "name", ["kubernetes.client.rest", "urllib3.connectionpool", "hvac.adapters", "botocore.parsers", "client", "acme"]
)
def test_records_of_libraries_reach_no_handler(stream: io.StringIO, name: str) -> None:
    """Bodies that a library logs go nowhere, at any level, even when a plugin turns its logger up."""
    logger = logging.getLogger(name)
    logger.setLevel(logging.DEBUG)
    try:
        for level in (logging.DEBUG, logging.WARNING, logging.CRITICAL):
            logger.log(level, "response body: %s", CANARY)
    finally:
        logger.setLevel(logging.NOTSET)
    assert "" == stream.getvalue()


def test_libraries_make_no_records(stream: io.StringIO) -> None:
    """A handler that a plugin attaches to the root gets no bodies either."""
    others = io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(others))
    logging.getLogger("urllib3.connectionpool").warning("%s", CANARY)
    assert "" == others.getvalue()


def test_basic_config_of_a_plugin_changes_nothing(stream: io.StringIO, capfd: pytest.CaptureFixture[str]) -> None:
    """`logging.basicConfig` finds the root taken."""
    logging.basicConfig(level=logging.DEBUG)
    logging.getLogger("acme").warning("%s", CANARY)
    assert CANARY not in "".join(capfd.readouterr())


def test_the_handler_refuses_other_loggers(stream: io.StringIO) -> None:
    """The last lock: a record of another name is dropped even when it is handed to our handler."""
    handler = logging.getLogger("syncd").handlers[0]
    handler.handle(logging.makeLogRecord({"name": "kubernetes", "levelno": 50, "msg": CANARY}))
    handler.handle(logging.makeLogRecord({"name": "syncdx", "levelno": 50, "msg": CANARY}))
    assert "" == stream.getvalue()


def test_warnings_of_libraries_are_silent(stream: io.StringIO, capfd: pytest.CaptureFixture[str]) -> None:
    """`warnings.warn` of a library is not for people who sync secrets."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        log.configure(LogFormat.CONSOLE, LogLevel.DEBUG, stream)
        warnings.warn(CANARY, stacklevel=1)
    assert CANARY not in "".join(capfd.readouterr()) + stream.getvalue()
