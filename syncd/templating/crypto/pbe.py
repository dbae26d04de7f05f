"""Encryption by password, as PKCS#12 files use it: PBES2 with AES, and the old schemes of PKCS#12 itself."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Final, TypeAlias

from syncd.templating.crypto import der, rc2
from syncd.templating.crypto.der import DERError, Value
from syncd.templating.crypto.keys import MaterialError

Spend: TypeAlias = Callable[[int], None]

PBES2: Final = "1.2.840.113549.1.5.13"
PBKDF2: Final = "1.2.840.113549.1.5.12"
PBMAC1: Final = "1.2.840.113549.1.5.14"
HMAC_SHA256: Final = "1.2.840.113549.2.9"
AES_256: Final = "2.16.840.1.101.3.4.1.42"
SHA256: Final = "2.16.840.1.101.3.4.2.1"
_HMACS: Final = {"1.2.840.113549.2.7": "sha1", HMAC_SHA256: "sha256", "1.2.840.113549.2.11": "sha512"}
_AES: Final = {"2.16.840.1.101.3.4.1.2": 16, "2.16.840.1.101.3.4.1.22": 24, AES_256: 32}
_OLD: Final = {
    "1.2.840.113549.1.12.1.3": (24, "3des"),
    "1.2.840.113549.1.12.1.5": (16, "rc2"),
    "1.2.840.113549.1.12.1.6": (5, "rc2"),
}
_DIGESTS: Final = {"1.3.14.3.2.26": "sha1", SHA256: "sha256", "2.16.840.1.101.3.4.2.3": "sha512"}
_KEY_USE, _VECTOR_USE, _MAC_USE = 1, 2, 3
_FAST_ROUNDS: Final = 16
"""Rounds of PBKDF2 that cost a step; the old derivation is slower."""


def bmp(password: str) -> bytes:
    """The password as PKCS#12 wants it: UTF-16 and a terminator. Raises MaterialError for what UCS-2 has not."""
    if any(ord(char) > 0xFFFF for char in password):
        raise MaterialError("the password has characters that PKCS#12 cannot hold")
    return password.encode("utf-16-be", "replace") + b"\0\0"


def derive(digest: str, password: bytes, salt: bytes, rounds: int, use: int, length: int) -> bytes:
    """The key derivation of PKCS#12 itself (RFC 7292, appendix B)."""
    block = 128 if digest == "sha512" else 64
    diversifier = bytes((use,)) * block
    inputs = _stretched(salt, block) + _stretched(password, block)
    out = b""
    while len(out) < length:
        result = hashlib.new(digest, diversifier + inputs, usedforsecurity=False).digest()
        for _ in range(1, rounds):
            result = hashlib.new(digest, result, usedforsecurity=False).digest()
        out += result
        addend = int.from_bytes(_stretched(result, block)[:block], "big") + 1
        inputs = b"".join(
            ((int.from_bytes(inputs[at : at + block], "big") + addend) % (1 << 8 * block)).to_bytes(block, "big")
            for at in range(0, len(inputs), block)
        )
    return out[:length]


def _stretched(data: bytes, block: int) -> bytes:
    """Repeated up to a multiple of the block."""
    length = -(-len(data) // block) * block
    return (data * (length // len(data) + 1))[:length] if data else b""


def decrypt(algorithm: Value, data: bytes, password: bytes, spend: Spend) -> bytes:
    """The clear text. Raises MaterialError and DERError."""
    kind, parameters = _algorithm(algorithm)
    if kind == PBES2:
        cipher = _pbes2(parameters, password, spend)
    elif kind in _OLD:
        cipher = _old(kind, parameters, password, spend)
    else:
        raise MaterialError("the encryption of the PKCS#12 file is of an unknown kind")
    block, decryptor = cipher
    if not data or len(data) % block:
        raise MaterialError("the PKCS#12 file is damaged")
    clear = decryptor(data)
    padding = clear[-1]
    if not 1 <= padding <= block or clear[-padding:] != bytes((padding,)) * padding:
        raise MaterialError("the password of the PKCS#12 file is wrong")
    return clear[:-padding]


def _algorithm(value: Value) -> tuple[str, Value | None]:
    """Object identifier and parameters of an AlgorithmIdentifier."""
    parts = value.of(der.SEQUENCE).children()
    if not 1 <= len(parts) <= 2:
        raise DERError("an algorithm is malformed")
    return parts[0].oid(), parts[1] if len(parts) == 2 else None


def _parts(parameters: Value | None, least: int) -> list[Value]:
    parts = [] if parameters is None else parameters.of(der.SEQUENCE).children()
    if len(parts) < least:
        raise DERError("the parameters of an algorithm are malformed")
    return parts


def _rounds(value: Value, spend: Spend, share: int) -> int:
    rounds = value.integer()
    if rounds < 0:
        raise DERError("a number of rounds is negative")
    spend(rounds // share)
    return rounds


def _utf8(password: bytes) -> bytes:
    """PBES2 takes the password as UTF-8, without the terminator of PKCS#12."""
    return password.removesuffix(b"\0\0").decode("utf-16-be", "replace").encode()


def _pbkdf2(derivation: Value, password: bytes, spend: Spend, length: int = 0) -> bytes:
    kind, parameters = _algorithm(derivation)
    if kind != PBKDF2:
        raise MaterialError("the key derivation of the PKCS#12 file is of an unknown kind")
    parts = _parts(parameters, 2)
    salt = parts[0].of(der.OCTETS).content
    rounds = _rounds(parts[1], spend, _FAST_ROUNDS)
    rest = parts[2:]
    stated = rest.pop(0).integer() if rest and rest[0].tag == der.INTEGER else 0
    digest = _HMACS.get(_algorithm(rest[0])[0]) if rest else "sha1"
    if digest is None or not 0 < (length or stated) <= 1024:
        raise MaterialError("the key derivation of the PKCS#12 file is of an unknown kind")
    return hashlib.pbkdf2_hmac(digest, _utf8(password), salt, max(rounds, 1), length or stated)


def _pbes2(parameters: Value | None, password: bytes, spend: Spend) -> tuple[int, Callable[[bytes], bytes]]:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    derivation, scheme = _parts(parameters, 2)[:2]
    kind, vector = _algorithm(scheme)
    if kind not in _AES or vector is None or len(vector.content) != 16:
        raise MaterialError("the encryption of the PKCS#12 file is of an unknown kind")
    key = _pbkdf2(derivation, password, spend, _AES[kind])
    return 16, Cipher(algorithms.AES(key), modes.CBC(vector.content)).decryptor().update


def _old(kind: str, parameters: Value | None, password: bytes, spend: Spend) -> tuple[int, Callable[[bytes], bytes]]:
    length, cipher = _OLD[kind]
    salt, count = _parts(parameters, 2)[:2]
    rounds = _rounds(count, spend, 1)
    key = derive("sha1", password, salt.of(der.OCTETS).content, rounds, _KEY_USE, length)
    vector = derive("sha1", password, salt.content, rounds, _VECTOR_USE, 8)
    if cipher == "rc2":
        return 8, lambda data: rc2.decrypt_cbc(key, vector, data, spend)
    return 8, _triple_des(key, vector)


def _triple_des(key: bytes, vector: bytes) -> Callable[[bytes], bytes]:
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    return Cipher(TripleDES(key), modes.CBC(vector)).decryptor().update


def mac_matches(mac: Value, message: bytes, password: bytes, spend: Spend) -> bool:
    """Whether the MacData of a file fits its contents. Raises MaterialError and DERError."""
    info, salt, *count = mac.of(der.SEQUENCE).children()
    algorithm, expected = info.of(der.SEQUENCE).children()
    kind, parameters = _algorithm(algorithm)
    if kind == PBMAC1:
        derivation, scheme = _parts(parameters, 2)[:2]
        digest = _HMACS.get(_algorithm(scheme)[0], "")
        key = _pbkdf2(derivation, password, spend) if digest else b""
    else:
        digest = _DIGESTS.get(kind, "")
        rounds = _rounds(count[0], spend, 2) if count else 1
        length = hashlib.new(digest).digest_size if digest else 0
        key = derive(digest, password, salt.of(der.OCTETS).content, rounds, _MAC_USE, length) if digest else b""
    if not digest:
        raise MaterialError("the checksum of the PKCS#12 file is of an unknown kind")
    return hmac.compare_digest(expected.of(der.OCTETS).content, hmac.digest(key, message, digest))


def encrypt(data: bytes, password: str, salt: bytes, vector: bytes, rounds: int) -> tuple[bytes, bytes]:
    """Algorithm and cipher text, with PBES2: PBKDF2 with HMAC-SHA-256, and AES-256."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    key = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds, 32)
    padding = 16 - len(data) % 16
    text = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor().update(data + bytes((padding,)) * padding)
    function = der.write(der.SEQUENCE, der.write_oid(HMAC_SHA256))
    parameters = der.write(der.SEQUENCE, der.write(der.OCTETS, salt), der.write_integer(rounds), function)
    derivation = der.write(der.SEQUENCE, der.write_oid(PBKDF2), parameters)
    scheme = der.write(der.SEQUENCE, der.write_oid(AES_256), der.write(der.OCTETS, vector))
    return der.write(der.SEQUENCE, der.write_oid(PBES2), der.write(der.SEQUENCE, derivation, scheme)), text


def checksum(message: bytes, password: str, salt: bytes, rounds: int) -> bytes:
    """The MacData of a file, with SHA-256."""
    digest = hmac.digest(derive("sha256", bmp(password), salt, rounds, _MAC_USE, 32), message, "sha256")
    algorithm = der.write(der.SEQUENCE, der.write_oid(SHA256))
    info = der.write(der.SEQUENCE, algorithm, der.write(der.OCTETS, digest))
    return der.write(der.SEQUENCE, info, der.write(der.OCTETS, salt), der.write_integer(rounds))
