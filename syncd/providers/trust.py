"""The certificate authority that a store's manifest trusts: `caBundle` or `caProvider`."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from syncd.providers.api import Credentials, Failure, StoreError
from syncd.providers.fields import Fields


@dataclass(frozen=True, slots=True)
class Trust:
    """Where the PEM of a certificate authority is; neither of both means the authorities of the machine."""

    bundle: str = ""
    kind: str = ""
    name: str = ""
    key: str = ""
    namespace: str | None = None
    path: str = ""

    def pem(self, credentials: Credentials) -> str:
        """The certificates as PEM, `""` for the machine's own. Raises StoreError."""
        text = self.bundle
        if not text and self.kind == "Secret":
            text = credentials.secret_key(self.name, self.key, self.namespace).reveal().decode(errors="replace")
        elif not text and self.kind == "ConfigMap":
            text = credentials.configmap_key(self.name, self.key, self.namespace)
        if text and "-----BEGIN CERTIFICATE-----" not in text:
            raise StoreError(Failure.MISCONFIGURED, f"{self.path}: holds no PEM certificate")
        return text


def read_trust(fields: Fields) -> Trust:
    """Reads both fields from the mapping that has them; `caBundle` wins, as in External Secrets Operator."""
    if bundle := fields.text("caBundle"):
        return Trust(bundle=_decoded(bundle), path=f"{fields.path}.caBundle")
    provider = fields.child("caProvider")
    if provider is None:
        return Trust()
    return Trust(
        kind=provider.choice("type", "Secret", "ConfigMap"),
        name=provider.required("name"),
        key=provider.text("key", "ca.crt"),
        namespace=provider.text("namespace") or None,
        path=provider.path,
    )


def _decoded(bundle: str) -> str:
    """`caBundle` is base64 of PEM in the API; PEM itself is what people often write."""
    if "-----BEGIN" in bundle:
        return bundle
    try:
        return base64.b64decode("".join(bundle.split()), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return bundle
