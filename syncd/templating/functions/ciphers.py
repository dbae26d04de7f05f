"""Sprig's encryption with AES-256 in CBC mode; the key is the password itself, filled up with zeros."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from syncd.templating.calls import CallError, World, function
from syncd.templating.golang.bases import BaseError, decode_base64

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.modes import CBC

_KEY = 32
_BLOCK = 16


def _cipher(password: bytes, vector: bytes) -> Cipher[CBC]:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher(algorithms.AES(password[:_KEY].ljust(_KEY, b"\0")), modes.CBC(vector))


@function("encryptAES", deterministic=False)
def encrypt_aes(world: World, password: bytes, text: bytes) -> bytes:
    if not text:
        return b""
    vector = world.engine.random.randbytes(_BLOCK)
    padding = _BLOCK - len(text) % _BLOCK
    encryptor = _cipher(password, vector).encryptor()
    return base64.b64encode(vector + encryptor.update(text + bytes((padding,)) * padding) + encryptor.finalize())


@function("decryptAES")
def decrypt_aes(password: bytes, text: bytes) -> bytes:
    """The padding is cut off without a check, as in the reference."""
    if not text:
        return b""
    try:
        data = decode_base64(text)
    except BaseError:
        raise CallError("the text is not base64") from None
    if len(data) < 2 * _BLOCK or len(data) % _BLOCK:
        raise CallError("the text has no whole blocks")
    decryptor = _cipher(password, data[:_BLOCK]).decryptor()
    clear = decryptor.update(data[_BLOCK:]) + decryptor.finalize()
    if clear[-1] > len(clear):
        raise CallError("the text cannot be decrypted with this password")
    return clear[: len(clear) - clear[-1]]
