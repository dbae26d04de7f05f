"""X.509 certificates as Sprig issues them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from syncd.templating.crypto.chains import subject_key
from syncd.templating.crypto.keys import MaterialError, certificate_pem
from syncd.templating.engine import Engine
from syncd.templating.golang.durations import SECOND

if TYPE_CHECKING:
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509 import CertificateBuilder, GeneralName, Name


@dataclass(frozen=True, slots=True)
class Request:
    """What a certificate is to say: common name, addresses, host names, days of life, whether it is an authority."""

    name: str
    addresses: list[str]
    hosts: list[str]
    days: int
    authority: bool = False


def issue(engine: Engine, request: Request, key: Any, signer: tuple[Any, Any] | None) -> bytes:
    """The certificate of a key as PEM, signed by itself or by an authority. Raises MaterialError."""
    certificate, signing_key = signer or (None, key)
    if certificate is not None and certificate.public_key() != signing_key.public_key():
        raise MaterialError("the key of the authority does not belong to its certificate")
    try:
        builder = _builder(engine, request, key, certificate)
        return certificate_pem(builder.sign(signing_key, _digest(signing_key)))
    except (ValueError, TypeError, OverflowError):
        raise MaterialError("no certificate can be made of these names, days and keys") from None


def _builder(engine: Engine, request: Request, key: Any, signer: Any) -> CertificateBuilder:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID as Usage

    subject = _name(request.name)
    start = datetime.fromtimestamp(engine.clock() // SECOND, UTC).replace(tzinfo=None)
    # All at once: one after the other, the days may not be negative, which the reference does not mind.
    builder = x509.CertificateBuilder(
        subject if signer is None else signer.subject,
        subject,
        key.public_key(),
        engine.random.getrandbits(128) or 1,
        start,
        start + timedelta(days=request.days),
    )
    builder = (
        builder.add_extension(_usage(authority=request.authority), critical=True)
        .add_extension(x509.ExtendedKeyUsage([Usage.SERVER_AUTH, Usage.CLIENT_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=request.authority, path_length=None), critical=True)
    )
    if request.authority:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    identifier = None if signer is None or signer.subject == subject else subject_key(signer)
    if identifier:
        builder = builder.add_extension(x509.AuthorityKeyIdentifier(identifier, None, None), critical=False)
    names = _names(request)
    return builder.add_extension(x509.SubjectAlternativeName(names), critical=False) if names else builder


def _name(common: str) -> Name:
    from cryptography.x509 import Name, NameAttribute
    from cryptography.x509.oid import NameOID

    # Not validated: longer names than 64 characters are in use, and the reference issues them.
    return Name([NameAttribute(NameOID.COMMON_NAME, common, _validate=False)] if common else [])


def _usage(*, authority: bool) -> Any:
    from cryptography.x509 import KeyUsage

    return KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=True,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _names(request: Request) -> list[GeneralName]:
    from cryptography.x509 import DNSName, IPAddress

    hosts: list[GeneralName] = [DNSName(host) for host in request.hosts]
    return hosts + [IPAddress(ipaddress.ip_address(address)) for address in request.addresses]


def _digest(key: Any) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    """What Go signs with: SHA-256, or more on larger curves; Ed25519 brings its own."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size > 256:
        return hashes.SHA384() if key.key_size == 384 else hashes.SHA512()
    return hashes.SHA256()
