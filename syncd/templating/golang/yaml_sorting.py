"""The order in which Go's YAML library writes keys: numbers inside them compare as numbers."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cmp_to_key
from typing import Any

from syncd.templating.golang.text import decode, is_digit, is_letter
from syncd.templating.golang.values import wrap


def sorted_keys(keys: Iterable[tuple[type, Any]]) -> list[tuple[type, Any]]:
    return sorted(keys, key=cmp_to_key(_compare_keys))


def _compare_keys(one: tuple[type, Any], other: tuple[type, Any]) -> int:
    return _compare(decode(one[1]), decode(other[1]))


def _compare(one: str, other: str) -> int:
    for at, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return -1 if _is_less(one, other, at) else 1
    return len(one) - len(other)


def _is_less(one: str, other: str, at: int) -> bool:
    """Which comes first by the characters from the first difference on."""
    left, right = one[at], other[at]
    if is_letter(left) and is_letter(right):
        return left < right
    if is_letter(left) or is_letter(right):
        return is_letter(right)
    start = _leading(one, at) if "0" in (left, right) else 0
    (number, end), (rival, rival_end) = _number(one, at, start), _number(other, at, start)
    if number != rival:
        return number < rival
    return end < rival_end if end != rival_end else left < right


def _leading(text: str, at: int) -> int:
    """1 when the digits before the zero belong to a number that is not zero: then the zero counts."""
    while at > 0 and is_digit(text[at - 1]):
        at -= 1
        if text[at] != "0":
            return 1
    return 0


def _number(text: str, at: int, number: int) -> tuple[int, int]:
    while at < len(text) and is_digit(text[at]):
        number = wrap(number * 10 + ord(text[at]) - ord("0"))
        at += 1
    return number, at
