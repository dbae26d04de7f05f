"""The checksum is that of the standard."""

from __future__ import annotations

import pytest

from syncd.providers.gcp_crc32c import crc32c


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_vectors(data: bytes, expected: int) -> None:
    """The examples of RFC 3720, B.4."""
    assert expected == crc32c(data)
