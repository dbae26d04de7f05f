"""Text, actions, trim markers, comments and literals."""

from __future__ import annotations

import pytest

from syncd.templating import Template
from tests.templating.rendering import failure, rendered


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a { b } c", "a { b } c"),
        ("x \n {{- .a -}} \t y", "xtexty"),
        ("x {{ .a }} y", "x text y"),
        ("{{/* gone */}}x", "x"),
        ("x {{- /* gone */ -}} y", "xy"),
        ("{{-3}}", "-3"),
        ("x {{- -3 -}} y", "x-3y"),
        ("{{ 0x1F }} {{ 0b11 }} {{ 0o17 }} {{ 0755 }} {{ 1_000 }} {{ 1e3 }} {{ 0x1p4 }}", "31 3 15 493 1000 1000 16"),
        (r"""{{ 'a' }} {{ '\n' }} {{ '\u00e9' }} {{ "\x41\101\u00e9" }}""", "97 10 233 AAé"),
        ("{{ `raw\n\\n` }}", "raw\n\\n"),
        ("{{ .a\n| upper }}", "TEXT"),
        ("{{ true }}{{ false }}", "truefalse"),
    ],
)
def test_text_and_literals(text: str, expected: str) -> None:
    """Blanks, markers and numbers of every base."""
    assert expected == rendered(text)


@pytest.mark.parametrize(
    "text",
    ["{{", "{{ .a", '{{ "x }}', "{{ `x }}", "{{ 'ab' }}", "{{ 09 }}", "{{ 1e }}", "{{ 0x }}", "{{ 1__0 }}",
    "{{ /* x */ }}",
     "{{/* x }}", "{{ (1 }}", "{{ 1) }}", "{{ .a@ }}", "{{.a-}}", "{{ \u00a0 }}", "{{ .a b }}x{{ 1a }}", '{{ "\\q" }}'],
)  # fmt: skip
def test_what_is_no_token_does_not_parse(text: str) -> None:
    """Such a text is refused before anything is rendered."""
    assert "parse" == failure(text).kind


def test_other_delimiters() -> None:
    """Braces are text then."""
    assert b"{{ .a }}x" == Template("{{ .a }}[[ .a ]]", delimiters=("[[", "]]")).render({"a": "x"})
