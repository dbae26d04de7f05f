"""YAML is composed as `kubectl` composes it."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.manifests.composer import COPIES, DEPTH, Composer, Invalid


def compose(text: str) -> Any:
    ((content, _),) = Composer(text).documents()
    return content


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x 1\nb: *x", {"a": 1, "b": 1}),
        ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
        ("&k k: 1\nj: *k", {"k": 1, "j": "k"}),
        ("b: &b {x: 1, z: 2}\nk: {<<: *b, x: 9}", {"b": {"x": 1, "z": 2}, "k": {"x": 9, "z": 2}}),
        ("b: &b {x: 1}\nk: {x: 9, <<: *b}", {"b": {"x": 1}, "k": {"x": 1}}),
        ("k: {<<: [{x: first}, {x: second, q: r}]}", {"k": {"x": "first", "q": "r"}}),
        ('k: {"<<": {a: 1}}', {"k": {"<<": {"a": 1}}}),
        ("k: !!set {a, b}", {"k": {"a": None, "b": None}}),
        ("k: !foo [1]", {"k": [1]}),
        ("k: {1: a, yes: b}", {"k": {"1": "a", "true": "b"}}),
        ("k: >\n  a\n  b\n", {"k": "a b\n"}),
        ("? k\n: v", {"k": "v"}),
        ('k: "\\U0001F600"', {"k": "😀"}),
    ],
)
def test_values(text: str, expected: Any) -> None:
    """Anchors, merge keys, tags and keys give what `kubectl` gives."""
    assert expected == compose(text)


def test_aliases_share_nothing() -> None:
    """What an alias stands for is a copy: pruning the one leaves the other."""
    content = compose("a: &x {k: 1}\nb: *x")
    assert content["a"] is not content["b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("k: *zz", "anchor that is not there"),
        ("k: &a [*a]", "anchor that is not there, or that contains it"),
        ("k: {[1, 2]: 3}", "key is a collection"),
        ("k: {~: 3}", "key is empty"),
        ("k: {<<: 1}", "`<<` needs a mapping"),
        ("k: !!int abc", "`!!int`"),
        ("[" * (DEPTH + 1) + "]" * (DEPTH + 1), "deep in each other"),
    ],
)
def test_what_kubernetes_does_not_take(text: str, message: str) -> None:
    """YAML that has no JSON is refused with its line."""
    with pytest.raises(Invalid, match=message) as caught:
        compose("# first\n" + text)
    assert 1 == caught.value.line


def test_aliases_are_bounded() -> None:
    """A few lines cannot stand for millions of values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(Invalid, match=f"{COPIES:,}"):
        compose("\n".join(lines))


def test_repeated_keys_are_found() -> None:
    """The second of two equal keys is reported with its path and line, and wins."""
    composer = Composer("spec:\n  data:\n  - {a: 1}\n  - a: 1\n    b: 2\n    a: 3\n")
    ((content, _),) = composer.documents()
    assert [(("spec", "data", 1, "a"), 5)] == composer.duplicates
    assert {"a": 3, "b": 2} == content["spec"]["data"][1]


def test_a_merged_key_is_no_repetition() -> None:
    """A key that overrides a merged one stands once."""
    composer = Composer("b: &b {x: 1}\nk:\n  <<: *b\n  x: 2\n")
    list(composer.documents())
    assert [] == composer.duplicates
