"""Sprig's checksums, in hexadecimal."""

from __future__ import annotations

import hashlib
import zlib

from syncd.templating.calls import function


@function("sha1sum")
def sha1sum(text: bytes) -> bytes:
    return hashlib.sha1(text, usedforsecurity=False).hexdigest().encode()


@function("sha256sum")
def sha256sum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()


@function("sha512sum")
def sha512sum(text: bytes) -> bytes:
    return hashlib.sha512(text).hexdigest().encode()


@function("adler32sum")
def adler32sum(text: bytes) -> bytes:
    return b"%d" % zlib.adler32(text)
