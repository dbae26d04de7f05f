"""Values, fields, comparison, and the rules for arguments."""

from __future__ import annotations

import pytest

from syncd.templating import MissingKey, Template
from tests.templating.rendering import failure, rendered


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{{ index . "absent" }}', ""),
        ("{{ or .a .absent }}", "text"),
        ("{{ and .empty .absent }}", ""),
        ("{{ not .empty }}", "true"),
        ("{{ (fromJson .json).k }}", "[1 2.5 <nil>]"),
        ("{{ index (fromJson .json).k 2 }}", "<no value>"),
        ("{{ dict `b` nil `a` 1.0 }}", "map[a:1 b:<nil>]"),
        ("{{ fromJson `1000000` }}", "1e+06"),
        ("{{ fromJson `21000000` | int }}", "21000000"),
        ("{{ eq 1 2 1 }}{{ ne `a` `b` }}{{ lt 1 2 }}{{ ge 2.5 2.5 }}{{ gt `b` `a` }}{{ le 2 1 }}",
         "truetruetruetruetruefalse"),
        ("{{ eq (int64 1) 1 }}", "true"),
        ("{{ eq nil nil }}", "true"),
        ("{{ len `é` }} {{ len (list 1 2) }} {{ index `abc` 1 }}", "2 2 98"),
        ("{{ print 1 2 `a` 3 `b` }}", "1 2a3b"),
        ("{{ html `<a href='x'>` }}", "&lt;a href=&#39;x&#39;&gt;"),
        ("{{ js `it's <` }}", r"it\'s \u003C"),
        ("{{ urlquery `a b&é` }}", "a+b%26%C3%A9"),
        ("{{ printf `%v %v` nil true }}", "<nil> true"),
        ("{{ slice (list 1 2 3) 1 }}", "[2 3]"),
        ("{{ .raw | b64enc }}", "/wA="),
    ],
)  # fmt: skip
def test_values(text: str, expected: str) -> None:
    """What Go prints."""
    assert expected == rendered(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{{ .absent }}", "missing-key"),
        ("{{ .absent | default `x` }}", "missing-key"),
        ("{{ .a.b }}", "type"),
        ("{{ upper 1 }}", "type"),
        ("{{ repeat (add 1 1) `a` }}", "type"),
        ("{{ upper }}", "type"),
        ("{{ upper `a` `b` }}", "type"),
        ("{{ nil }}", "type"),
        ("{{ .a 1 }}", "type"),
        ("{{ hasKey . `a` }}", "type"),
        ("{{ range 1.5 }}{{ end }}", "type"),
        ("{{ range $i, $v := 3 }}{{ end }}", "type"),
        ("{{ eq 1 1.0 }}", "exec"),
        ("{{ eq .n 42 }}", "exec"),
        ("{{ lt true false }}", "exec"),
        ("{{ index (list 1) 5 }}", "exec"),
        ("{{ len 3 }}", "exec"),
        ("{{ call .a }}", "exec"),
        ("{{ fail `no` }}", "exec"),
        ("{{ template `nowhere` }}", "exec"),
        ("{{ div 1 0 }}", "exec"),
    ],
)
def test_failures(text: str, kind: str) -> None:
    """No conversion is implied, and nothing is guessed."""
    assert kind == failure(text).kind


def test_missing_keys_may_be_printed() -> None:
    """As the transform of a rewrite has it."""
    assert b"<no value>" == Template("{{ .absent }}", missing=MissingKey.DEFAULT).render({})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("{{ upper `a` }}", True), ("{{ now }}", False), ("{{ randAlpha 3 }}", False), ("{{ .a }}{{ uuidv4 }}", False)],
)
def test_determinism(text: str, expected: bool) -> None:
    """A template knows whether it would give the same text again."""
    assert expected is Template(text).deterministic
