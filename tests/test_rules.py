"""The rules of the run hold: nothing is skipped in CI, and no secret value shows."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

SKIPS = """
import pytest

def test_runs(): ...

@pytest.mark.skip(reason="no server")
def test_skips(): ...

@pytest.mark.xfail(reason="not yet")
def test_is_expected_to_fail():
    assert False
"""
LEAKS = """
import logging

def test_leaks(canary, tmp_path):
    value = canary("key")
    {leak}
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A scratch project outside of CI."""
    monkeypatch.setenv("CI", "false")
    return pytester


def test_ci_turns_skips_into_failures(run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `CI=true` a skipped test and an expected failure fail, and say why."""
    run.makepyfile(SKIPS)
    monkeypatch.setenv("CI", "true")
    result = run.runpytest_inprocess("-p", "tests.rules")
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(["*nothing may be skipped with CI=true*no server*", "*CI=true*not yet*"])


def test_ci_turns_skipped_modules_into_errors(run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `CI=true` a module that skips itself is an error."""
    run.makepyfile('import pytest\npytest.importorskip("no_such_library")')
    monkeypatch.setenv("CI", "true")
    run.runpytest_inprocess("-p", "tests.rules").assert_outcomes(errors=1)


def test_elsewhere_skips_are_skips(run: pytest.Pytester) -> None:
    """Without `CI=true` the rule does not hold."""
    run.makepyfile(SKIPS)
    run.runpytest_inprocess("-p", "tests.rules").assert_outcomes(passed=1, skipped=1, xfailed=1)


@pytest.mark.parametrize(
    "leak",
    [
        "print(value)",
        "logging.getLogger().warning(value)",
        "(tmp_path / 'server.log').write_text('first\\n' + value)",
    ],
)
def test_a_value_that_shows_fails_the_run(run: pytest.Pytester, leak: str) -> None:
    """A canary in captured output, in a log record or in a server's log fails the run, though the test passes."""
    run.makepyfile(LEAKS.format(leak=leak))
    result = run.runpytest_inprocess("-p", "tests.rules")
    result.assert_outcomes(passed=1)
    assert pytest.ExitCode.TESTS_FAILED == result.ret
    result.stdout.fnmatch_lines(["*secret values leaked*", "*: plain"])
    result.stdout.no_fnmatch_line("*canary+key*")


def test_a_value_that_stays_hidden_passes(run: pytest.Pytester) -> None:
    """A canary that is only used leaves the run alone."""
    run.makepyfile(LEAKS.format(leak="assert value"))
    assert pytest.ExitCode.OK == run.runpytest_inprocess("-p", "tests.rules").ret
