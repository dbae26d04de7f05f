"""Constraints on versions, such as `>=1.2 <2 || ~3.1`, as `Masterminds/semver` has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import re2

from syncd.templating.golang import semver
from syncd.templating.golang.semver import Version, VersionError

_OPERATORS: Final = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^"
_PART: Final = r"[0-9|xX*]+"
_TAIL: Final = r"[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*"
_PATTERN: Final = rf"v?{_PART}(?:\.{_PART})?(?:\.{_PART})?(?:-{_TAIL})?(?:\+{_TAIL})?"
_PIECES: Final = rf"v?({_PART})(\.{_PART})?(\.{_PART})?(-{_TAIL})?(?:\+{_TAIL})?"
_WILD: Final = frozenset(("", "x", "X", "*"))


@lru_cache(8)
def _regexp(pattern: str) -> Any:
    """RE2 takes linear time, whatever the text; its alternatives are tried in order, as Go's are."""
    return re2.compile(pattern)


@dataclass(frozen=True, slots=True)
class Constraint:
    """An operator and a version; `known` is how many of its numbers are given, the others being wild."""

    operator: str
    version: Version
    known: int

    def allows(self, version: Version, *, prereleases: bool) -> bool:
        if version.prerelease and not prereleases:
            return False
        return _CHECKS[self.operator](self, version)


def parse(text: str) -> list[list[Constraint]]:
    """Alternatives of constraints that must all hold. Raises VersionError."""
    return [_all_of(part) for part in _rewritten(text).split("||")]


def satisfies(alternatives: list[list[Constraint]], version: Version) -> bool:
    """Whether all constraints of one of the alternatives hold; pre-releases must be asked for."""
    for constraints in alternatives:
        prereleases = any(constraint.version.prerelease for constraint in constraints)
        if all(constraint.allows(version, prereleases=prereleases) for constraint in constraints):
            return True
    return False


def _rewritten(text: str) -> str:
    """Ranges `1.2 - 2.3` as two comparisons."""
    found = _regexp(rf"\s*({_PATTERN})\s+-\s+({_PATTERN})\s*")
    for match in found.finditer(text):
        text = text.replace(match[0], f">= {match[1]}, <= {match[2]} ", 1)
    return text


def _all_of(text: str) -> list[Constraint]:
    one = rf"(?:{_OPERATORS})\s*(?:{_PATTERN})"
    if not _regexp(rf"\s*{one}\s*(?:(?:\s+|,\s*){one}\s*)*").fullmatch(text):
        raise VersionError("the constraint is not valid")
    return [_one(match[0]) for match in _regexp(one).finditer(text)]


def _one(text: str) -> Constraint:
    found = _regexp(rf"\s*({_OPERATORS})\s*({_PIECES})\s*").fullmatch(text)
    if found is None:
        raise VersionError("the constraint is not valid")
    operator, whole, major, minor, patch, tail = found.groups()
    numbers = [major, (minor or "").removeprefix("."), (patch or "").removeprefix(".")]
    known = next((at for at, number in enumerate(numbers) if number in _WILD), 3)
    if known < 3:
        whole = ".".join([*numbers[:known], *["0"] * (3 - known)]) + (tail or "")
    return Constraint(operator, semver.parse(whole), known)


def _equal(constraint: Constraint, version: Version) -> bool:
    if constraint.known < 3:
        return _tilde(constraint, version)
    return version.order(constraint.version) == 0


def _not_equal(constraint: Constraint, version: Version) -> bool:
    wanted, known = constraint.version, constraint.known
    if known not in (1, 2):
        return version.order(wanted) != 0
    if wanted.numbers[:known] != version.numbers[:known]:
        return True
    return known == 2 and semver.order_prereleases(version.prerelease, wanted.prerelease) != 0


def _greater(constraint: Constraint, version: Version) -> bool:
    known = constraint.known
    if known in (1, 2):
        return version.numbers[:known] > constraint.version.numbers[:known]
    return version.order(constraint.version) > 0


def _less(constraint: Constraint, version: Version) -> bool:
    return version.order(constraint.version) < 0


def _at_least(constraint: Constraint, version: Version) -> bool:
    return version.order(constraint.version) >= 0


def _at_most(constraint: Constraint, version: Version) -> bool:
    if constraint.known == 3:
        return version.order(constraint.version) <= 0
    length = 1 if constraint.known == 1 else 2
    return version.numbers[:length] <= constraint.version.numbers[:length]


def _tilde(constraint: Constraint, version: Version) -> bool:
    """The same minor version, or at least the same major one when no minor one is given."""
    wanted, known = constraint.version, constraint.known
    if version.order(wanted) < 0:
        return False
    if wanted.numbers == (0, 0, 0) and known in (0, 3):
        return True
    length = 1 if known == 1 else 2
    return version.numbers[:length] == wanted.numbers[:length]


def _caret(constraint: Constraint, version: Version) -> bool:
    """The same up to the first number that is not zero."""
    wanted, known = constraint.version, constraint.known
    if version.order(wanted) < 0:
        return False
    if wanted.numbers[0] > 0 or known == 1:
        return version.numbers[0] == wanted.numbers[0]
    length = 2 if wanted.numbers[1] > 0 or known == 2 else 3
    return version.numbers[:length] == wanted.numbers[:length]


_CHECKS: Final[dict[str, Callable[[Constraint, Version], bool]]] = {
    "": _equal, "=": _equal, "!=": _not_equal, ">": _greater, "<": _less, ">=": _at_least, "=>": _at_least,
    "<=": _at_most, "=<": _at_most, "~": _tilde, "~>": _tilde, "^": _caret,
}  # fmt: skip
