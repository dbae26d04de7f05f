"""A page of documentation as something to run: the files that it shows, and commands with their output.

A block of YAML whose first line is `# name` is a file. In a block `console` a line that begins with `$ ` is a command;
the lines below it must stand in its output, in this order, whatever stands between them. Amounts of white space do not
count, and `…` stands for anything within a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLOCK = re.compile(r"^```(yaml|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class File:
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """`line` is where it stands on the page, `shown` the output that the page promises."""

    line: int
    text: str
    shown: tuple[str, ...] = ()

    def missing_in(self, output: str) -> list[str]:
        """The promised lines that the output lacks."""
        printed = iter(output.splitlines())
        return [line for line in self.shown if not any(_matches(line, one) for one in printed)]


def steps(page: str) -> Iterator[File | Command]:
    """All files and commands of a page, in its order."""
    for block in _BLOCK.finditer(page):
        kind, body = block.groups()
        if kind == "console":
            yield from _commands(body, page.count("\n", 0, block.start(2)) + 1)
        elif named := re.match(r"# (\S+)\n", body):
            yield File(named[1], body)


def _commands(body: str, line: int) -> Iterator[Command]:
    for typed, shown in re.findall(r"^\$ (.*\n)((?:(?!\$ ).*\n)*)", body, re.MULTILINE):
        yield Command(line, typed.strip(), tuple(one for one in shown.splitlines() if one.strip(" …")))
        line += 1 + shown.count("\n")


def _matches(documented: str, printed: str) -> bool:
    words = (re.escape(" ".join(part.split())) for part in documented.split("…"))
    return re.fullmatch(".*".join(words), " ".join(printed.split())) is not None
