"""Sprig's passwords: random text, hashes, and passwords derived from a master password."""

from __future__ import annotations

import base64
import hashlib
import hmac
import string
import uuid
from typing import Final

from syncd.templating.calls import CallError, Counter, HashName, World, function

_BCRYPT_COST: Final = 10
_BCRYPT_LONGEST: Final = 72
_BCRYPT_PRICE: Final = 50_000
_SCRYPT_PRICE: Final = 80_000
_STANDARD: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BCRYPT: Final = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

_SCOPE: Final = b"com.lyndir.masterpassword"
_TEMPLATES: Final = {
    b"maximum": "anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno",
    b"long": (
        "CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno CvcvnoCvccCvcv"
        " CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv"
        " CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno"
    ),
    b"medium": "CvcnoCvc CvcCvcno",
    b"short": "Cvcn",
    b"basic": "aaanaaan aannaaan aaannaaa",
    b"pin": "nnnn",
}
_LETTERS: Final = {
    "V": "AEIOU",
    "C": "BCDFGHJKLMNPQRSTVWXYZ",
    "v": "aeiou",
    "c": "bcdfghjklmnpqrstvwxyz",
    "A": "AEIOUBCDFGHJKLMNPQRSTVWXYZ",
    "a": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
    "n": "0123456789",
    "o": "@&%?,=[]_:-+*$#!'^~;()/.",
    "x": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
}


def _random_text(world: World, count: int, alphabet: str) -> bytes:
    """So many characters; none for a negative count."""
    world.meter.room(count)
    world.meter.items(count)
    return "".join(world.engine.random.choices(alphabet, k=max(count, 0))).encode()


@function("randAlphaNum", deterministic=False)
def rand_alpha_num(world: World, count: int) -> bytes:
    return _random_text(world, count, string.ascii_letters + string.digits)


@function("randAlpha", deterministic=False)
def rand_alpha(world: World, count: int) -> bytes:
    return _random_text(world, count, string.ascii_letters)


@function("randNumeric", deterministic=False)
def rand_numeric(world: World, count: int) -> bytes:
    return _random_text(world, count, string.digits)


@function("randAscii", deterministic=False)
def rand_ascii(world: World, count: int) -> bytes:
    return _random_text(world, count, "".join(map(chr, range(0x20, 0x7F))))


@function("randBytes", deterministic=False)
def rand_bytes(world: World, count: int) -> bytes:
    """So many random bytes, in base64."""
    if count < 0:
        raise CallError("the count is negative")
    world.meter.room(count)
    return base64.b64encode(world.engine.random.randbytes(count))


@function("uuidv4", deterministic=False)
def uuidv4(world: World) -> bytes:
    return str(uuid.UUID(bytes=world.engine.random.randbytes(16), version=4)).encode()


def _bcrypt(world: World, password: bytes) -> bytes:
    import bcrypt

    if len(password) > _BCRYPT_LONGEST:
        return b"failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes"
    salt = base64.b64encode(world.engine.random.randbytes(16))[:22].translate(bytes.maketrans(_STANDARD, _BCRYPT))
    return bcrypt.hashpw(password, b"$2a$%d$%s" % (_BCRYPT_COST, salt))


@function("bcrypt", deterministic=False, price=_BCRYPT_PRICE)
def hash_bcrypt(world: World, password: bytes) -> bytes:
    return _bcrypt(world, password)


@function("htpasswd", deterministic=False)
def htpasswd(world: World, user: bytes, password: bytes, digest: HashName) -> bytes:
    """A line of an Apache password file: SHA-1 for `sha`, bcrypt for any other name."""
    if b":" in user:
        return b"invalid username: " + user
    if digest == b"sha":
        return user + b":{SHA}" + base64.b64encode(hashlib.sha1(password, usedforsecurity=False).digest())
    world.meter.spend(_BCRYPT_PRICE)
    return user + b":" + _bcrypt(world, password)


@function("derivePassword", price=_SCRYPT_PRICE)
def derive_password(counter: Counter, kind: bytes, password: bytes, user: bytes, site: bytes) -> bytes:
    """The password of a site, by the Master Password algorithm."""
    templates = _TEMPLATES.get(kind, "").split()
    if not templates:
        return b"cannot find password template " + kind
    salt = _SCOPE + len(user).to_bytes(4, "big") + user
    key = hashlib.scrypt(password, salt=salt, n=32768, r=8, p=2, maxmem=1 << 27, dklen=64)
    message = _SCOPE + len(site).to_bytes(4, "big") + site + counter.to_bytes(4, "big")
    seed = hmac.digest(key, message, "sha256")
    template = templates[seed[0] % len(templates)]
    chosen = (_LETTERS[letter][seed[at] % len(_LETTERS[letter])] for at, letter in enumerate(template, 1))
    return "".join(chosen).encode()
