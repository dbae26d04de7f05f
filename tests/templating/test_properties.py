"""Whatever the text: bytes, or TemplateError."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.templating import Engine, Limits, Template, TemplateError, read_key_values, read_value
from syncd.templating.calls import FUNCTIONS

ENGINE = Engine(limits=Limits(output=65_536, value=65_536, steps=20_000, depth=500))
_WORDS = [
    "{{", "}}", "{{ ", " }}", "{{- ", " -}}", ".a", ".", "$x", " := ", " | ", "(", ")", "if ", "range ", "with ",
    "{{ end }}", "{{ else }}", "nil", "1", "-1", "1.5", '"x"', "`%d`", "/*", "*/", "\n", "list", "dict", "define `t`",
    "template `t` .", "é", "\0", *sorted(FUNCTIONS),
]  # fmt: skip
_ARGUMENTS = [
    '"x"',
    "1",
    "-1",
    "1.5",
    "nil",
    "true",
    ".",
    ".a",
    "(list 1 nil .a)",
    '(dict "k" .a)',
    '"(["',
    "(until 3)",
]


def holds(text: str) -> None:
    """Raises whatever is not a TemplateError."""
    with suppress(TemplateError):
        assert isinstance(Template(text, name="key").render({"a": "text", "b": b"\xff"}, engine=ENGINE), bytes)


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_any_text(text: str) -> None:
    """Characters at random."""
    holds(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), max_size=30))
def test_any_words(words: list[str]) -> None:
    """Words of the language in any order."""
    holds("".join(words))


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(sorted(name for name, one in FUNCTIONS.items() if one.price < 5_000)),
    st.lists(st.sampled_from(_ARGUMENTS), max_size=4),
)
def test_any_call(function: str, arguments: list[str]) -> None:
    """Functions with arguments of any type."""
    holds("{{ " + " ".join([function, *arguments]) + " }}")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_keys_and_values(text: bytes) -> None:
    """What a template gives may be no YAML."""
    with suppress(TemplateError):
        assert isinstance(read_key_values(text), dict)
    with suppress(TemplateError):
        assert isinstance(read_value(text), bytes | float | bool | list | dict | None)
