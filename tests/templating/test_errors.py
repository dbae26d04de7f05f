"""Errors say where and which function, and never a value."""

from __future__ import annotations

import pytest

from tests.templating.rendering import failure

SECRET = "hunter2-very-secret"


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("{{ .a }}\n  {{ .absent }}", 2, 6, "there is no key `absent`"),
        ("{{ upper 1 }}", 1, 10, "`upper` wants a `string`"),
        ("x\ny {{ nope .a }}", 2, 6, "`nope`"),
        ("é {{ .a.b }}", 1, 6, "there is no field `b`"),
        ("{{ if .a }}\nx", 1, 4, "this `if` has no `end`"),
        ("{{ index (list 1) 9 }}", 1, 4, "`index`: the index is out of range"),
    ],
)
def test_the_place_is_named(text: str, line: int, column: int, words: str) -> None:
    """Line and column count from 1, in characters."""
    error = failure(text)
    assert (line, column, "key") == (error.line, error.column, error.name)
    assert f"template `key`, line {line}, column {column}: " in str(error)
    assert words in str(error)


@pytest.mark.parametrize(
    "text",
    ["{{ .s.x }}", "{{ fail .s }}", "{{ .s | fromJson | index 1 }}", "{{ mustFromJson .s }}",
    "{{ .s | mustToDate `2006` }}",
     "{{ mustRegexMatch (print `(` .s) `x` }}", "{{ semver .s }}", "{{ index (dict .s 1) .s .s }}", "{{ eq .s 1 }}",
     "{{ jwkPublicKeyPem .s }}", "{{ pkcs12cert .s }}", "{{ filterPEM .s .s }}",
     "{{ genPrivateKey .s | atoi | div 1 }}",
     "{{ template .s }}", "{{ urlParse (print `:` .s) }}", "{{ decryptAES .s .s }}", "{{ rsaDecrypt .s .s .s .s }}",
     "{{ mustMerge (dict) .s }}", "{{ range .s }}{{ end }}", "{{ dig .s }}", "{{ first .s }}",
     "{{ buildCustomCert .s .s }}"],
)  # fmt: skip
def test_no_message_holds_a_value(text: str) -> None:
    """Neither in the message nor in what it was raised from."""
    error = failure(text, {"s": SECRET})
    assert SECRET not in f"{error} {error.hint} {error!r} {error.__cause__}"


def test_a_close_name_is_a_hint() -> None:
    """Of functions and of keys."""
    assert "did you mean `upper`?" == failure("{{ uper .a }}").hint
    assert "did you mean `json`?" == failure("{{ .jsn }}").hint
