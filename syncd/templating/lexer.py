"""Template text to tokens: text, and actions between delimiters with their trim markers and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, NamedTuple

from syncd.templating.golang.text import is_digit, is_letter, is_printable

_SPACE: Final = " \t\r\n"


class Kind(Enum):
    """What a token is."""

    BOOL = auto()
    CHAR = auto()
    CHAR_CONSTANT = auto()
    COMPLEX = auto()
    ASSIGN = auto()
    DECLARE = auto()
    DOT = auto()
    FIELD = auto()
    IDENTIFIER = auto()
    KEYWORD = auto()
    LEFT_PAREN = auto()
    NIL = auto()
    NUMBER = auto()
    PIPE = auto()
    RIGHT_PAREN = auto()
    STRING = auto()
    VARIABLE = auto()
    END = auto()


class Token(NamedTuple):
    """A piece of an action; `spaced` says that blanks stand before it, `at` where it begins in the template."""

    kind: Kind
    text: str
    at: int
    spaced: bool


@dataclass(frozen=True, slots=True)
class Text:
    """Text to print as it is."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Action:
    """What stands between two delimiters, up to and including an END token."""

    tokens: list[Token]
    at: int


class LexError(ValueError):
    """An action that is not made of tokens; `at` is where, `limit` whether only a bound of ours forbids it."""

    def __init__(self, message: str, at: int, *, limit: bool = False) -> None:
        super().__init__(message)
        self.at = at
        self.limit = limit


MAX_TOKENS: Final = 50_000
"""Words in all actions of a template; more would take too long to read."""
_KEYWORDS: Final = frozenset(("block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"))
WORDS: Final = {"true": Kind.BOOL, "false": Kind.BOOL, "nil": Kind.NIL} | dict.fromkeys(_KEYWORDS, Kind.KEYWORD)
_NAME: Final = re.compile("[A-Za-z0-9_]*")
_SPACES: Final = re.compile("[ \t\r\n]*")
_QUOTED: Final = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_CHAR: Final = re.compile(r"'(?:[^'\\\n]|\\[^\n])*'")
_RAW: Final = re.compile("`[^`]*`")
_DIGITS: Final = (
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)
_NUMBER: Final = re.compile(_DIGITS)
_SIGNED: Final = re.compile(f"(?=[+-]){_DIGITS}")
_SINGLE: Final = {"=": Kind.ASSIGN, "|": Kind.PIPE}
_TERMINATORS: Final = frozenset(" \t\r\n.,|:)(")


def scan(text: str, delimiters: tuple[str, str]) -> Iterator[Text | Action]:
    """The pieces of a template in order. Raises LexError."""
    return _Scanner(text, *delimiters).pieces()


class _Scanner:
    def __init__(self, text: str, left: str, right: str) -> None:
        self.text = text
        self.left = left
        self.right = right
        self.at = 0
        self.count = 0

    def pieces(self) -> Iterator[Text | Action]:
        text = self.text
        while True:
            start = self.at
            found = text.find(self.left, start)
            end = len(text) if found < 0 else found
            self.at = end + len(self.left)
            trims = (
                found >= 0 and text[self.at : self.at + 1] == "-" and text[self.at + 1 : self.at + 2] in tuple(_SPACE)
            )
            literal = text[start:end].rstrip(_SPACE) if trims else text[start:end]
            if literal:
                yield Text(literal, start)
            if found < 0:
                return
            if trims:
                self.at += 2
            if text.startswith("/*", self.at):
                self._comment()
            else:
                yield Action(list(self._tokens()), found)

    def _comment(self) -> None:
        end = self.text.find("*/", self.at + 2)
        if end < 0:
            raise LexError("a comment has no end", self.at)
        self.at = end + 2
        if not self._closes():
            raise LexError(
                "a comment must fill its action: nothing may stand between `*/` and the closing delimiter", self.at
            )

    def _closes(self) -> bool:
        """Moves past the right delimiter, and past the blanks after it when it has a trim marker."""
        text = self.text
        if text[self.at : self.at + 1] in tuple(_SPACE) and text.startswith("-" + self.right, self.at + 1):
            end = self.at + 2 + len(self.right)
            spaces = _SPACES.match(text, end)
            self.at = spaces.end() if spaces else end
            return True
        if text.startswith(self.right, self.at):
            self.at += len(self.right)
            return True
        return False

    def _tokens(self) -> Iterator[Token]:
        depth = 0
        while True:
            spaced = self._skip_spaces()
            start = self.at
            if self._closes():
                if depth:
                    raise LexError("a parenthesis is not closed", start)
                yield Token(Kind.END, self.right, start, spaced)
                return
            kind = self._token()
            self.count += 1
            if self.count > MAX_TOKENS:
                raise LexError(f"the template has more than {MAX_TOKENS} words in its actions", start, limit=True)
            depth += (kind is Kind.LEFT_PAREN) - (kind is Kind.RIGHT_PAREN)
            if depth < 0:
                raise LexError("a parenthesis is closed that was never opened", start)
            yield Token(kind, self.text[start : self.at], start, spaced)

    def _skip_spaces(self) -> bool:
        """Moves past blanks, but not past the one that belongs to a trim marker."""
        spaces = _SPACES.match(self.text, self.at)
        end = spaces.end() if spaces else self.at
        if end == self.at:
            return False
        if self.text.startswith("-" + self.right, end):
            end -= 1
            spaced = end > self.at
            self.at = end
            return spaced
        self.at = end
        return True

    def _token(self) -> Kind:
        text, start = self.text, self.at
        char = text[start : start + 1]
        if not char:
            raise LexError("an action has no end", start)
        if char in _SINGLE:
            return self._ends(start + 1, _SINGLE[char])
        if char == ":":
            if text[start + 1 : start + 2] != "=":
                raise LexError("`:` must be `:=`", start)
            return self._ends(start + 2, Kind.DECLARE)
        if char in "()":
            return self._ends(start + 1, Kind.LEFT_PAREN if char == "(" else Kind.RIGHT_PAREN)
        if char in "\"`'":
            return self._quoted(char)
        if char == "$" or (char == "." and not "0" <= text[start + 1 : start + 2] <= "9"):
            return self._name(Kind.VARIABLE if char == "$" else Kind.FIELD)
        if char in "+-." or "0" <= char <= "9":
            return self._number()
        if _is_alphanumeric(char):
            return self._name(Kind.IDENTIFIER)
        if char.isascii() and is_printable(char):
            return self._ends(start + 1, Kind.CHAR)
        raise LexError(f"the character U+{ord(char):04X} has no place in an action", start)

    def _ends(self, at: int, kind: Kind) -> Kind:
        self.at = at
        return kind

    def _quoted(self, mark: str) -> Kind:
        pattern, kind, name = {
            '"': (_QUOTED, Kind.STRING, "a string"),
            "`": (_RAW, Kind.STRING, "a raw string"),
            "'": (_CHAR, Kind.CHAR_CONSTANT, "a character constant"),
        }[mark]
        found = pattern.match(self.text, self.at)
        if found is None:
            raise LexError(f"{name} has no end", self.at)
        return self._ends(found.end(), kind)

    def _name(self, kind: Kind) -> Kind:
        """An identifier, or a `.` or `$` with one behind it or alone."""
        text, start = self.text, self.at
        at = start + (kind is not Kind.IDENTIFIER)
        bare = at
        while True:
            found = _NAME.match(text, at)
            at = found.end() if found else at
            if at < len(text) and not text[at].isascii() and _is_alphanumeric(text[at]):
                at += 1
                continue
            break
        if at < len(text) and text[at] not in _TERMINATORS and not text.startswith(self.right, at):
            raise LexError(f"the character U+{ord(text[at]):04X} cannot follow a name", at)
        self.at = at
        if kind is Kind.FIELD:
            return Kind.DOT if at == bare else kind
        return WORDS.get(text[start:at], kind) if kind is Kind.IDENTIFIER else kind

    def _number(self) -> Kind:
        text = self.text
        found = _NUMBER.match(text, self.at)
        end = found.end() if found else self.at
        kind = Kind.NUMBER
        imaginary = _SIGNED.match(text, end)
        if imaginary is not None and not self._continues(end):
            end, kind = imaginary.end(), Kind.COMPLEX
            if text[end - 1] != "i":
                raise LexError("a number is malformed", self.at)
        if self._continues(end):
            raise LexError("a number is malformed", self.at)
        return self._ends(end, kind)

    def _continues(self, at: int) -> bool:
        return at < len(self.text) and _is_alphanumeric(self.text[at])


def _is_alphanumeric(char: str) -> bool:
    return char == "_" or is_letter(char) or is_digit(char)
