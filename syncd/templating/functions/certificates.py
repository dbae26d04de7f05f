"""Sprig's keys and certificates; they are made anew at every rendering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from syncd.templating.calls import CallError, World, function
from syncd.templating.crypto.issuing import Request, issue
from syncd.templating.crypto.keys import MaterialError, load_certificate, load_pem_key, write_traditional
from syncd.templating.crypto.pem import next_block
from syncd.templating.golang.bases import BaseError, decode_base64
from syncd.templating.golang.text import decode
from syncd.templating.golang.values import Kind, Struct

_RSA_PRICE: Final = 40_000
_LARGE_RSA_PRICE: Final = 200_000
_DSA_PRICE: Final = 300_000


@dataclass(frozen=True, slots=True)
class Certificate(Struct):
    """A certificate and its private key, both PEM."""

    go_type: ClassVar[str] = "sprig.certificate"
    go_kind: ClassVar[Kind] = Kind.STRUCT
    visible: ClassVar[tuple[str, ...]] = ("Cert", "Key")

    cert: bytes
    key: bytes

    def fields(self) -> list[tuple[str, Any]]:
        return [("Cert", self.cert), ("Key", self.key)]


@function("genPrivateKey", deterministic=False, price=100)
def generate_private_key(world: World, kind: bytes) -> bytes:
    """A key of type `rsa` (4096 bits), `dsa`, `ecdsa` (P-256) or `ed25519`."""
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519

    match kind:
        case b"" | b"rsa":
            return write_traditional(_rsa(world, 4096, _LARGE_RSA_PRICE))
        case b"dsa":
            world.meter.spend(_DSA_PRICE)
            return write_traditional(dsa.generate_private_key(2048))
        case b"ecdsa":
            return write_traditional(ec.generate_private_key(ec.SECP256R1()))
        case b"ed25519":
            return write_traditional(ed25519.Ed25519PrivateKey.generate())
    return b"Unknown type " + kind


def _rsa(world: World, bits: int, price: int) -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    world.meter.spend(price)
    return rsa.generate_private_key(65537, bits)


def _new_key(world: World) -> Any:
    return _rsa(world, 2048, _RSA_PRICE)


def _given_key(text: bytes) -> Any:
    try:
        return load_pem_key(text)
    except MaterialError as problem:
        raise CallError(str(problem)) from None


def _strings(values: list[Any], what: str) -> list[str]:
    if not all(isinstance(value, bytes) for value in values):
        raise CallError(f"{what} is not a string")
    return [decode(value) for value in values]


def _request(name: bytes, addresses: list[Any], hosts: list[Any], days: int, *, authority: bool = False) -> Request:
    return Request(
        decode(name), _strings(addresses, "an address"), _strings(hosts, "a host name"), days, authority=authority
    )


def _issued(world: World, request: Request, key: Any, signer: Certificate | None = None) -> Certificate:
    try:
        return Certificate(issue(world.engine, request, key, _signer(signer)), write_traditional(key))
    except MaterialError as problem:
        raise CallError(str(problem)) from None


def _signer(signer: Certificate | None) -> tuple[Any, Any] | None:
    """Certificate and key of who signs."""
    if signer is None:
        return None
    block, _ = next_block(signer.cert)
    if block is None:
        raise MaterialError("the certificate of the authority is not PEM")
    return load_certificate(block.content), load_pem_key(signer.key)


@function("genCA", deterministic=False)
def generate_ca(world: World, name: bytes, days: int) -> Certificate:
    return _issued(world, _request(name, [], [], days, authority=True), _new_key(world))


@function("genCAWithKey", deterministic=False)
def generate_ca_with_key(world: World, name: bytes, days: int, key: bytes) -> Certificate:
    return _issued(world, _request(name, [], [], days, authority=True), _given_key(key))


@function("genSelfSignedCert", deterministic=False)
def generate_self_signed(world: World, name: bytes, addresses: list[Any], hosts: list[Any], days: int) -> Certificate:
    return _issued(world, _request(name, addresses, hosts, days), _new_key(world))


@function("genSelfSignedCertWithKey", deterministic=False)
def generate_self_signed_with_key(
    world: World, name: bytes, addresses: list[Any], hosts: list[Any], days: int, key: bytes
) -> Certificate:
    return _issued(world, _request(name, addresses, hosts, days), _given_key(key))


@function("genSignedCert", deterministic=False)
def generate_signed(
    world: World, name: bytes, addresses: list[Any], hosts: list[Any], days: int, authority: Certificate
) -> Certificate:
    return _issued(world, _request(name, addresses, hosts, days), _new_key(world), authority)


@function("genSignedCertWithKey", deterministic=False)
def generate_signed_with_key(
    world: World, name: bytes, addresses: list[Any], hosts: list[Any], days: int, authority: Certificate, key: bytes
) -> Certificate:
    return _issued(world, _request(name, addresses, hosts, days), _given_key(key), authority)


@function("buildCustomCert")
def build_custom_cert(certificate: bytes, key: bytes) -> Certificate:
    """A certificate and a key, given in base64, for `genSignedCert`."""
    try:
        cert, private = decode_base64(certificate), decode_base64(key)
    except BaseError:
        raise CallError("the certificate or the key is not base64") from None
    block, _ = next_block(cert)
    if block is None:
        raise CallError("the certificate is not PEM")
    try:
        load_certificate(block.content)
    except MaterialError as problem:
        raise CallError(str(problem)) from None
    _given_key(private)
    return Certificate(cert, private)
