"""Passwords of so many letters, digits and symbols.

Semantics: external-secrets, whose passwords are those of `sethvargo/go-password`.
"""

from __future__ import annotations

import base64
import string
from collections.abc import Callable, Mapping
from random import Random

from syncd.errors import RenderError
from syncd.manifests.generators import LENGTH, Encoding, PasswordSpec

_SHARE = 4
_ENCODERS: Mapping[Encoding, Callable[[bytes], bytes]] = {
    Encoding.RAW: bytes,
    Encoding.BASE64: base64.b64encode,
    Encoding.BASE64_URL: base64.urlsafe_b64encode,
    Encoding.BASE32: base64.b32encode,
    Encoding.HEX: lambda value: value.hex().encode(),
}


def generate(spec: PasswordSpec, random: Random) -> bytes:
    """Raises RenderError when there are not enough characters."""
    length = spec.length or LENGTH
    digits = length // _SHARE if spec.digits is None else spec.digits
    symbols = length // _SHARE if spec.symbols is None else spec.symbols
    if digits + symbols > length:
        message = f"{digits} digits and {symbols} symbols are more than the length of {length}"
        raise RenderError(message, hint="set `length`, `digits` and `symbols`")
    letters = string.ascii_lowercase + ("" if spec.no_upper else string.ascii_uppercase)
    drawn: list[str] = []
    for count, what, alphabet in (
        (length - digits - symbols, "letters", letters),
        (digits, "digits", string.digits),
        (symbols, "symbols", spec.symbol_characters),
    ):
        drawn += _drawn(count, what, alphabet, spec, random)
    random.shuffle(drawn)
    return _ENCODERS[spec.encoding]("".join(drawn).encode())


def _drawn(count: int, what: str, alphabet: str, spec: PasswordSpec, random: Random) -> list[str]:
    if spec.allow_repeat:
        return random.choices(alphabet, k=count)
    different = sorted({*alphabet})
    if count > len(different):
        message = f"there are {len(different)} {what}, and {count} different ones are asked for"
        raise RenderError(message, hint="set `allowRepeat: true`")
    return random.sample(different, count)
