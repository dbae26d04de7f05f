"""Where the services of GCP are, and how they are reached: the variables that gcloud and Google's libraries know."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies

from syncd.providers.api import Failure, StoreError

DISABLE_GRPC = "GOOGLE_CLOUD_DISABLE_GRPC"
"""The variable of Google's Python libraries: `true` for REST, `false` for gRPC through a proxy too."""
_CA_FILES = ("CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class Service(StrEnum):
    """The values are the names that gcloud's endpoint overrides have."""

    SECRETS = "secretmanager"
    IAM = "iamcredentials"
    STS = "sts"
    SECURE_TOKEN = "securetoken"  # noqa: S105  # a host


class Transport(StrEnum):
    GRPC = "gRPC"
    REST = "REST"


@dataclass(frozen=True, slots=True)
class Address:
    """Scheme, host and port of a service."""

    scheme: str
    host: str
    """With the port."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def secure(self) -> bool:
        return self.scheme == "https"


def address(service: Service, location: str = "") -> Address:
    """Google's own address, that of a region, or the one that gcloud's variable gives. Raises StoreError."""
    variable = override_variable(service)
    if given := os.environ.get(variable):
        return _parsed(given, variable)
    region = f".{location}.rep" if location else ""
    return Address("https", f"{service}{region}.googleapis.com:443")


def override_variable(service: Service) -> str:
    return f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{service.value.upper()}"


def transport(secrets: Address) -> Transport:
    """gRPC, unless it is switched off, or a proxy stands in the way and nothing was said."""
    said = os.environ.get(DISABLE_GRPC, "").strip().lower()
    if said:
        return Transport.REST if said in ("true", "1", "yes") else Transport.GRPC
    return Transport.REST if proxies(str(secrets)) else Transport.GRPC


def proxies(url: str) -> dict[str, str]:
    """The proxies that the environment names for this address; none for what `NO_PROXY` excepts."""
    schemes = (urlsplit(url).scheme, "all")
    return {scheme: proxy for scheme, proxy in get_environ_proxies(url).items() if scheme in schemes}


def metadata_server() -> str:
    """The metadata server of Google's machines; the variable is that of Google's libraries."""
    return f"http://{os.environ.get('GCE_METADATA_HOST') or 'metadata.google.internal'}"


def authorities() -> Path | None:
    """The file of certificate authorities that is to be trusted alone, if one is named."""
    return next((Path(path) for path in map(os.environ.get, _CA_FILES) if path), None)


def _parsed(given: str, variable: str) -> Address:
    parts = urlsplit(given if "://" in given else f"https://{given}")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or parts.path.strip("/"):
        message = f"{variable} is no address of the form https://host:port"
        raise StoreError(Failure.MISCONFIGURED, message)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(parts.scheme, f"{host}:{port or (443 if parts.scheme == 'https' else 80)}")
