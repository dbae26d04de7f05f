"""The rules that hold for a whole test run: nothing is skipped in CI, and no secret value shows."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

from tests.servers.canary import Canaries, find_leaks

_Report = TypeVar("_Report", pytest.CollectReport, pytest.TestReport)
_CANARIES = pytest.StashKey[Canaries]()
_LEAKS = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def canary(pytestconfig: pytest.Config) -> Canaries:
    """`canary("label")` makes a secret value; the run fails where one shows in test output or in a server's log."""
    return pytestconfig.stash[_CANARIES]


def pytest_configure(config: pytest.Config) -> None:
    """Start with no canary and no leak."""
    config.stash[_CANARIES], config.stash[_LEAKS] = Canaries(), []


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """With `CI=true`, a module that skips itself has failed."""
    return _unskipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With `CI=true`, a test that is skipped or expected to fail has failed; leaked canaries are noted."""
    report = _unskipped((yield))
    shown = [report.longreprtext, *(text for _, text in report.sections)]
    leaks = find_leaks(_known(item.config), shown)
    item.config.stash[_LEAKS].extend(f"{item.nodeid}: {leak}" for leak in leaks)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when a canary shows in the output of a test or in a log of a server."""
    factory: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined] # no public way here
    logs = factory.getbasetemp().rglob("*.log") if _known(session.config) else ()
    session.config.stash[_LEAKS].extend(map(str, find_leaks(_known(session.config), logs)))
    if session.config.stash[_LEAKS]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the places of leaked canaries."""
    leaks = config.stash[_LEAKS]
    if leaks:
        terminalreporter.section("secret values leaked", red=True)
        terminalreporter.write_line("\n".join(leaks))


def _known(config: pytest.Config) -> list[str]:
    return config.stash[_CANARIES].values


def _unskipped(report: _Report) -> _Report:
    if report.skipped and os.environ.get("CI") == "true":
        reason = getattr(report, "wasxfail", report.longrepr[2] if isinstance(report.longrepr, tuple) else "")
        report.outcome, report.longrepr = "failed", f"nothing may be skipped with CI=true: {reason}"
        if hasattr(report, "wasxfail"):
            del report.wasxfail
    return report
