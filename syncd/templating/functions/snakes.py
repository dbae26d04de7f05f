"""Words of a name such as `HTTPServer2xx`, joined by connectors: what `snakecase` and `kebabcase` do."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from syncd.templating.golang import text as chars
from syncd.templating.golang.text import REPLACEMENT, decode, encode, is_space, lower_char

_BROKEN: Final = frozenset(map(chr, range(0xDC80, 0xDD00))) | {REPLACEMENT}


class _Word(Enum):
    INVALID = auto()
    NUMBER = auto()
    UPPER = auto()
    LETTERS = auto()
    CONNECTOR = auto()
    PUNCTUATION = auto()
    OTHER = auto()


_SEPARATES: Final = frozenset((_Word.CONNECTOR, _Word.PUNCTUATION))
_LETTERS_OR_NUMBER: Final = frozenset((_Word.LETTERS, _Word.NUMBER))


_CHINESE: Final = (("\u3400", "\u4d85"), ("\u4e00", "\u9fcc"), ("\U00020000", "\U0002b81d"))


def _is_connector(char: str) -> bool:
    return char in "-_" or is_space(char)


def _is_alphabetic(char: str) -> bool:
    return chars.is_letter(char) and not any(first <= char <= last for first, last in _CHINESE)


class _Reader:
    """Takes words off a name; characters that are broken belong to the word in front of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.at = 0

    @property
    def done(self) -> bool:
        return self.at >= len(self.name)

    def _valid(self, at: int, before: str) -> tuple[str, int]:
        """The next unbroken character, or the one before when there is none; and where it ends."""
        while at < len(self.name):
            if self.name[at] not in _BROKEN:
                return self.name[at], at + 1
            at += 1
        return before, at

    def next(self) -> tuple[_Word, str]:
        if self.done:
            return _Word.INVALID, ""
        start = self.at
        char, at = self._valid(start, REPLACEMENT)
        word, accepts = _kind(char)
        if word is _Word.UPPER:
            self.at = self._upper(at, char)
        elif accepts is None:
            self.at = at
        else:
            self.at = self._run(at, char, accepts)
        return word, self.name[start : self.at]

    def _run(self, at: int, char: str, accepts: Callable[[str], bool]) -> int:
        while at < len(self.name):
            char, end = self._valid(at, char)
            if not accepts(char):
                break
            at = end
        return at

    def _upper(self, at: int, char: str) -> int:
        """One capital and the small letters after it, or several capitals without the one that begins a word."""
        if at >= len(self.name):
            return at
        char, end = self._valid(at, char)
        if not chars.is_upper(char):
            return self._run(at, char, _is_small) if _is_alphabetic(char) else at
        before, at = at, end
        while at < len(self.name):
            char, end = self._valid(at, char)
            if not chars.is_upper(char):
                return before if _is_alphabetic(char) else at
            before, at = at, end
        return at


def _is_small(char: str) -> bool:
    return _is_alphabetic(char) and not chars.is_upper(char)


def _kind(char: str) -> tuple[_Word, Callable[[str], bool] | None]:
    """The word that a character begins, and which characters go on with it."""
    if char == REPLACEMENT:
        return _Word.INVALID, None
    if _is_connector(char):
        return _Word.CONNECTOR, _is_connector
    if chars.is_punctuation(char):
        return _Word.PUNCTUATION, chars.is_punctuation
    if chars.is_upper(char):
        return _Word.UPPER, None
    if _is_alphabetic(char):
        return _Word.LETTERS, _is_small
    if chars.is_number(char):
        return _Word.NUMBER, chars.is_number
    return _Word.OTHER, _is_other


def _is_other(char: str) -> bool:
    return not (_is_connector(char) or _is_alphabetic(char) or chars.is_number(char) or chars.is_punctuation(char))


def with_connectors(text: bytes, connector: str) -> bytes:
    """The words of a name in lower case with the connector between them."""
    return encode("".join(_Joiner(decode(text), connector).join()))


class _Joiner:
    def __init__(self, name: str, connector: str) -> None:
        self.reader = _Reader(name)
        self.connector = connector
        self.out: list[str] = []

    def join(self) -> list[str]:
        kind, word = self.reader.next()
        while not self.reader.done:
            if kind is not _Word.CONNECTOR:
                self._write(kind, word)
            before, last = kind, word
            kind, word = self.reader.next()
            if before is _Word.NUMBER:
                kind, word = self._drain(kind, word)
                self._connect(kind, _SEPARATES | {_Word.INVALID})
            elif before is _Word.CONNECTOR:
                self._write(before, last)
            elif before is not _Word.PUNCTUATION:
                kind, word = self._after_letters(kind, word)
        self._write(kind, word)
        return self.out

    def _after_letters(self, kind: _Word, word: str) -> tuple[_Word, str]:
        """What follows letters: a number goes with them unless small letters follow it in turn."""
        if kind is not _Word.NUMBER:
            self._connect(kind, _SEPARATES)
            return kind, word
        if self.reader.done:
            return kind, word
        number = word
        kind, word = self.reader.next()
        if kind is not _Word.LETTERS:
            self._write(_Word.NUMBER, number)
            self._connect(kind, _SEPARATES)
            return kind, word
        self.out.append(self.connector)
        self._write(_Word.NUMBER, number)
        kind, word = self._drain(kind, word)
        self._connect(kind, _SEPARATES | {_Word.INVALID})
        return kind, word

    def _drain(self, kind: _Word, word: str) -> tuple[_Word, str]:
        """Writes letters and numbers as they come."""
        while kind in _LETTERS_OR_NUMBER:
            self._write(kind, word)
            kind, word = self.reader.next()
        return kind, word

    def _connect(self, kind: _Word, unless: frozenset[_Word]) -> None:
        if kind not in unless:
            self.out.append(self.connector)

    def _write(self, kind: _Word, word: str) -> None:
        if kind not in (_Word.UPPER, _Word.CONNECTOR):
            self.out.append(word)
            return
        for char in word:
            shown = REPLACEMENT if char in _BROKEN else char
            self.out.append(
                self.connector if _is_connector(shown) else lower_char(shown) if chars.is_upper(shown) else shown
            )
