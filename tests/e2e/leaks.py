"""Runs commands of all kinds over manifests, and looks for canaries wherever none may be."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.e2e.inprocess import Ran, syncd
from tests.e2e.manifests import write
from tests.servers.canary import Canaries, Leak, find_leaks

FORMS: tuple[tuple[str, ...], ...] = (
    (),
    ("-o", "json", "--log-level", "debug"),
    ("-o", "yaml", "--log-format", "json", "--log-level", "debug"),
    ("-q",),
)


class Lab:
    """Manifests, a folder `home` in which commands run, and a target that they write to."""

    def __init__(self, home: Path, canary: Canaries) -> None:
        self.home, self.canary = home, canary
        self.source = home.with_name("source")
        self.out = home.with_name("out")
        for folder in (self.source, self.out):
            folder.mkdir()

    def declare(self, *manifests: Mapping[str, Any], file: str = "manifests.yaml") -> None:
        write(self.source / file, manifests)

    def everything(self, *target: str | Path) -> str:
        """What all commands print in all forms."""
        return "".join(ran.said for ran in self.runs(*target))

    def runs(self, *target: str | Path, forms: Sequence[tuple[str, ...]] = FORMS) -> Iterator[Ran]:
        """`validate`, `plan` and `sync` in all forms, into the folder `out` unless another target is named."""
        where = target or ("--to", self.out)
        for form in forms:
            yield syncd("validate", "-f", self.source, *form)
            yield syncd("plan", "-f", self.source, *where, *form)
        for form in forms:
            if not target:
                shutil.rmtree(self.out / "secrets", ignore_errors=True)
            yield syncd("sync", "-f", self.source, *where, *form)

    def leaks(self, said: str, *more: str) -> list[Leak]:
        """In what was said, in all files that are neither sources nor Secrets, and in other texts."""
        secrets = self.out / "secrets"
        files = [path for path in self.out.rglob("*") if path.is_file() and secrets not in path.parents]
        return find_leaks(pieces(self.canary.values), [said, *more, self.home, *files])


def pieces(canaries: Iterable[str]) -> list[str]:
    """The canaries and the halves of their random part: a piece of a value is a leak too."""
    found: list[str] = []
    for one in canaries:
        random = one.rpartition("/")[2]
        found += [one, random[:12], random[12:]]
    return found
