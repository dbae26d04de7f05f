"""External Secrets' functions on PKCS#12 files."""

from __future__ import annotations

import base64
from contextlib import suppress

from syncd.templating.calls import CallError, World, function
from syncd.templating.crypto import chains, pkcs12
from syncd.templating.crypto.keys import (
    MaterialError,
    all_certificates,
    certificate_pem,
    load_certificate,
    load_private_key,
    write_pkcs8,
)
from syncd.templating.crypto.pem import next_block
from syncd.templating.crypto.pkcs12 import Contents
from syncd.templating.golang.text import runes

_PACE = 16
_PRICE = 2000


def _loaded(world: World, password: bytes, data: bytes) -> Contents:
    try:
        return pkcs12.load(data, runes(password), world.meter.spend)
    except MaterialError as problem:
        raise CallError(str(problem)) from None


@function("pkcs12keyPass", price=_PRICE, pace=_PACE)
def pkcs12_key_pass(world: World, password: bytes, data: bytes) -> bytes:
    """The private key of a file, as PKCS#8."""
    return write_pkcs8(_loaded(world, password, data).key)


@function("pkcs12key", price=_PRICE, pace=_PACE)
def pkcs12_key(world: World, data: bytes) -> bytes:
    return pkcs12_key_pass(world, b"", data)


@function("pkcs12certPass", price=_PRICE, pace=_PACE)
def pkcs12_cert_pass(world: World, password: bytes, data: bytes) -> bytes:
    """The certificates of a file from leaf to root; in the order of the file when they are not one chain."""
    found = _loaded(world, password, data).certificates
    with suppress(MaterialError):
        found = chains.ordered(found)
    return b"".join(map(certificate_pem, found))


@function("pkcs12cert", price=_PRICE, pace=_PACE)
def pkcs12_cert(world: World, data: bytes) -> bytes:
    return pkcs12_cert_pass(world, b"", data)


def _key_store(world: World, text: bytes, key: bytes, password: bytes, *, full: bool) -> bytes:
    block, rest = next_block(text)
    key_block, _ = next_block(key)
    if block is None or key_block is None:
        raise CallError("the certificate or the key is not PEM")
    try:
        certificates = [load_certificate(block.content), *(all_certificates(rest) if full else [])]
        private = load_private_key(key_block.content)
        data = pkcs12.write_key_store(private, certificates, runes(password), world.engine.random.randbytes)
    except MaterialError as problem:
        raise CallError(str(problem)) from None
    return base64.b64encode(data)


@function("pemToPkcs12", deterministic=False, price=_PRICE, pace=_PACE)
def pem_to_pkcs12(world: World, certificate: bytes, key: bytes) -> bytes:
    """A file with one certificate and its key, in base64."""
    return _key_store(world, certificate, key, b"", full=False)


@function("pemToPkcs12Pass", deterministic=False, price=_PRICE, pace=_PACE)
def pem_to_pkcs12_pass(world: World, certificate: bytes, key: bytes, password: bytes) -> bytes:
    return _key_store(world, certificate, key, password, full=False)


@function("fullPemToPkcs12", deterministic=False, price=_PRICE, pace=_PACE)
def full_pem_to_pkcs12(world: World, certificates: bytes, key: bytes) -> bytes:
    """A file with all certificates of the text, in base64."""
    return _key_store(world, certificates, key, b"", full=True)


@function("fullPemToPkcs12Pass", deterministic=False, price=_PRICE, pace=_PACE)
def full_pem_to_pkcs12_pass(world: World, certificates: bytes, key: bytes, password: bytes) -> bytes:
    return _key_store(world, certificates, key, password, full=True)


@function("pemTruststoreToPKCS12Pass", deterministic=False, price=_PRICE, pace=_PACE)
def pem_truststore_to_pkcs12_pass(world: World, certificates: bytes, password: bytes) -> bytes:
    """A file of trusted certificates, in base64."""
    try:
        data = pkcs12.write_trust_store(all_certificates(certificates), runes(password), world.engine.random.randbytes)
    except MaterialError as problem:
        raise CallError(str(problem)) from None
    return base64.b64encode(data)


@function("pemTruststoreToPKCS12", deterministic=False, price=_PRICE, pace=_PACE)
def pem_truststore_to_pkcs12(world: World, certificates: bytes) -> bytes:
    return pem_truststore_to_pkcs12_pass(world, certificates, b"")
