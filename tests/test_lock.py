"""`requirements.lock` is in step with `pyproject.toml`, pinned by hashes, and names no package index."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text()


@dataclass(frozen=True, slots=True)
class Pin:
    """One entry of the lock."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        (specifier,) = self.requirement.specifier
        return specifier.version

    @property
    def applies(self) -> bool:
        return self.requirement.marker is None or self.requirement.marker.evaluate()


def pins() -> Iterator[Pin]:
    """The entries of the lock, comments left out."""
    text = re.sub(r"^\s*#.*\n", "", LOCK, flags=re.MULTILINE).replace("\\\n", " ")
    for line in text.splitlines():
        requirement, *hashes = line.split(" --hash=")
        yield Pin(Requirement(requirement), tuple(value.strip() for value in hashes))


def declared() -> list[Requirement]:
    """All that `pyproject.toml` asks for on this machine, with every extra and group."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = document["project"]
    groups = [*project["optional-dependencies"].values(), *document["dependency-groups"].values()]
    wanted = map(Requirement, [*project["dependencies"], *(text for group in groups for text in group)])
    return [requirement for requirement in wanted if requirement.marker is None or requirement.marker.evaluate()]


def needed_here() -> set[str]:
    """What the declared requirements lead to on this machine, by the metadata of what is installed."""
    seen: set[tuple[str, str]] = set()
    queue = declared()
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras} - {extra for seen_name, extra in seen if seen_name == name}:
            seen.add((name, extra))
            wanted = map(Requirement, distribution(name).requires or ())
            queue += [want for want in wanted if want.marker is None or want.marker.evaluate({"extra": extra})]
    return {name for name, _ in seen}


def test_each_requirement_is_met_by_its_pin() -> None:
    """What `pyproject.toml` asks for is pinned at a version that it allows; else: `make lock`."""
    locked = {pin.name: pin.version for pin in pins() if pin.applies}
    unmet = [
        str(requirement)
        for requirement in declared()
        if not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"))
    ]
    assert [] == unmet


def test_nothing_is_missing_and_nothing_is_left_over() -> None:
    """The lock holds what the requirements lead to, and no more; else: `make lock`."""
    assert sorted(needed_here()) == sorted(pin.name for pin in pins() if pin.applies)


def test_what_is_installed_is_what_is_locked() -> None:
    """The environment of this run has the versions of the lock; else: `make setup`."""
    locked = {pin.name: pin.version for pin in pins() if pin.applies}
    assert locked == {name: distribution(name).version for name in locked}


def test_each_pin_has_hashes() -> None:
    """No entry could be installed with other content."""
    unhashed = [pin.name for pin in pins() if not pin.hashes or not all(h.startswith("sha256:") for h in pin.hashes)]
    assert [] == unhashed


def test_no_package_index_is_named() -> None:
    """The lock says what to install, and leaves to the machine where from."""
    assert None is re.search(r"://|^--|--(extra-)?index-url|--find-links", LOCK, flags=re.MULTILINE)
