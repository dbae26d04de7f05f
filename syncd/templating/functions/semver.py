"""Sprig's functions on semantic versions, and the methods of a version."""

from __future__ import annotations

from dataclasses import replace

from syncd.templating.calls import CallError, World, function, method
from syncd.templating.golang import constraints, semver
from syncd.templating.golang.semver import Version, VersionError, VersionValue
from syncd.templating.golang.text import decode, runes
from syncd.templating.golang.values import Octets, Uint64

_PACE = 16


@function("semver", pace=_PACE)
def parse_version(text: bytes) -> Version:
    return _parsed(text)


def _parsed(text: bytes) -> Version:
    try:
        return semver.parse(runes(text))
    except VersionError as problem:
        raise CallError(str(problem)) from None


@function("semverCompare", price=20, pace=_PACE)
def semver_compare(world: World, constraint: bytes, version: bytes) -> bool:
    """Whether a version meets a constraint such as `^1.2`."""
    # Every range in it is replaced in the whole of it.
    world.meter.spend((len(constraint) >> 6) ** 2)
    try:
        alternatives = constraints.parse(runes(constraint))
    except VersionError as problem:
        raise CallError(str(problem)) from None
    return constraints.satisfies(alternatives, _parsed(version))


@method(Version.methods, "Major")
def major(version: Version) -> Uint64:
    return Uint64(version.numbers[0])


@method(Version.methods, "Minor")
def minor(version: Version) -> Uint64:
    return Uint64(version.numbers[1])


@method(Version.methods, "Patch")
def patch(version: Version) -> Uint64:
    return Uint64(version.numbers[2])


@method(Version.methods, "Prerelease")
def prerelease(version: Version) -> bytes:
    return version.prerelease.encode()


@method(Version.methods, "Metadata")
def metadata(version: Version) -> bytes:
    return version.metadata.encode()


@method(Version.methods, "Original")
def original(version: Version) -> bytes:
    return version.original.encode()


@method(Version.methods, "String")
def text(version: Version) -> bytes:
    return version.text()


@method(Version.methods, "MarshalText")
def marshal_text(version: Version) -> Octets:
    return Octets(version.text())


@method(Version.methods, "Compare")
def compare(version: Version, other: Version) -> int:
    return version.order(_present(other))


def _present(version: Version | None) -> Version:
    if version is None:
        raise CallError("the other version is nil")
    return version


@method(Version.methods, "Equal")
def equal(version: Version, other: Version) -> bool:
    return bool(other) and version.order(other) == 0


@method(Version.methods, "LessThan")
def less_than(version: Version, other: Version) -> bool:
    return version.order(_present(other)) < 0


@method(Version.methods, "LessThanEqual")
def less_than_equal(version: Version, other: Version) -> bool:
    return version.order(_present(other)) <= 0


@method(Version.methods, "GreaterThan")
def greater_than(version: Version, other: Version) -> bool:
    return version.order(_present(other)) > 0


@method(Version.methods, "GreaterThanEqual")
def greater_than_equal(version: Version, other: Version) -> bool:
    return version.order(_present(other)) >= 0


def _next(version: Version, *numbers: int) -> VersionValue:
    return _value(version, (numbers[0], numbers[1], numbers[2]), "", "")


def _value(version: Version, numbers: tuple[int, int, int], before: str, meta: str) -> VersionValue:
    made = VersionValue(numbers, before, meta)
    mark = "v" if version.original.startswith("v") else ""
    return replace(made, original=mark + made.text().decode())


@method(Version.methods, "IncMajor")
def inc_major(version: Version) -> VersionValue:
    return _next(version, version.numbers[0] + 1, 0, 0)


@method(Version.methods, "IncMinor")
def inc_minor(version: Version) -> VersionValue:
    return _next(version, version.numbers[0], version.numbers[1] + 1, 0)


@method(Version.methods, "IncPatch")
def inc_patch(version: Version) -> VersionValue:
    """The release of a pre-release, or the next patch of a release."""
    step = 0 if version.prerelease else 1
    return _next(version, *version.numbers[:2], version.numbers[2] + step)


@method(Version.methods, "SetPrerelease")
def set_prerelease(version: Version, part: bytes) -> VersionValue:
    return _value(version, version.numbers, _valid(part, numbers=True), version.metadata)


@method(Version.methods, "SetMetadata")
def set_metadata(version: Version, part: bytes) -> VersionValue:
    return _value(version, version.numbers, version.prerelease, _valid(part, numbers=False))


def _valid(part: bytes, *, numbers: bool) -> str:
    try:
        if part:
            semver.validate(decode(part), numbers=numbers)
    except VersionError as problem:
        raise CallError(str(problem)) from None
    return decode(part)
