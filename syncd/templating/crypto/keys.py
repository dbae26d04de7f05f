"""Private keys and certificates in the forms that Go's `crypto/x509` reads and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from syncd.templating.crypto import der
from syncd.templating.crypto.der import DERError
from syncd.templating.crypto.pem import next_block, pem_text

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_CURVES: Final = ("secp224r1", "secp256r1", "secp384r1", "secp521r1")
_LABELS: Final = {
    b"PRIVATE KEY": "PKCS#8",
    b"RSA PRIVATE KEY": "PKCS#1",
    b"EC PRIVATE KEY": "SEC 1",
    b"DSA PRIVATE KEY": "PKCS#1",
}


class MaterialError(ValueError):
    """A key or a certificate cannot be read or used; the message holds none of it."""


def _form(data: bytes) -> str:
    """Which of the three forms a private key is in, by its second value; "" for none."""
    try:
        parts = der.read_one(data).of(der.SEQUENCE).children()
    except DERError:
        return ""
    tag = parts[1].tag if len(parts) > 1 else 0
    return {der.SEQUENCE: "PKCS#8", der.INTEGER: "PKCS#1", der.OCTETS: "SEC 1"}.get(tag, "")


def load_private_key(data: bytes, form: str = "") -> Any:
    """The key in PKCS#8, PKCS#1 or SEC 1 form, or only in the form that is named. Raises MaterialError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    if form and _form(data) != form:
        raise MaterialError(f"the private key is not in {form} form")
    try:
        key = load_der_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise MaterialError("the private key cannot be read") from None
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name not in _CURVES:
        raise MaterialError("the private key is on an unknown curve")
    return key


def load_pem_key(text: bytes) -> Any:
    """The key in the first block, whose label says its form. Raises MaterialError."""
    block, _ = next_block(text)
    if block is None:
        raise MaterialError("there is no PEM block for the private key")
    if block.label not in _LABELS:
        raise MaterialError("the PEM block for the private key holds no private key")
    return load_private_key(block.content, _LABELS[block.label])


def write_pkcs8(key: Any) -> bytes:
    """The key as a block `PRIVATE KEY`."""
    return pem_text("PRIVATE KEY", pkcs8(key))


def pkcs8(key: Any) -> bytes:
    """The key's DER in PKCS#8."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return bytes(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def write_traditional(key: Any) -> bytes:
    """The key as a block that names its type, as OpenSSL used to; those without such a form as PKCS#8."""
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    labels = ((rsa.RSAPrivateKey, "RSA"), (ec.EllipticCurvePrivateKey, "EC"), (dsa.DSAPrivateKey, "DSA"))
    label = next((label for kind, label in labels if isinstance(key, kind)), "")
    if not label:
        return write_pkcs8(key)
    return pem_text(
        f"{label} PRIVATE KEY", key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )


def load_certificate(data: bytes) -> Certificate:
    """The certificate in DER. Raises MaterialError."""
    from cryptography.x509 import load_der_x509_certificate

    try:
        certificate = load_der_x509_certificate(data)
        certificate.extensions  # noqa: B018 - read late, and broken ones must be found here
    except ValueError:
        raise MaterialError("the certificate cannot be read") from None
    return certificate


def certificate_pem(certificate: Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return pem_text("CERTIFICATE", certificate.public_bytes(Encoding.DER))


def all_certificates(text: bytes) -> list[Certificate]:
    """Every block of a text as a certificate, with nothing behind the last one. Raises MaterialError."""
    found: list[Certificate] = []
    while text:
        block, text = next_block(text)
        if block is None:
            raise MaterialError("what follows a certificate is no PEM block")
        found.append(load_certificate(block.content))
    return found
