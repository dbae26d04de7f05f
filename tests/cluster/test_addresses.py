"""An address is shown without the credentials in it."""

from __future__ import annotations

import pytest

from syncd.cluster.addresses import shown


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://vault.example.com:8200", "https://vault.example.com:8200"),
        ("https://vault.example.com/vault", "https://vault.example.com/vault"),
        ("https://ann:pw@vault.example.com", "https://vault.example.com"),
        ("https://ann:p/w@x@vault.example.com/v", "https://vault.example.com/v"),
        ("https://ann:pw@[::1", "https://[::1"),
        ("https://vault.example.com?token=pw", "https://vault.example.com"),
        ("https://ann:p?w@vault.example.com#pw", "https://vault.example.com"),
        ("", ""),
    ],
)
def test_shown(url: str, expected: str) -> None:
    """User, password and query go, also from what is no valid address."""
    assert expected == shown(url)
