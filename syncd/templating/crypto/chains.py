"""The order of certificates in a chain, by their key identifiers; nothing is verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd.templating.crypto.keys import MaterialError, load_certificate
from syncd.templating.crypto.pem import blocks

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


def subject_key(certificate: Certificate) -> bytes | None:
    """The subject key identifier, if there is one."""
    from cryptography.x509 import ExtensionNotFound, SubjectKeyIdentifier

    try:
        return certificate.extensions.get_extension_for_class(SubjectKeyIdentifier).value.digest
    except ExtensionNotFound:
        return None


def authority_key(certificate: Certificate) -> bytes | None:
    """The authority key identifier, if there is one."""
    from cryptography.x509 import AuthorityKeyIdentifier, ExtensionNotFound

    try:
        return certificate.extensions.get_extension_for_class(AuthorityKeyIdentifier).value.key_identifier
    except ExtensionNotFound:
        return None


def is_root(certificate: Certificate) -> bool:
    authority = authority_key(certificate)
    return authority is None or authority == (subject_key(certificate) or b"")


def read_chain(text: bytes) -> list[Certificate]:
    """The certificates of a text from leaf to root. Raises MaterialError."""
    return ordered([load_certificate(block.content) for block in blocks(text)[0]])


def ordered(certificates: list[Certificate]) -> list[Certificate]:
    """The certificates from leaf to root. Raises MaterialError unless they are one chain."""
    subjects = [subject_key(certificate) or b"" for certificate in certificates]
    parents: list[int | None] = []
    for at, certificate in enumerate(certificates):
        authority = authority_key(certificate) or b""
        parents.append(next((index for index, key in enumerate(subjects) if index != at and key == authority), None))
    leaves = [at for at in range(len(certificates)) if at not in parents]
    if len(leaves) > 1:
        raise MaterialError("there are several leaves, or certificates of several chains")
    if not leaves:
        raise MaterialError("there is no leaf certificate")
    chain: list[Certificate] = []
    following: int | None = leaves[0]
    while following is not None:
        if len(chain) == len(certificates):
            raise MaterialError("the certificates sign each other in a circle")
        chain.append(certificates[following])
        following = parents[following]
    return chain
