"""Where GCP's services are sought, and over which transport."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.providers.api import Failure, StoreError
from syncd.providers.gcp_endpoints import (
    Address,
    Service,
    Transport,
    address,
    authorities,
    metadata_server,
    proxies,
    transport,
)
from tests.servers.gcp import OWN_VARIABLES

SECRETS = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"
GOOGLES = Address("https", "secretmanager.googleapis.com:443")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No variable that counts here is set."""
    for name in (*OWN_VARIABLES, SECRETS, "GCE_METADATA_HOST", "GOOGLE_CLOUD_DISABLE_GRPC", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_googles_own_addresses() -> None:
    """Secret Manager has one for each region."""
    assert GOOGLES == address(Service.SECRETS)
    assert Address("https", "secretmanager.europe-west8.rep.googleapis.com:443") == address(
        Service.SECRETS, "europe-west8"
    )
    assert Address("https", "sts.googleapis.com:443") == address(Service.STS)
    assert Address("https", "iamcredentials.googleapis.com:443") == address(Service.IAM)
    assert Address("https", "securetoken.googleapis.com:443") == address(Service.SECURE_TOKEN)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://secretmanager-shop.p.googleapis.com/", "https://secretmanager-shop.p.googleapis.com:443"),
        ("secretmanager-shop.p.googleapis.com", "https://secretmanager-shop.p.googleapis.com:443"),
        ("http://127.0.0.1:8085", "http://127.0.0.1:8085"),
        ("http://fake", "http://fake:80"),
        ("https://[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_a_private_endpoint(bare: pytest.MonkeyPatch, given: str, expected: str) -> None:
    """The variable of gcloud stands before all regions."""
    bare.setenv(SECRETS, given)
    assert expected == str(address(Service.SECRETS, "europe-west8"))


@pytest.mark.parametrize("given", ["ftp://x", "https://x/gcp", "https://x:port", "https://"])
def test_what_is_no_endpoint(bare: pytest.MonkeyPatch, given: str) -> None:
    """The variable is named."""
    bare.setenv(SECRETS, given)
    with pytest.raises(StoreError) as raised:
        address(Service.SECRETS)
    assert Failure.MISCONFIGURED is raised.value.failure
    assert raised.value.message.startswith(SECRETS)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, Transport.GRPC),
        ({"HTTPS_PROXY": "http://proxy:3128"}, Transport.REST),
        ({"https_proxy": "http://proxy:3128"}, Transport.REST),
        ({"ALL_PROXY": "http://proxy:3128"}, Transport.REST),
        ({"HTTP_PROXY": "http://proxy:3128"}, Transport.GRPC),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "googleapis.com"}, Transport.GRPC),
        ({"HTTPS_PROXY": "http://proxy:3128", "GOOGLE_CLOUD_DISABLE_GRPC": "false"}, Transport.GRPC),
        ({"GOOGLE_CLOUD_DISABLE_GRPC": "true"}, Transport.REST),
    ],
)
def test_transport(bare: pytest.MonkeyPatch, variables: dict[str, str], expected: Transport) -> None:
    """gRPC, unless a proxy stands in the way or the variable of Google's libraries says otherwise."""
    for name, value in variables.items():
        bare.setenv(name, value)
    assert expected is transport(GOOGLES)


def test_proxies_leave_the_metadata_server_alone(bare: pytest.MonkeyPatch) -> None:
    """What `NO_PROXY` names is asked directly."""
    bare.setenv("HTTP_PROXY", "http://proxy:3128")
    bare.setenv("NO_PROXY", "metadata.google.internal")
    assert {} == proxies(metadata_server())
    assert {"http": "http://proxy:3128"} == proxies("http://elsewhere")


def test_authorities(bare: pytest.MonkeyPatch) -> None:
    """gcloud's variable goes before those of requests and curl."""
    assert authorities() is None
    bare.setenv("REQUESTS_CA_BUNDLE", "/requests.pem")
    assert Path("/requests.pem") == authorities()
    bare.setenv("CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", "/gcloud.pem")
    assert Path("/gcloud.pem") == authorities()
