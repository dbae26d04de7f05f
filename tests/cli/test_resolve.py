"""Where the values of settings come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from syncd.cli.resolve import resolve
from syncd.errors import UsageError
from syncd.model import RestartMode
from syncd.settings import (
    DEFAULTS,
    LogLevel,
    Settings,
    Validate,
)


def resolved(
    flags: Mapping[str, Sequence[str]] | None = None,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> Settings:
    settings, warnings = resolve(flags or {}, environ or {}, file)
    assert not warnings
    return settings


def refused(**given: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        resolved(**given)
    return caught.value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "syncd.yaml"


def written(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


def test_defaults_need_nothing() -> None:
    """Without flags, variables and file the table's defaults hold."""
    assert DEFAULTS == resolved()


def test_precedence(file: Path) -> None:
    """A flag beats a variable, a variable beats the file, the file beats the default."""
    written(file, "readers: 2\nwriters: 2\nguard-count: 2\n")
    environ = {"SYNCD_WRITERS": "3", "SYNCD_GUARD_COUNT": "3"}
    found = resolved({"guard-count": ["4"]}, environ, file)
    assert (2, 3, 4, 10.0) == (found.readers, found.writers, found.guard_count, found.provider_timeout)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10s", 10), ("1m", 60), ("1m30s", 90), ("500ms", 0.5), ("2h", 7200), ("7", 7), ("1.5", 1.5), ("1.5s", 1.5)],
)
def test_durations(text: str, seconds: float) -> None:
    """Durations are written as in Go, or as plain seconds."""
    assert seconds == resolved({"provider-timeout": [text]}).provider_timeout


@pytest.mark.parametrize("text", ["", "10 s", "-1", "10d", "s", "0", "0s", "25h", "1e3", "nan", "inf"])
def test_what_is_no_duration(text: str) -> None:
    """Everything else is refused, zero and more than a day too: a call would never or always time out."""
    assert refused(flags={"provider-timeout": [text]}).message.startswith(f"`--provider-timeout`: `{text}` is not ")


@pytest.mark.parametrize(("text", "share"), [("20%", 0.2), ("0.2", 0.2), ("0", 0.0), ("100%", 1.0), ("12.5%", 0.125)])
def test_shares(text: str, share: float) -> None:
    """A share is a percentage or a number up to one."""
    assert share == resolved({"guard-share": [text]}).guard_share


@pytest.mark.parametrize("text", ["20", "120%", "-1", "a", ""])
def test_what_is_no_share(text: str) -> None:
    """`20` is not read as 20 %, nor as 2000 %."""
    assert "is not a share such as 20% or 0.2" in refused(flags={"guard-share": [text]}).message


@pytest.mark.parametrize("text", ["true", "yes", "on", "1", "True"])
def test_true(text: str) -> None:
    """The usual words for true."""
    assert resolved(environ={"SYNCD_ADOPT": text}).adopt


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("SYNCD_ADOPT", "maybe"),
        ("SYNCD_READERS", "0"),
        ("SYNCD_READERS", "1.5"),
        ("SYNCD_READERS", "٣"),
        ("SYNCD_RESTARTS", "never"),
        ("SYNCD_INSTALLATION", "a/b"),
        ("SYNCD_LOG_LEVEL", "INFO"),
    ],
)
def test_wrong_values_name_the_variable(variable: str, text: str) -> None:
    """An error says where the value came from and what it is."""
    message = refused(environ={variable: text}).message
    assert message.startswith(f"`{variable}`: `{text}` is ")


def test_choices_are_enums() -> None:
    """A choice arrives as its enumeration."""
    found = resolved({"restarts": ["off"], "validate": ["warn"], "log-level": ["debug"]})
    assert (RestartMode.OFF, Validate.WARN, LogLevel.DEBUG) == (found.restarts, found.validate, found.log_level)


def test_lists_from_everywhere(file: Path) -> None:
    """Lists: a flag several times or with commas, commas in a variable, a sequence or commas in the file."""
    expected = ("a1", "b2")
    assert expected == resolved({"allow-mass-change": ["a1,b2"]}).allow_mass_change
    assert expected == resolved({"allow-mass-change": ["a1", "b2"]}).allow_mass_change
    assert expected == resolved(environ={"SYNCD_ALLOW_MASS_CHANGE": "a1, b2"}).allow_mass_change
    assert expected == resolved(file=written(file, "allow-mass-change: [a1, b2]")).allow_mass_change
    assert expected == resolved(file=written(file, "allow-mass-change: a1,b2")).allow_mass_change


def test_an_empty_flag_of_a_list_is_refused() -> None:
    """`--namespaces "$NAMESPACES"` with nothing in it must not mean all of them."""
    assert "`--namespaces`: `` is not a name" in refused(flags={"namespaces": [""]}).message


def test_an_empty_variable_is_not_given() -> None:
    """`SYNCD_ADOPT=` means nothing, as in a compose file or a CI form left blank."""
    assert not resolved(environ={"SYNCD_ADOPT": ""}).adopt


def test_unknown_variables_are_warned_of() -> None:
    """A variable that looks like ours and is none is named, with the closest."""
    _, warnings = resolve({}, {"SYNCD_PROVIDER_TIMEOT": "1s"}, None)
    expected = "environment variable `SYNCD_PROVIDER_TIMEOT` is no setting; did you mean `SYNCD_PROVIDER_TIMEOUT`?"
    assert [expected] == warnings


@pytest.mark.parametrize("variable", ["SYNCD_SERVICE_HOST", "SYNCD_PORT", "SYNCD_PORT_8080_TCP_ADDR", "SYNCD_CONFIG"])
def test_variables_of_kubernetes_are_no_news(variable: str) -> None:
    """A Service called `syncd` puts variables into every container; they are not misspelt settings."""
    assert DEFAULTS == resolved(environ={variable: "tcp://10.0.0.1:8080"})


def test_unknown_keys_are_refused(file: Path) -> None:
    """A key of the file that is no setting is an error with its line and the closest name."""
    error = refused(file=written(file, "# a comment\nadopt: true\nprovider_timeout: 1s\n"))
    assert (f"{file}:3: `provider_timeout` is no setting", "did you mean `provider-timeout`?") == (
        error.message,
        error.hint,
    )


def test_wrong_values_name_the_line(file: Path) -> None:
    """An error in the file says file, line and key."""
    error = refused(file=written(file, "adopt: true\nreaders: many\n"))
    assert f"{file}:2: `readers`: `many` is not a whole number of 1 or more" == error.message


def test_repeated_keys_are_refused(file: Path) -> None:
    """Nobody has to guess which of two lines holds."""
    assert f"{file}:2: `adopt` is given twice" == refused(file=written(file, "adopt: true\nadopt: false\n")).message


@pytest.mark.parametrize("text", ["", "# nothing\n", "adopt:\nreaders: ~\n"])
def test_files_that_say_nothing(file: Path, text: str) -> None:
    """An empty file, and a key without a value, leave the defaults."""
    assert DEFAULTS == resolved(file=written(file, text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- adopt\n", "is not a mapping of settings"),
        ("adopt: {a: b}\n", "`adopt` must be a plain value"),
        ("allow-mass-change: {a: b}\n", "`allow-mass-change` must be a plain value or a list"),
        ("readers: [1, 2]\n", "`readers`: one value is expected, not a list"),
        ("adopt: [\n", "is not YAML"),
        ("? {a: b}\n: 1\n", "is no setting"),
        ("a: 1\n--- \nb: 2\n", "is not YAML"),
        ("\x00", "is not YAML"),
    ],
)
def test_files_of_another_shape(file: Path, text: str, message: str) -> None:
    """Whatever else stands in the file is refused by a sentence."""
    assert message in refused(file=written(file, text)).message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A settings file that was named must exist."""
    file = tmp_path / "none.yaml"
    assert f"settings file `{file}`: No such file or directory" == refused(file=file).message
