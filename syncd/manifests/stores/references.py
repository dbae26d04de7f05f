"""How a store refers to Secrets, ConfigMaps and service accounts of the cluster."""

from __future__ import annotations

import base64
import binascii
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from syncd.manifests.fields import DataKey, Model, Name, Namespace, refused


def _base64(text: str) -> str:
    if not text:
        raise refused("must not be empty", hint="leave the field out")
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        raise refused("not base64") from None
    return text


Base64 = Annotated[str, AfterValidator(_base64)]


class SecretKeyRef(Model):
    """One key of a Secret. Providers have defaults for what is left out."""

    name: Name | None = None
    key: DataKey | None = None
    namespace: Namespace | None = None


class NamedSecretKeyRef(Model):
    name: Name
    key: DataKey
    namespace: Namespace | None = None


class SecretRef(Model):
    name: Name
    namespace: Namespace | None = None


class ServiceAccountRef(Model):
    name: Name
    namespace: Namespace | None = None
    audiences: tuple[str, ...] = ()


class CaProviderType(StrEnum):
    SECRET = "Secret"  # noqa: S105 -- the name of a kind
    CONFIG_MAP = "ConfigMap"


class CaProvider(Model):
    """Where the certificates stand that a server is checked against."""

    type: CaProviderType
    name: Name
    key: DataKey | None = None
    namespace: Namespace | None = None


Reference = SecretKeyRef | NamedSecretKeyRef | SecretRef | ServiceAccountRef | CaProvider
