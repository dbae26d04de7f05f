"""Go strings as characters: decoding, blanks, case and classes, where `str` methods differ from Go's `unicode`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

REPLACEMENT: Final = "\ufffd"
ASCII_SPACE: Final = b"\t\n\v\f\r "
SPACES: Final = (
    "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
_SPACES: Final = frozenset(SPACES)
_ESCAPED: Final = re.compile("[\udc80-\udcff]")
_SEPARATOR_BELOW: Final = frozenset(chr(code) for code in range(128)) - frozenset(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
)


def decode(text: bytes) -> str:
    """Characters; a byte that is not UTF-8 becomes one lone surrogate, so that `encode` gives it back."""
    return text.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def runes(text: bytes) -> str:
    """Characters as `[]rune(text)` has them: a byte that is not UTF-8 becomes U+FFFD."""
    return text.decode("ascii") if text.isascii() else _ESCAPED.sub(REPLACEMENT, decode(text))


def is_space(char: str) -> bool:
    return char in _SPACES


def is_letter(char: str) -> bool:
    return char.isalpha()


def is_digit(char: str) -> bool:
    return char.isdecimal()


def is_number(char: str) -> bool:
    return unicodedata.category(char)[0] == "N"


def is_upper(char: str) -> bool:
    return unicodedata.category(char) == "Lu"


def is_lower(char: str) -> bool:
    return unicodedata.category(char) == "Ll"


def is_title(char: str) -> bool:
    return unicodedata.category(char) == "Lt"


def is_punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] == "P"


def is_printable(char: str) -> bool:
    """`strconv.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space."""
    return char.isprintable()


def upper_char(char: str) -> str:
    """Simple upper case: always one character, unlike `str.upper`."""
    upper = char.upper()
    if len(upper) == 1:
        return upper
    title = char.title()
    return title if len(title) == 1 else char


def lower_char(char: str) -> str:
    lower = char.lower()
    return lower if len(lower) == 1 else lower[0]


def title_char(char: str) -> str:
    title = char.title()
    return title if len(title) == 1 else char


def _mapped(text: bytes, change: Callable[[str], str]) -> bytes:
    return encode("".join(map(change, runes(text))))


def upper(text: bytes) -> bytes:
    return text.upper() if text.isascii() else _mapped(text, upper_char)


def lower(text: bytes) -> bytes:
    return text.lower() if text.isascii() else _mapped(text, lower_char)


def title(text: bytes) -> bytes:
    """`strings.Title`: every letter that begins a word in title case; one after an apostrophe does."""
    out: list[str] = []
    before = " "
    for char in runes(text):
        out.append(title_char(char) if _separates(before) else char)
        before = char
    return encode("".join(out))


def _separates(char: str) -> bool:
    if char in _SEPARATOR_BELOW:
        return True
    return ord(char) > 127 and not is_letter(char) and not is_digit(char) and is_space(char)


def trim_space(text: bytes) -> bytes:
    """`strings.TrimSpace`."""
    text = text.strip(ASCII_SPACE)
    if text and (text[0] > 127 or text[-1] > 127):
        return encode(decode(text).strip(SPACES))
    return text


def trim(text: bytes, cutset: bytes) -> bytes:
    """`strings.Trim`: every character of the set off both ends; a broken byte in either counts as U+FFFD."""
    if text.isascii() and cutset.isascii():
        return text.strip(cutset) if cutset else text
    chars = decode(text)
    wanted = set(runes(cutset))
    start, end = 0, len(chars)
    while start < end and _ESCAPED.sub(REPLACEMENT, chars[start]) in wanted:
        start += 1
    while end > start and _ESCAPED.sub(REPLACEMENT, chars[end - 1]) in wanted:
        end -= 1
    return encode(chars[start:end])
