"""The two streams."""

from __future__ import annotations

import io
import os
import sys

import pytest

from syncd.cli.screen import Color, Screen, Stream, printable


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def screen(
    monkeypatch: pytest.MonkeyPatch, file: io.StringIO, environ: dict[str, str] | None = None, *, color: bool = True
) -> Screen:
    monkeypatch.setattr(sys, "stdout", file)
    monkeypatch.setattr(sys, "stderr", file)
    return Screen.of_process(environ or {}, color=color)


def test_colours_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal gets colours."""
    assert screen(monkeypatch, Terminal()).out.color


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours_where_nobody_wants_them(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> None:
    """`NO_COLOR` and dumb terminals are respected."""
    assert not screen(monkeypatch, Terminal(), environ).out.color


def test_an_empty_no_color_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As no-color.org has it, the variable counts when it is not empty."""
    assert screen(monkeypatch, Terminal(), {"NO_COLOR": ""}).out.color


def test_no_colours_with_the_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--no-color` wins over a terminal."""
    assert not screen(monkeypatch, Terminal(), color=False).err.color


def test_no_colours_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not a terminal gets plain text."""
    assert not screen(monkeypatch, io.StringIO()).out.color


def test_errors_are_two_lines() -> None:
    """What is wrong, then the hint; control characters of either are shown as escapes."""
    file = io.StringIO()
    Screen(Stream(io.StringIO()), Stream(file)).error("a\x1b[1m\nb", "do `c`")
    assert "Error: a\\x1b[1m\\nb\nhint: do `c`\n" == file.getvalue()


def test_empty_text_is_not_painted() -> None:
    """No escape codes around nothing."""
    assert "" == Stream(io.StringIO(), color=True).paint("", Color.RED)


def test_printable_keeps_text() -> None:
    """Letters of any script stay as they are."""
    assert "schlüssel 鍵 [bold]" == printable("schlüssel 鍵 [bold]")


def test_a_closed_pipe_is_no_error() -> None:
    """A reader that stopped reading stops nothing else."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as file:
        Stream(file).write("x" * 10)
        Stream(file).write("y" * 10)
