"""The line of an error, without what may be a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.templating import Template, TemplateError
from syncd.templating.excerpt import excerpt
from tests.templating.rendering import failure

BRACES = ("{{", "}}")


def line(text: str) -> str:
    """What the error of a template shows of it."""
    return str(failure(text)).partition(", in ")[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ .absent }}", "`{{ .absent }}`"),
        ("user\n  pw: {{- .absent | b64enc -}} pw\nmore", "`…{{- .absent | b64enc -}}…`"),
        ('{{ .a | default "pw\\"pw" | nope }}', '`{{ .a | default "***" | nope }}`'),
        ("{{ `pw` | nope }}", '`{{ "***" | nope }}`'),
        ("{{ nope `pw\npw` }}", '`{{ nope "***"`'),
        ("{{ `pw\npw` | nope }}", '`"***" | nope }}`'),
        ("{{ 'p' | nope }}", '`{{ "***" | nope }}`'),
        ("{{/* pw */}}{{ nope }}", "`{{***}}{{ nope }}`"),
        ("{{ nope 7 1234567 }}", "`{{ nope 7 *** }}`"),
        ('{{ .a }} {{ "pw }} {{ .pw }}', "`{{ .a }} {{***`"),
        ("{{ .a\n pw.pw", "`***`"),
        ("{{ nope " + "/*" * 20_000, "`{{***`"),
        ("{{ p@ss.pw }}", "`{{ *** }}`"),
    ],
)
def test_names_are_shown_and_values_are_not(text: str, expected: str) -> None:
    """Text, strings of all kinds, comments, long numbers, and what is no template at all."""
    assert expected == line(text)


def test_a_long_line_is_cut() -> None:
    """About the place of the error."""
    shown = line("{{ .a }} " * 40 + "{{ .absent }}" + " {{ .n }}" * 40)
    assert (True, True, True) == ("{{ .absent }}" in shown, shown.startswith("`…"), len(shown) < 130)


def test_other_delimiters() -> None:
    """They are what actions stand between."""
    with pytest.raises(TemplateError, match=r"in `<< \.x >>…<< nope >>`"):
        Template("<< .x >> {{ pw }} << nope >>", delimiters=("<<", ">>"))


def test_a_line_far_down_is_not_shown() -> None:
    """It would take long to tell text from actions."""
    assert "" == line("x" * 70_000 + "{{ .absent }}")


@given(st.text(st.sampled_from("{}}{\"`'/*-\n .$|a1é")), st.integers(0, 40))
def test_any_place_of_any_text(text: str, at: int) -> None:
    """One line, of bounded length."""
    shown = excerpt(text, min(at, len(text)), BRACES)
    assert (False, True) == ("\n" in shown, len(shown) < 130)


@given(st.text(st.sampled_from("{}}{\"`'/*-\n .|a")), st.text(st.sampled_from("{}}{\"`'/*-\n .|a")))
def test_a_word_is_only_shown_as_a_name(before: str, after: str) -> None:
    """Unless a `.` makes it the name of a key, or the error is about it."""
    text = f"{before} hunter2 {after}"
    at = text.index("hunter2")
    assert all("hunter2" not in excerpt(text, place, BRACES) for place in range(len(text)) if place != at)
