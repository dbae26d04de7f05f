"""Semantic versions and constraints on them, as `Masterminds/semver` has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, ClassVar, Final

from syncd.templating.golang.numbers import parse_uint
from syncd.templating.golang.values import Kind, Struct, Uint64

_IDENTIFIERS: Final = r"[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*"
_VERSION: Final = re.compile(rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?")


class VersionError(ValueError):
    """A text is no version, or no constraint; the message holds none of it."""


@dataclass(frozen=True, slots=True)
class Version(Struct):
    """A pointer to a version, which is what `semver` gives."""

    go_type: ClassVar[str] = "*semver.Version"
    go_kind: ClassVar[Kind] = Kind.POINTER
    methods: ClassVar[dict[str, Any]] = {}

    numbers: tuple[int, int, int]
    prerelease: str = ""
    metadata: str = ""
    original: str = ""

    def text(self) -> bytes:
        text = ".".join(map(str, self.numbers))
        text += f"-{self.prerelease}" if self.prerelease else ""
        return (text + (f"+{self.metadata}" if self.metadata else "")).encode()

    def fields(self) -> list[tuple[str, Any]]:
        numbers = zip(("major", "minor", "patch"), map(Uint64, self.numbers), strict=True)
        texts = (("pre", self.prerelease), ("metadata", self.metadata), ("original", self.original))
        return [*numbers, *((name, text.encode()) for name, text in texts)]

    def copied(self) -> Version:
        """The reference copies no field that is not exported, and a version has no other."""
        return type(self)((0, 0, 0))

    def order(self, other: Version) -> int:
        """-1, 0 or 1; a release comes after its pre-releases, metadata does not count."""
        if self.numbers != other.numbers:
            return -1 if self.numbers < other.numbers else 1
        if not (self.prerelease and other.prerelease):
            return bool(other.prerelease) - bool(self.prerelease)
        return order_prereleases(self.prerelease, other.prerelease)


@dataclass(frozen=True, slots=True)
class VersionValue(Version):
    """A version itself, as methods return it."""

    go_type: ClassVar[str] = "semver.Version"
    go_kind: ClassVar[Kind] = Kind.STRUCT


def order_prereleases(one: str, other: str) -> int:
    """-1, 0 or 1, identifier by identifier."""
    for left, right in zip_longest(one.split("."), other.split("."), fillvalue=""):
        if left != right:
            return _order_parts(left, right)
    return 0


def _order_parts(left: str, right: str) -> int:
    """Numbers come before words, and nothing before either."""
    if not left or not right:
        return 1 if left else -1
    one, other = parse_uint(left), parse_uint(right)
    if one.problem and other.problem:
        return 1 if left > right else -1
    if one.problem or other.problem:
        return 1 if one.problem else -1
    return 1 if one.value > other.value else -1


def parse(text: str) -> Version:
    """A version, of which minor and patch numbers may be left out. Raises VersionError."""
    found = _VERSION.fullmatch(text)
    if found is None:
        raise VersionError("the version is not valid")
    major, minor, patch, prerelease, metadata = found.groups(default="")
    numbers = [parse_uint(part or "0") for part in (major, minor, patch)]
    if any(number.problem for number in numbers):
        raise VersionError("a number of the version is too large")
    if prerelease:
        validate(prerelease, numbers=True)
    return Version((numbers[0].value, numbers[1].value, numbers[2].value), prerelease, metadata, text)


def validate(text: str, *, numbers: bool) -> None:
    """Whether the text can be a pre-release, whose `numbers` begin with no zero, or metadata. Raises VersionError."""
    if not re.fullmatch(_IDENTIFIERS, text):
        raise VersionError("the text cannot be part of a version")
    if numbers and any(part.isdigit() and part[0] == "0" and len(part) > 1 for part in text.split(".")):
        raise VersionError("a number begins with a zero")
