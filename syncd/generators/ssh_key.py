"""SSH key pairs: the private key as OpenSSH writes it, the public one as a line of `authorized_keys`.

Semantics: external-secrets, whose private keys hold the comment too.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from syncd.errors import RenderError
from syncd.manifests.generators import KeyType, SshKeySpec

_RSA_BITS = 2048
_SHORTEST = 1024
_EXPONENT = 65537
_CURVES: dict[int, type[ec.EllipticCurve]] = {256: ec.SECP256R1, 384: ec.SECP384R1, 521: ec.SECP521R1}

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def generate(spec: SshKeySpec) -> dict[str, bytes]:
    """`privateKey` and `publicKey`. Raises RenderError when there is no key of that size."""
    key = _private(spec)
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    line = b" ".join(part for part in (public, spec.comment.encode()) if part)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return {"privateKey": private, "publicKey": line + b"\n"}


def _private(spec: SshKeySpec) -> PrivateKey:
    match spec.key_type:
        case KeyType.ED25519:
            return ed25519.Ed25519PrivateKey.generate()
        case KeyType.ECDSA:
            return ec.generate_private_key(_CURVES.get(spec.key_size or 0, ec.SECP256R1)())
    bits = spec.key_size or _RSA_BITS
    if bits < _SHORTEST:
        raise RenderError(f"an RSA key of {bits} bits is too short", hint="set `keySize: 2048` or more")
    return rsa.generate_private_key(_EXPONENT, bits)
