"""Regular expressions and replacements as Go's; the results are those of Go 1.26."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.errors import RenderError
from syncd.manifests.expressions import Expression, expression


@pytest.mark.parametrize(
    ("pattern", "template", "text", "expected"),
    [
        ("(.*)", "my_$1", "name", "my_name"),
        ("", "-", "ab", "-a-b-"),
        ("a*", "-", "baac", "-b-c-"),
        ("$", "!", "ab", "ab!"),
        (r"\B", "|", "日本a", "|日|本a"),
        ("(a)|(b)", "<$1$2>", "ab", "<a><b>"),
        ("x", "", "xyx", "y"),
        (".", "$0$0", "é", "éé"),
    ],
)
def test_matches(pattern: str, template: str, text: str, expected: str) -> None:
    """An empty match right after a match does not count, nor one inside a character."""
    assert expected == Expression(pattern).replace(text, template)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("$1", "x"),
        ("${1}y", "xy"),
        ("$1y", ""),
        ("$n-", "x-"),
        ("${n}z", "xz"),
        ("$$1", "$1"),
        ("$$$1", "$x"),
        ("$", "$"),
        ("${", "${"),
        ("${1", "${1"),
        ("$-", "$-"),
        ("$2", ""),
        ("$01", ""),
        ("$é", ""),
        (r"\1", r"\1"),
        ("a$1b$1", "ax"),
        ("$999999999999", ""),
    ],
)
def test_templates(template: str, expected: str) -> None:
    """Numbers and names of groups; the longest name counts, an unknown one is empty, the rest is literal."""
    assert expected == Expression("^(?P<n>x)$").replace("x", template)


def test_names_may_repeat() -> None:
    """The first group of the name that matched counts."""
    assert "[b]" == Expression("(?P<n>a)|(?<n>b)").replace("b", "[$n]")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [(r"^\p{Letter}+$", "aé"), (r"^[\p{decimal-number}x]$", "1"), (r"\p{greek}", "α"), (r"^\pl$", "a")],
)
def test_long_names_of_classes(pattern: str, text: str) -> None:
    """Go knows Unicode's categories by all their names."""
    assert Expression(pattern).search(text)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"), [(r"\B", "é", True), (r"\Bx|\B$", "é", True), (r"a\B", "é", False)]
)
def test_places_inside_characters(pattern: str, text: str, expected: bool) -> None:
    """`\\B` holds only where a character begins or ends."""
    assert expected is Expression(pattern).search(text)


@pytest.mark.parametrize(
    "pattern", [r"(\()(?P<a>x)", r"[(](?P<a>x)", r"[]()](?P<a>x)", r"\Q(\E(?P<a>x)", r"(?:(?P<a>x))"]
)
def test_groups_are_counted_as_re2_counts(pattern: str) -> None:
    """Parentheses in classes, escapes and quotes open no group."""
    assert "x" == Expression(pattern).replace("(x", "$a")[-1:]


@given(st.text(), st.text(st.sampled_from("ab.*+?$^|")), st.text(st.sampled_from("$1{}a")))
def test_replacing_never_crashes(text: str, pattern: str, template: str) -> None:
    """Any template is a template."""
    text = text.encode(errors="replace").decode()
    try:
        compiled = Expression(pattern)
    except RenderError:
        return
    assert isinstance(compiled.replace(text, template), str)


@given(st.text(st.sampled_from("ab-_é")), st.sampled_from(["a", "a|b", "[^a]", "b+", "-(.)"]))
def test_literal_replacements_are_pythons(text: str, pattern: str) -> None:
    """Without empty matches and `$` the two languages agree."""
    assert re.sub(pattern, "x", text) == Expression(pattern).replace(text, "x")


@pytest.mark.parametrize(("pattern", "why"), [("(a|b)*" * 101, "more than 100 groups"), ("a" * 20_000, "longer than")])
def test_expressions_that_could_be_slow_are_refused(pattern: str, why: str) -> None:
    """They come from manifests of anybody, and are held against every name that a store has."""
    with pytest.raises(RenderError, match=why):
        expression(pattern)
