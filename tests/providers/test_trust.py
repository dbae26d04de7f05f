"""A store's authority comes out of the manifest, a Secret or a ConfigMap."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from syncd.providers.api import Failure, StoreError
from syncd.providers.fields import Fields
from syncd.providers.given import GivenCredentials
from syncd.providers.trust import read_trust

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
GIVEN = GivenCredentials({("ca", "ca.crt"): PEM, ("bad", "ca.crt"): "kanarie-trust-5"}, {("ca", "pem"): PEM})


def pem(**values: Any) -> str:
    return read_trust(Fields(values, "spec")).pem(GIVEN)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, ""),
        ({"caBundle": PEM}, PEM),
        ({"caBundle": base64.b64encode(PEM.encode()).decode()}, PEM),
        ({"caBundle": base64.encodebytes(PEM.encode()).decode()}, PEM),
        ({"caProvider": {"type": "Secret", "name": "ca"}}, PEM),
        ({"caProvider": {"type": "ConfigMap", "name": "ca", "key": "pem"}}, PEM),
        ({"caBundle": PEM, "caProvider": {"type": "Secret", "name": "bad"}}, PEM),
    ],
)
def test_sources(values: dict[str, Any], expected: str) -> None:
    """The bundle goes before the provider; nothing at all means the machine's own authorities."""
    assert expected == pem(**values)


@pytest.mark.parametrize("values", [{"caBundle": "bm8="}, {"caProvider": {"type": "Secret", "name": "bad"}}])
def test_what_is_no_certificate_is_a_mistake(values: dict[str, Any]) -> None:
    """It is named by its field, and not shown."""
    with pytest.raises(StoreError, match=r"spec\.ca(Bundle|Provider): holds no PEM certificate") as raised:
        pem(**values)
    assert Failure.MISCONFIGURED == raised.value.failure
    assert "kanarie" not in raised.value.message


def test_a_missing_secret_is_the_failure_of_the_credentials() -> None:
    """What the credentials say is handed on."""
    with pytest.raises(StoreError, match="Secret `nobody`"):
        pem(caProvider={"type": "Secret", "name": "nobody"})
