"""Sprig's encodings; text that cannot be decoded gives the reason as a text, as in the reference."""

from __future__ import annotations

import base64
import binascii

from syncd.templating.calls import function
from syncd.templating.golang import bases
from syncd.templating.golang.bases import BaseError


@function("b64enc")
def b64enc(text: bytes) -> bytes:
    return base64.b64encode(text)


@function("b64dec")
def b64dec(text: bytes) -> bytes:
    try:
        return bases.decode_base64(text)
    except BaseError as problem:
        return str(problem).encode()


@function("b32enc")
def b32enc(text: bytes) -> bytes:
    return base64.b32encode(text)


@function("b32dec")
def b32dec(text: bytes) -> bytes:
    try:
        return bases.decode_base32(text)
    except BaseError as problem:
        return str(problem).encode()


@function("hexdec")
def hexdec(text: bytes) -> bytes:
    try:
        return binascii.unhexlify(text)
    except (binascii.Error, ValueError):
        return bases.hex_problem(text).encode()
