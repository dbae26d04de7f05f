"""Matches gjson's wildcards: `*` any text, `?` any character, `\\` takes the next one literally."""

from __future__ import annotations

from syncd.providers.gojson import text_of

_ANY_TEXT = 0
_ANY_CHARACTER = 1


def matches(value: bytes, pattern: bytes) -> bool:
    """Whether all of `value` matches; linear in memory and at worst quadratic in time."""
    return _matches(text_of(value), _tokens(text_of(pattern)))


def _tokens(pattern: str) -> list[int | str] | None:
    """The pattern's parts; None when it ends inside an escape, which matches nothing unless a star came before."""
    tokens: list[int | str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            tokens.append(_ANY_TEXT)
        elif character == "?":
            tokens.append(_ANY_CHARACTER)
        elif character != "\\":
            tokens.append(character)
        elif escaped := next(characters, ""):
            tokens.append(escaped)
        elif _ANY_TEXT in tokens:
            tokens.append(character)
        else:
            return None
    return tokens


def _matches(text: str, tokens: list[int | str] | None) -> bool:
    if tokens is None:
        return False
    at = token = 0
    star = retry = -1
    while at < len(text):
        if token < len(tokens) and tokens[token] == _ANY_TEXT:
            star, retry, token = token, at, token + 1
        elif token < len(tokens) and tokens[token] in (_ANY_CHARACTER, text[at]):
            at, token = at + 1, token + 1
        elif star >= 0:
            retry += 1
            at, token = retry, star + 1
        else:
            return False
    return all(rest == _ANY_TEXT for rest in tokens[token:])
