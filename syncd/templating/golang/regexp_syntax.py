"""The syntax of Go's `regexp` where RE2 has another: names of characters, names of groups, and `\\C`."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import groupby
from typing import Final
from unicodedata import category

_CHARACTERS: Final = rb"\\(?P<sign>[pP])(?:\{(?P<caret>\^?)(?P<long>[^}]*)\}|(?P<short>[^{]))"
_IN_SET: Final = re.compile(_CHARACTERS + rb"|\\.", re.DOTALL)
_TOKEN: Final = re.compile(
    rb"\\Q.*?(?:\\E|\Z)"  # all literal
    rb"|" + _CHARACTERS + rb"|\\(?P<escaped>.)"
    rb"|(?P<set>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*)"
    rb"|\(\?P?<(?P<name>[^>]*)"
    rb"|(?P<group>\((?!\?))",
    re.DOTALL,
)
_NAME: Final = re.compile(rb"[A-Za-z0-9_]+")
_LONG_NAMES: Final = """
    casedletter=Lc closepunctuation=Pe combiningmark=M connectorpunctuation=Pc control=Cc cntrl=Cc currencysymbol=Sc
    dashpunctuation=Pd decimalnumber=Nd digit=Nd enclosingmark=Me finalpunctuation=Pf format=Cf initialpunctuation=Pi
    letter=L letternumber=Nl lineseparator=Zl lowercaseletter=Ll mark=M mathsymbol=Sm modifierletter=Lm
    modifiersymbol=Sk nonspacingmark=Mn number=N openpunctuation=Ps other=C otherletter=Lo othernumber=No
    otherpunctuation=Po othersymbol=So paragraphseparator=Zp privateuse=Co punctuation=P punct=P separator=Z
    spaceseparator=Zs spacingmark=Mc surrogate=Cs symbol=S titlecaseletter=Lt unassigned=Cn uppercaseletter=Lu
"""
_CATEGORIES: Final = {long.encode(): short.encode() for long, short in (p.split("=") for p in _LONG_NAMES.split())}
_UNNAMED: Final[dict[bytes, Callable[[str], bool]]] = {
    b"Ascii": str.isascii,
    b"Assigned": lambda character: category(character) != "Cn",
    b"C": lambda character: category(character)[0] == "C",
    b"Cn": lambda character: category(character) == "Cn",
    b"Lc": lambda character: category(character) in {"Ll", "Lt", "Lu"},
}
"""What RE2 has no name for, or (`C`) understands differently."""
_LAST: Final = 0x10FFFF


class SyntaxProblem(ValueError):
    """RE2 would take what Go refuses."""


def translate(pattern: bytes) -> tuple[bytes, list[bytes | None]]:
    """The pattern for RE2, and the names of its groups. Raises SyntaxProblem; what both refuse is left to RE2."""
    names: list[bytes | None] = []

    def token(found: re.Match[bytes]) -> bytes:
        if found["sign"]:
            return _characters(found, b"[%s]")
        if found["set"]:
            return _IN_SET.sub(lambda inner: _characters(inner, b"%s") if inner["sign"] else inner[0], found[0])
        name = found["name"]
        if found["escaped"] == b"C" or not (name is None or _NAME.fullmatch(name)):
            raise SyntaxProblem
        if name or found["group"]:
            names.append(name)
        return found[0]

    return _TOKEN.sub(token, pattern), names


def _characters(found: re.Match[bytes], unnamed: bytes) -> bytes:
    negated = (found["sign"] == b"P") != bool(found["caret"])
    plain = re.sub(rb"[ _-]", b"", found["short"] or found["long"]).lower()
    name = _CATEGORIES.get(plain, plain.capitalize())
    if name in _UNNAMED:
        return unnamed % _ranges(name, negated=negated)
    return (b"\\P{%s}" if negated else b"\\p{%s}") % name


@cache
def _ranges(name: bytes, *, negated: bool) -> bytes:
    belongs = _UNNAMED[name]
    runs = groupby(range(_LAST + 1), lambda code: belongs(chr(code)) is not negated)
    ends = [(first, max([first, *rest])) for wanted, (first, *rest) in runs if wanted]
    return "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in ends).encode()
