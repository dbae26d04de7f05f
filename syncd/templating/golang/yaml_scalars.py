"""What a YAML scalar means to Go's YAML library: YAML 1.1 with `y` and `on` as booleans, octal `0755`, and `1_000`."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from syncd.templating.golang import time_reading
from syncd.templating.golang.numbers import is_overflow, parse_float, parse_int, parse_uint
from syncd.templating.golang.values import INT_MAX

_PREFIX: Final = "tag:yaml.org,2002:"
STR: Final = _PREFIX + "str"
BOOL: Final = _PREFIX + "bool"
INT: Final = _PREFIX + "int"
FLOAT: Final = _PREFIX + "float"
NULL: Final = _PREFIX + "null"
BINARY: Final = _PREFIX + "binary"
TIMESTAMP: Final = _PREFIX + "timestamp"
MERGE: Final = _PREFIX + "merge"

_RESOLVABLE: Final = frozenset(("", STR, BOOL, INT, FLOAT, NULL, TIMESTAMP))
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TIMESTAMPS: Final = (
    "2006-1-2T15:4:5.999999999Z07:00",
    "2006-1-2t15:4:5.999999999Z07:00",
    "2006-1-2 15:4:5.999999999",
    "2006-1-2",
)
_YEAR: Final = re.compile("[0-9]{4}-")
_BASE_60: Final = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")


def _spellings(*words: str) -> list[str]:
    return [form for word in words for form in (word, word.capitalize(), word.upper())]


_WORDS: Final[dict[str, tuple[str, Any]]] = (
    dict.fromkeys(_spellings("y", "yes", "true", "on"), (BOOL, True))
    | dict.fromkeys(_spellings("n", "no", "false", "off"), (BOOL, False))
    | dict.fromkeys(["", "~", *_spellings("null")], (NULL, None))
    | dict.fromkeys([".nan", ".NaN", ".NAN"], (FLOAT, math.nan))
    | dict.fromkeys([sign + word for sign in ("", "+") for word in (".inf", ".Inf", ".INF")], (FLOAT, math.inf))
    | dict.fromkeys(["-.inf", "-.Inf", "-.INF"], (FLOAT, -math.inf))
    | {"<<": (MERGE, "<<")}
)
_HINTED: Final = frozenset("+-0123456789yYnNtTfFoO~.")


class ScalarError(ValueError):
    """A scalar that is not what its tag says."""


def short_tag(tag: str) -> str:
    return "!!" + tag.removeprefix(_PREFIX) if tag.startswith(_PREFIX) else tag


def resolve(tag: str, text: str) -> tuple[str, Any]:
    """The tag and the value of a plain scalar, or of one with an explicit tag. Raises ScalarError.

    Timestamps stay text.
    """
    if tag not in _RESOLVABLE:
        return tag, text
    found, value = (STR, text) if tag == STR else _resolve_plain(tag, text)
    if tag in ("", found, STR):
        return found, value
    if tag == FLOAT and found == INT and isinstance(value, int) and value <= INT_MAX:
        return FLOAT, float(value)
    raise ScalarError(f"cannot decode {short_tag(found)} `{text}` as a {short_tag(tag)}")


def _resolve_plain(tag: str, text: str) -> tuple[str, Any]:
    if text and text[0] not in _HINTED:
        return STR, text
    word = _WORDS.get(text)
    if word is not None:
        return word
    if text[0] == ".":
        number = parse_float(text)
        return (STR, text) if number is None or is_overflow(number, text) else (FLOAT, number)
    if text[0] not in "+-0123456789":
        return STR, text
    if tag in ("", TIMESTAMP) and _is_timestamp(text):
        return TIMESTAMP, text
    return _resolve_number(text)


def _resolve_number(text: str) -> tuple[str, Any]:
    plain = text.replace("_", "")
    signed = parse_int(plain, 0)
    if not signed.problem:
        return INT, signed.value
    unsigned = parse_uint(plain, 0)
    if not unsigned.problem:
        return INT, unsigned.value
    if _FLOAT.fullmatch(plain):
        number = parse_float(plain)
        if number is not None and math.isfinite(number):
            return FLOAT, number
    return STR, text


def _is_timestamp(text: str) -> bool:
    return bool(_YEAR.match(text)) and any(time_reading.read(layout, text) is not None for layout in _TIMESTAMPS)


def is_plain(text: str) -> bool:
    """Whether the text, written without quotes, reads as text again; times such as `12:30` do not, to other readers."""
    return _resolve_plain("", text)[0] == STR and not _BASE_60.fullmatch(text)
