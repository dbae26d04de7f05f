"""Which value a scalar of YAML stands for, by the rules of the parser that Kubernetes uses.

That is YAML 1.1 as go-yaml v2 reads it: `yes` and `on` are booleans, `0755` is octal, `1_000` a number,
dates and `1:30` are text.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping

Scalar = str | int | float | bool | None

_WORDS: Mapping[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_NUMERIC = frozenset("+-.0123456789")
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_TYPES: Mapping[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,), "null": (type(None),)}
_BASES = (16, 2, 8, 10)


def plain(text: str) -> Scalar:
    """The value of a scalar without quotes and without a tag."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    digits = text if text[0] == "." else text.replace("_", "")
    integer = _integer(digits)
    if integer is not None:
        return integer
    if _FLOAT.fullmatch(digits):
        number = float(digits)
        return text if math.isinf(number) else number
    return text


def _integer(digits: str) -> int | None:
    match = _INTEGER.fullmatch(digits)
    if not match or len(digits) > 80:
        return None
    sign, *forms = match.groups()
    value, base = next((form, base) for form, base in zip(forms, _BASES, strict=True) if form is not None)
    number = int(sign + value, base)
    return number if -(2**63) <= number < 2**64 else None


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with a tag; raises ValueError when the text is not of that type."""
    name = tag.removeprefix("tag:yaml.org,2002:")
    if name == "binary":
        return _binary(text)
    if name not in _TYPES:
        return text
    value = plain(text)
    if type(value) not in _TYPES[name]:
        raise ValueError(f"the value is not of its tag's type `!!{name}`")
    return value


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("the value of the tag `!!binary` is not base64 of text") from None


def key(value: Scalar) -> str:
    """How a mapping's key is named in JSON; raises ValueError for the empty one."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return f"{value:.8g}"
    raise ValueError("a mapping's key is empty")
