"""External Secrets' functions that turn JSON web keys into PEM."""

from __future__ import annotations

from typing import Any, Final

from syncd.templating.calls import CallError, World, function

_CURVES: Final = frozenset((None, "P-256", "P-384", "P-521", "Ed25519"))
_PRICE: Final = 500


def _key(world: World, text: bytes) -> Any:
    """The key; RSA, elliptic curve or Ed25519."""
    from jwcrypto.common import JWException
    from jwcrypto.jwk import JWK

    # The numbers of an RSA key are checked for primality, which takes more than linear time.
    world.meter.spend((len(text) >> 6) ** 2)
    try:
        key = JWK.from_json(text.decode())
    except (JWException, ValueError, TypeError, AttributeError, KeyError):
        raise CallError("the text is not a JSON web key") from None
    if key.get("kty") not in ("RSA", "EC", "OKP") or key.get("crv") not in _CURVES:
        raise CallError("keys of this type have no PEM")
    return key


def _pem(key: Any, *, private: bool) -> bytes:
    from jwcrypto.common import JWException

    try:
        return bytes(key.export_to_pem(private_key=private, password=None))
    except (JWException, ValueError, TypeError):
        raise CallError("the key is not valid") from None


@function("jwkPublicKeyPem", price=_PRICE)
def jwk_public_key_pem(world: World, text: bytes) -> bytes:
    key = _key(world, text)
    if key.has_private:
        raise CallError("the key is a private one")
    return _pem(key, private=False)


@function("jwkPrivateKeyPem", price=_PRICE)
def jwk_private_key_pem(world: World, text: bytes) -> bytes:
    key = _key(world, text)
    if not key.has_private:
        raise CallError("the key is a public one")
    if key["kty"] == "RSA" and not (key.get("p") and key.get("q")):
        raise CallError("the key lacks its primes")
    return _pem(key, private=True)
