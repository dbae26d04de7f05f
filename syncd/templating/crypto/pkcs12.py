"""PKCS#12 files: reading a key with its certificates, and writing files as the reference's library does."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from syncd.templating.crypto import der, pbe
from syncd.templating.crypto.der import DERError, Value
from syncd.templating.crypto.keys import MaterialError, load_certificate, load_private_key, pkcs8

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

Spend: TypeAlias = Callable[[int], None]
Random: TypeAlias = Callable[[int], bytes]

_DATA: Final = "1.2.840.113549.1.7.1"
_ENCRYPTED: Final = "1.2.840.113549.1.7.6"
_KEY_BAG: Final = "1.2.840.113549.1.12.10.1.1"
_SHROUDED_BAG: Final = "1.2.840.113549.1.12.10.1.2"
_CERTIFICATE_BAG: Final = "1.2.840.113549.1.12.10.1.3"
_X509: Final = "1.2.840.113549.1.9.22.1"
_FRIENDLY_NAME: Final = "1.2.840.113549.1.9.20"
_LOCAL_KEY_ID: Final = "1.2.840.113549.1.9.21"
_JAVA_TRUST: Final = "2.16.840.1.113894.746875.1.1"
_ANY_USAGE: Final = "2.5.29.37.0"
_ROUNDS: Final = 2048
_SALT: Final = 16


@dataclass(frozen=True, slots=True)
class Contents:
    """A file's private key, and its certificates in the order of the file."""

    key: Any
    certificates: list[Certificate]


def load(data: bytes, password: str, spend: Spend) -> Contents:
    """The contents of a file with exactly one key and at least one certificate. Raises MaterialError."""
    try:
        return _Reader(pbe.bmp(password), spend).read(data)
    except (DERError, ValueError, IndexError) as problem:
        if isinstance(problem, MaterialError):
            raise
        raise MaterialError("the PKCS#12 file is damaged") from None


class _Reader:
    def __init__(self, password: bytes, spend: Spend) -> None:
        self.password = password
        self.spend = spend
        self.keys: list[Any] = []
        self.certificates: list[Certificate] = []

    def read(self, data: bytes) -> Contents:
        version, safe, *mac = der.read_one(data).of(der.SEQUENCE).children()
        if version.integer() != 3 or len(mac) > 1:
            raise MaterialError("the PKCS#12 file is of an unknown kind")
        content = self._content(safe, _DATA).of(der.OCTETS).content
        self._verify(mac, content)
        parts = der.read_one(content).of(der.SEQUENCE).children()
        if not 1 <= len(parts) <= 2:
            raise MaterialError("the PKCS#12 file has more than two parts")
        for part in parts:
            for bag in der.read_one(self._clear(part)).of(der.SEQUENCE).children():
                self._bag(bag)
        if not self.certificates:
            raise MaterialError("the PKCS#12 file has no certificate")
        if not self.keys:
            raise MaterialError("the PKCS#12 file has no private key")
        return Contents(self.keys[0], self.certificates)

    def _verify(self, mac: list[Value], content: bytes) -> None:
        """The checksum fits; a file without a password may have none, or one made of nothing at all."""
        empty = self.password == b"\0\0"
        if not mac:
            if not empty:
                raise MaterialError("the PKCS#12 file has no checksum")
        elif not pbe.mac_matches(mac[0], content, self.password, self.spend):
            self.password = b""
            if not empty or not pbe.mac_matches(mac[0], content, b"", self.spend):
                raise MaterialError("the password of the PKCS#12 file is wrong")

    def _content(self, info: Value, kind: str) -> Value:
        identifier, content = info.of(der.SEQUENCE).children()
        if identifier.oid() != kind:
            raise MaterialError("the PKCS#12 file is of an unknown kind")
        return der.read_one(content.of(der.CONTEXT).content)

    def _clear(self, part: Value) -> bytes:
        if part.of(der.SEQUENCE).children()[0].oid() == _DATA:
            return self._content(part, _DATA).of(der.OCTETS).content
        version, info = self._content(part, _ENCRYPTED).of(der.SEQUENCE).children()
        _, algorithm, data = info.of(der.SEQUENCE).children()
        if version.integer() != 0:
            raise MaterialError("the PKCS#12 file is of an unknown kind")
        return pbe.decrypt(algorithm, data.of(der.CONTEXT_PRIMITIVE).content, self.password, self.spend)

    def _bag(self, bag: Value) -> None:
        identifier, content, *_ = bag.of(der.SEQUENCE).children()
        kind, value = identifier.oid(), content.of(der.CONTEXT).content
        if kind == _CERTIFICATE_BAG:
            form, certificate = der.read_one(value).of(der.SEQUENCE).children()
            if form.oid() != _X509:
                raise MaterialError("the PKCS#12 file has a certificate that is not X.509")
            octets = der.read_one(certificate.of(der.CONTEXT).content).of(der.OCTETS).content
            self.certificates.append(load_certificate(octets))
        elif kind in (_KEY_BAG, _SHROUDED_BAG):
            if self.keys:
                raise MaterialError("the PKCS#12 file has several private keys")
            self.keys.append(load_private_key(self._key(kind, value), "PKCS#8"))

    def _key(self, kind: str, value: bytes) -> bytes:
        if kind == _KEY_BAG:
            return value
        algorithm, data = der.read_one(value).of(der.SEQUENCE).children()
        return pbe.decrypt(algorithm, data.of(der.OCTETS).content, self.password, self.spend)


def _bag_of(kind: str, value: bytes, *attributes: bytes) -> bytes:
    tail = [der.write(der.SET, *attributes)] if attributes else []
    return der.write(der.SEQUENCE, der.write_oid(kind), der.write(der.CONTEXT, value), *tail)


def _attribute(kind: str, value: bytes) -> bytes:
    return der.write(der.SEQUENCE, der.write_oid(kind), der.write(der.SET, value))


def _certificate_bag(certificate: Certificate, *attributes: bytes) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    octets = der.write(der.OCTETS, certificate.public_bytes(Encoding.DER))
    value = der.write(der.SEQUENCE, der.write_oid(_X509), der.write(der.CONTEXT, octets))
    return _bag_of(_CERTIFICATE_BAG, value, *attributes)


def write_key_store(key: Any, certificates: list[Certificate], password: str, random: Random) -> bytes:
    """A file with a key, its certificate first, and the certificates above it. Raises MaterialError."""
    from cryptography.hazmat.primitives.serialization import Encoding

    fingerprint = hashlib.sha1(certificates[0].public_bytes(Encoding.DER), usedforsecurity=False).digest()
    identifier = _attribute(_LOCAL_KEY_ID, der.write(der.OCTETS, fingerprint))
    bags = [_certificate_bag(certificates[0], identifier), *map(_certificate_bag, certificates[1:])]
    algorithm, text = pbe.encrypt(pkcs8(key), password, random(_SALT), random(16), _ROUNDS)
    shrouded = der.write(der.SEQUENCE, algorithm, der.write(der.OCTETS, text))
    keys = der.write(der.SEQUENCE, _bag_of(_SHROUDED_BAG, shrouded, identifier))
    return _file([_encrypted(bags, password, random), _info(_DATA, der.write(der.OCTETS, keys))], password, random)


def write_trust_store(certificates: list[Certificate], password: str, random: Random) -> bytes:
    """A file of certificates that Java takes for trusted. Raises MaterialError."""
    trusted = _attribute(_JAVA_TRUST, der.write_oid(_ANY_USAGE))
    bags = [
        _certificate_bag(certificate, *sorted((trusted, _attribute(_FRIENDLY_NAME, _friendly_name(certificate)))))
        for certificate in certificates
    ]
    return _file([_encrypted(bags, password, random)], password, random)


def _friendly_name(certificate: Certificate) -> bytes:
    return der.write(der.BMP_STRING, certificate.subject.rfc4514_string().encode("utf-16-be"))


def _info(kind: str, content: bytes) -> bytes:
    return der.write(der.SEQUENCE, der.write_oid(kind), der.write(der.CONTEXT, content))


def _encrypted(bags: list[bytes], password: str, random: Random) -> bytes:
    algorithm, text = pbe.encrypt(der.write(der.SEQUENCE, *bags), password, random(_SALT), random(16), _ROUNDS)
    info = der.write(der.SEQUENCE, der.write_oid(_DATA), algorithm, der.write(der.CONTEXT_PRIMITIVE, text))
    return _info(_ENCRYPTED, der.write(der.SEQUENCE, der.write_integer(0), info))


def _file(parts: list[bytes], password: str, random: Random) -> bytes:
    safe = der.write(der.SEQUENCE, *parts)
    mac = pbe.checksum(safe, password, random(_SALT), _ROUNDS)
    return der.write(der.SEQUENCE, der.write_integer(3), _info(_DATA, der.write(der.OCTETS, safe)), mac)
