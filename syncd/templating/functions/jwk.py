"""External Secrets' functions that turn JSON web keys into PEM."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from syncd.templating.calls import CallError, World, function

_CURVES: Final = (None, "P-256", "P-384", "P-521", "Ed25519")
_NAMES: Final = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_SECRETS: Final = {"RSA": ("d", "p", "q", "dp", "dq", "qi"), "EC": ("d",), "OKP": ("d",)}
_TEXTS: Final = ("kty", "kid", "alg", "use", "x5u", "x5t", "x5t#S256")
_LISTS: Final = ("key_ops", "x5c")
_PRICE: Final = 500
_BLANKS: Final = " \t\r\n"


def _fields(text: bytes) -> dict[str, Any]:
    """The members of the key that are numbers or say what they are; what follows the key is not looked at."""
    try:
        fields, _ = json.JSONDecoder().raw_decode(text.decode("utf-8", "replace").lstrip(_BLANKS))
    except (ValueError, RecursionError):
        raise CallError("the text is not JSON") from None
    if not isinstance(fields, dict) or not _well_formed(fields):
        raise CallError("the text is not a JSON web key")
    kind = fields.get("kty")
    if kind not in _NAMES or (kind != "RSA" and fields.get("crv") not in _CURVES):
        raise CallError("keys of this type have no PEM")
    names = ("kty", *_NAMES[kind], *(_SECRETS[kind] if "d" in fields else ()))
    return {name: fields[name] for name in names if name in fields}


def _well_formed(fields: dict[str, Any]) -> bool:
    """Whether what is not part of the key has the right types at least."""
    texts = [fields.get(name, "") for name in _TEXTS]
    lists = [fields.get(name, []) for name in _LISTS]
    return all(isinstance(text, str) for text in texts) and all(isinstance(items, list) for items in lists)


def _read(number: Any) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(str(number) + "=="), "big")


def _written(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def _completed(fields: dict[str, Any]) -> dict[str, Any]:
    """An RSA key with the numbers that follow from its primes; those are required."""
    if fields["kty"] != "RSA" or "d" not in fields:
        return fields
    first, second, exponent = (_read(fields[name]) for name in ("p", "q", "d"))
    derived = {
        "dp": exponent % (first - 1),
        "dq": exponent % (second - 1),
        "qi": pow(second, -1, first),
    }
    return {name: _written(number) for name, number in derived.items()} | fields


def _pem(world: World, text: bytes, *, private: bool) -> bytes:
    from jwcrypto.common import JWException
    from jwcrypto.jwk import JWK

    # The numbers of an RSA key are checked for primality, which takes more than linear time.
    world.meter.spend((len(text) >> 6) ** 2)
    fields = _fields(text)
    if private is not ("d" in fields):
        raise CallError(f"the key is a {'public' if private else 'private'} one")
    try:
        return bytes(JWK(**_completed(fields)).export_to_pem(private_key=private, password=None))
    except (JWException, ValueError, TypeError, KeyError, ZeroDivisionError, OverflowError):
        raise CallError("the key is not valid") from None


@function("jwkPublicKeyPem", price=_PRICE)
def jwk_public_key_pem(world: World, text: bytes) -> bytes:
    return _pem(world, text, private=False)


@function("jwkPrivateKeyPem", price=_PRICE)
def jwk_private_key_pem(world: World, text: bytes) -> bytes:
    return _pem(world, text, private=True)
