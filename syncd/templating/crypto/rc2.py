"""RC2 (RFC 2268), for PKCS#12 files of old tools, whose certificates are encrypted with 40 bits of it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

_PI: Final = bytes.fromhex(
    "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32"
    "bd8f40eb86b77b0bf09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626"
    "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a"
    "961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731"
    "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2e"
    "c5f3db47e5a59c770aa62068fe7fc1ad"
)
"""The permutation of RFC 2268, section 2."""
_TURNS: Final = (1, 2, 3, 5)
_BLOCK: Final = 8


def _schedule(key: bytes) -> tuple[int, ...]:
    """The 64 words that a key expands to; all its bits count."""
    octets = bytearray(key)
    for at in range(len(key), 128):
        octets.append(_PI[(octets[at - 1] + octets[at - len(key)]) & 0xFF])
    start = 128 - len(key)
    octets[start] = _PI[octets[start]]
    for at in range(start - 1, -1, -1):
        octets[at] = _PI[octets[at + 1] ^ octets[at + len(key)]]
    return struct.unpack("<64H", octets)


def _decrypt_block(schedule: tuple[int, ...], block: bytes) -> bytes:
    words = list(struct.unpack("<4H", block))
    for turn in range(15, -1, -1):
        if turn in (10, 4):
            for at in (3, 2, 1, 0):
                words[at] = (words[at] - schedule[words[at - 1] & 63]) & 0xFFFF
        for at in (3, 2, 1, 0):
            word, shift = words[at], 16 - _TURNS[at]
            word = (word << shift | word >> (16 - shift)) & 0xFFFF
            before, second, third = words[at - 1], words[at - 2], words[at - 3]
            words[at] = (word - schedule[4 * turn + at] - (before & second) - (~before & third)) & 0xFFFF
    return struct.pack("<4H", *words)


def decrypt_cbc(key: bytes, vector: bytes, data: bytes, spend: Callable[[int], None]) -> bytes:
    """The clear text of whole blocks, padding included; `spend` is told of the work beforehand."""
    spend(len(data) // 2)
    schedule = _schedule(key)
    out = bytearray()
    for at in range(0, len(data), _BLOCK):
        block = data[at : at + _BLOCK]
        out += bytes(left ^ right for left, right in zip(_decrypt_block(schedule, block), vector, strict=True))
        vector = block
    return bytes(out)
