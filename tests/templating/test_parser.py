"""Blocks, definitions, variables, and what is refused."""

from __future__ import annotations

import pytest

from tests.templating.rendering import failure, rendered


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ if .empty }}1{{ else if .a }}2{{ else }}3{{ end }}", "2"),
        ("{{ with .empty }}1{{ else with .a }}{{ . }}{{ end }}", "text"),
        ("{{ with $x := .a }}{{ $x }}{{ end }}", "text"),
        ("{{ range $i, $v := list 3 4 }}{{ $i }}{{ $v }} {{ else }}none{{ end }}", "03 14 "),
        ("{{ range list }}x{{ else }}none{{ end }}", "none"),
        ("{{ range 3 }}{{ . }}{{ end }}", "012"),
        ('{{ range $k, $v := dict "b" 1 "a" 2 }}{{ $k }}{{ $v }}{{ end }}', "a2b1"),
        ("{{ range list 1 2 3 }}{{ if eq . 2 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "13"),
        ("{{ range list 1 2 3 }}{{ if eq . 2 }}{{ break }}{{ end }}{{ . }}{{ end }}", "1"),
        ('{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" .a }}', "[text]"),
        ('{{ block "b" .a }}<{{ . }}>{{ end }}', "<text>"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ end }}{{ $x }}", "2"),
        ("{{ .a | upper | printf `%s-%s` `x` }}", "x-TEXT"),
        ("{{ (.json | fromJson).m.a }}", "x"),
        ('{{ define "t" }}{{ $ }}{{ end }}{{ template "t" 5 }}', "5"),
    ],
)
def test_blocks(text: str, expected: str) -> None:
    """Each kind of block, and the scope of variables."""
    assert expected == rendered(text)


@pytest.mark.parametrize(
    "text",
    ["{{ if .a }}", "{{ end }}", "{{ else }}", "{{ break }}", "{{ continue }}", "{{ if }}{{ end }}",
    "{{ $x }}", "{{ nope }}",
     "{{ 1 | 2 }}", "{{ | upper }}", "{{ () }}", "{{ nil.a }}", "{{ if 1 }}{{ else }}{{ else }}{{ end }}",
     "{{ define `a` }}1{{ end }}{{ define `a` }}2{{ end }}", "{{ template }}",
     "{{ if 1 }}{{ define `x` }}{{ end }}{{ end }}",
     "{{ range $a, $b, $c := list }}{{ end }}", "{{ $x, $y := 1 }}", "{{ range 1 }}{{ else range 2 }}{{ end }}"],
)  # fmt: skip
def test_what_does_not_parse(text: str) -> None:
    """Blocks without an end, unknown names, values where functions belong."""
    assert "parse" == failure(text).kind


def test_a_later_definition_fills_an_empty_one() -> None:
    """Only two definitions with content collide."""
    assert "2" == rendered("{{ define `a` }} {{ end }}{{ define `a` }}2{{ end }}{{ template `a` }}")
