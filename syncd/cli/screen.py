"""The two streams: data goes to standard output, everything else to standard error."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TextIO

from syncd.errors import SyncdError

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Color(Enum):
    """ANSI codes; the terminal's own palette keeps them readable on any background."""

    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    MAGENTA = "35"
    CYAN = "36"
    BOLD = "1"
    DIM = "2"


def printable(text: str) -> str:
    """One line that cannot move the cursor, change colours or turn the direction of writing."""
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


@dataclass(frozen=True, slots=True)
class Stream:
    """A text stream with what its other end can show."""

    file: TextIO
    color: bool = False
    unicode: bool = True

    def paint(self, text: str, *colors: Color) -> str:
        if not self.color or not colors or not text:
            return text
        return f"\x1b[{';'.join(color.value for color in colors)}m{text}\x1b[0m"

    def write(self, text: str) -> None:
        """Whoever stopped reading wants no more of it: what the command did, and its exit code, stand.

        Raises SyncdError when the text cannot be written for another reason, such as a full disk.
        """
        try:
            self.file.write(text)
            self.file.flush()
        except BrokenPipeError:
            self.discard_rest()
        except OSError as error:
            self.discard_rest()
            raise SyncdError(f"the answer cannot be written: {error.strerror}") from error

    def discard_rest(self) -> None:
        """Also what is still buffered: the interpreter would try it again at its end."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())
        os.close(nowhere)


@dataclass(frozen=True, slots=True)
class Screen:
    out: Stream
    err: Stream

    @classmethod
    def of_process(cls, environ: Mapping[str, str], *, color: bool = True) -> Screen:
        """Colours only on a terminal, and not with `NO_COLOR` or on a dumb one."""
        color = color and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        return cls(_stream(sys.stdout, color=color), _stream(sys.stderr, color=color))

    def error(self, message: str, hint: str = "") -> None:
        self._say("Error:", message, hint, Color.RED)

    def warning(self, message: str, hint: str = "") -> None:
        self._say("Warning:", message, hint, Color.YELLOW)

    def note(self, message: str) -> None:
        self.err.write(printable(message) + "\n")

    def _say(self, label: str, message: str, hint: str, color: Color) -> None:
        lines = [f"{self.err.paint(label, color, Color.BOLD)} {printable(message)}"]
        if hint:
            lines.append(f"{self.err.paint('hint:', Color.CYAN)} {printable(hint)}")
        self.err.write("\n".join(lines) + "\n")


def _stream(file: TextIO, *, color: bool) -> Stream:
    return Stream(file, color=color and file.isatty(), unicode=_can_show(file, "↻⏸"))


def _can_show(file: TextIO, text: str) -> bool:
    try:
        text.encode(file.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
