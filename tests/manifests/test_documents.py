"""Files are cut into documents, and what is broken ends at the next `---`."""

from __future__ import annotations

import json

import pytest

from syncd.manifests.documents import Parsed, Unreadable, parse


def contents(text: str) -> list[object]:
    return [part.content if isinstance(part, Parsed) else part for part in parse(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# nothing\n---\n# still nothing\n", []),
        ("%YAML 1.1\n---\na: 1\n", [{"a": 1}]),
        ("---\na: 1\n--- # second\nb: 2\n...\n", [{"a": 1}, {"b": 2}]),
        ("a: 1\r\n---\r\nb: |\r\n  x\r\n", [{"a": 1}, {"b": "x\n"}]),
        ("\ufeffa: 1\n", [{"a": 1}]),
        ('{"a": 1}', [{"a": 1}]),
        ('{"a": 1}\n{"b": 2}\n', [{"a": 1}, {"b": 2}]),
        ('{"a": "\\ud83d\\ude00", "b": "\\/"}', [{"a": "😀", "b": "/"}]),
        ("{a: yes}", [{"a": True}]),
        ("k: |\n  a\n  --- not a separator\n", [{"k": "a\n--- not a separator\n"}]),
    ],
)
def test_documents(text: str, expected: list[object]) -> None:
    """YAML and JSON, one or many in a file."""
    assert expected == contents(text)


def test_lines() -> None:
    """Each document knows the line that it begins on, after comments."""
    lines = [part.line for part in parse("# one\n\na: 1\n---\n\n# x\nb: 1\n---\n{}\n")]
    assert [3, 7, 9] == lines


def test_lines_of_fields() -> None:
    """A field stands where its key is; one that is not there, where the nearest around it is."""
    (document,) = (
        part for part in parse("---\nspec:\n  data:\n  - key: a\n    more: |\n      x\n") if isinstance(part, Parsed)
    )
    assert 5 == document.line_of(("spec", "data", 0, "more"))
    assert 4 == document.line_of(("spec", "data", 0, "absent", "deeper"))
    assert 2 == document.line_of(("spec",))


def test_lines_of_json() -> None:
    """JSON has lines too, each object its own."""
    text = '{"a": 1}\n' + json.dumps({"spec": {"data": [1]}}, indent=1)
    second = [part for part in parse(text) if isinstance(part, Parsed)][1]
    assert 4 == second.line_of(("spec", "data"))


def test_json_that_yaml_cannot_read_has_a_line() -> None:
    """When libyaml fails on JSON, the place is at least the document's."""
    (document,) = (part for part in parse('\n{"a":\n "\\ud83d\\ude00"}') if isinstance(part, Parsed))
    assert 2 == document.line_of(("a",))


def test_what_follows_a_broken_document_is_read() -> None:
    """One syntax error does not hide the rest of the file."""
    parts = contents("a: 1\n---\nb: [1\n---\nc: 3\n")
    assert [{"a": 1}, {"c": 3}] == [part for part in parts if isinstance(part, dict)]
    assert [4] == [part.line for part in parts if isinstance(part, Unreadable)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "not valid YAML: did not find expected"),
        ("a: b: c", "not valid YAML: mapping values are not allowed in this context"),
        ("a: \x01", "control character"),
        ("a: 1\nb\nc: 2", "could not find expected `:`"),
        ('a: "x\\/y"', "is no escape in YAML"),
        ("--- a\nb: 1", "only a comment may follow"),
        ("a: *b", "anchor that is not there"),
        ("%FOO", "not valid YAML"),
        ('{"a": 1, ]', "not valid YAML"),
        ("[" * 5000, "maximum nesting depth"),
        ('{"a":' * 300 + "1" + "}" * 300, "deep in each other"),
        ('{"a":' * 5000 + "1" + "}" * 5000, "deep in each other"),
    ],
)
def test_unreadable(text: str, message: str) -> None:
    """What is wrong is said in a sentence."""
    (part,) = parse("---\n# comment\n" + text) if text != "%FOO" else parse(text + "\na: 1")
    assert isinstance(part, Unreadable)
    assert message in part.message


def test_a_slash_after_two_backslashes() -> None:
    """The first one escapes the second, and in single quotes none escapes anything."""
    assert [{"a": "x\\/y", "b": "\\/"}] == contents("a: \"x\\\\/y\"\nb: '\\/'\n")


def test_a_separator_that_is_none() -> None:
    """What stands behind it is not read, what follows the next one is."""
    parts = contents("a: 1\n-----BEGIN-----\nb: 1\n--- # next\nc: 1\n")
    assert [{"a": 1}, {"c": 1}] == [part for part in parts if isinstance(part, dict)]
    assert [2] == [part.line for part in parts if isinstance(part, Unreadable)]


def test_where_to_look() -> None:
    """The parser often stops a line behind the mistake."""
    (part,) = parse("a: 1\nb:2\nc: 3\n")
    assert isinstance(part, Unreadable)
    assert "a line above" in part.hint


def test_an_unrendered_helm_template() -> None:
    """Helm's braces that break YAML get a hint."""
    (part,) = parse("metadata:\n  name: {{ .Release.Name }}\n")
    assert isinstance(part, Unreadable)
    assert "Helm" in part.message
    assert "helm template" in part.hint


def test_repeated_keys_in_json() -> None:
    """JSON is searched for them as YAML is."""
    (document,) = (part for part in parse('{"a": {"b": 1,\n "b": 2}}') if isinstance(part, Parsed))
    assert [(("a", "b"), 2)] == [(one.path, one.line) for one in document.duplicates]
