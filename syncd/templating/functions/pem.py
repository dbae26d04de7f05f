"""External Secrets' functions on PEM text."""

from __future__ import annotations

from syncd.templating.calls import CallError, World, function
from syncd.templating.crypto import chains
from syncd.templating.crypto.keys import MaterialError, certificate_pem, load_certificate, load_private_key
from syncd.templating.crypto.pem import blocks, next_block, trim_junk
from syncd.templating.golang.text import decode
from syncd.templating.golang.values import Strings

_PACE = 16


@function("filterPEM", pace=_PACE)
def filter_pem(label: bytes, text: bytes) -> bytes:
    """The blocks with that label, whatever its case."""
    wanted = decode(label).casefold()
    found, rest = blocks(trim_junk(text))
    kept = b"".join(block.encode() for block in found if decode(block.label).casefold() == wanted)
    if not kept and rest:
        raise CallError("the text is not PEM")
    return kept


@function("filterCertChain", price=200, pace=_PACE)
def filter_cert_chain(which: bytes, text: bytes) -> bytes:
    """The `leaf`, the `intermediate` certificates or the `root` of a chain; nothing, when it has none."""
    try:
        chain = chains.read_chain(text)
        if which == b"leaf":
            return b"" if chains.is_root(chain[0]) else certificate_pem(chain[0])
        if which == b"root":
            return certificate_pem(chain[-1]) if chains.is_root(chain[-1]) else b""
        if which != b"intermediate":
            return b""
        roots = [at for at, certificate in enumerate(chain) if at and chains.is_root(certificate)]
        return b"".join(map(certificate_pem, chain[1 : roots[0] if roots else len(chain)]))
    except MaterialError as problem:
        raise CallError(str(problem)) from None


@function("certSANs", price=100, pace=_PACE)
def cert_sans(text: bytes) -> Strings:
    """The names a certificate is for: host names, addresses, e-mail addresses, URIs."""
    from cryptography import x509

    block, _ = next_block(trim_junk(text))
    if block is None:
        raise CallError("the text is not PEM")
    try:
        certificate = load_certificate(block.content)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except MaterialError as problem:
        raise CallError(str(problem)) from None
    except x509.ExtensionNotFound:
        return Strings()
    kinds = (x509.DNSName, x509.IPAddress, x509.RFC822Name, x509.UniformResourceIdentifier)
    return Strings(str(name).encode() for kind in kinds for name in names.get_values_for_type(kind))


@function("rsaDecrypt", price=2000, pace=_PACE)
def rsa_decrypt(world: World, scheme: bytes, digest: bytes, text: bytes, key: bytes) -> bytes:
    """Decrypts with RSA-OAEP; the scheme `None` gives the text as it is."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    if scheme == b"None":
        return text
    if scheme != b"RSA-OAEP":
        raise CallError("the scheme is neither `None` nor `RSA-OAEP`")
    block, _ = next_block(key)
    if block is None:
        raise CallError("the private key is not PEM")
    try:
        private = load_private_key(block.content)
    except MaterialError as problem:
        raise CallError(str(problem)) from None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise CallError("the private key is not an RSA key")
    world.meter.spend((private.key_size >> 8) ** 3)
    digests: dict[bytes, type[hashes.HashAlgorithm]] = {b"SHA1": hashes.SHA1, b"SHA512": hashes.SHA512}
    kind = digests.get(digest, hashes.SHA256)()
    try:
        return private.decrypt(text, padding.OAEP(padding.MGF1(kind), kind, None))
    except ValueError:
        raise CallError("the text cannot be decrypted with this key") from None
