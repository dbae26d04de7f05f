"""Where the engine once differed from Go, a case per class."""

from __future__ import annotations

import pytest

from tests.templating.rendering import failure, rendered

_KEY = '{"kty":"OKP","crv":"Ed25519","x":"J7pfTF6rkItxDh_in4v1JUr4f0DhausKdbr30IA9JCg"}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{{ (toDate "MST" "GMT+3").Format "2006-01-02 15:04 MST" }}', "0000-01-01 03:00 GMT+3"),
        ('{{ toDate "MST" "GMT+3" | date "2006-01-02 15:04 MST" }}', "0000-01-01 00:00 UTC"),
        ('{{ (mustToDate "2006-01-02 MST" "2024-02-29 GMT+3").Unix }}', "1709164800"),
        ('{{ htmlDate (int64 "-9223372036854775808") }}', "292277026596-12-04"),
        ("{{ seq 0 9223372036854775807 9223372036854775807 }}", ""),
        ('{{ len (toDate "2006-01-02" "2024-02-29").MarshalText }}', "20"),
        (f"{{{{ jwkPublicKeyPem ` {_KEY} x` | trunc 26 }}}}", "-----BEGIN PUBLIC KEY-----"),
    ],
)
def test_what_go_gives(text: str, expected: str) -> None:
    """Found by comparing thousands of calls with the originals."""
    assert expected == rendered(text)


@pytest.mark.parametrize("odd", ['"crv":["P-256"]', '"key_ops":"sign"', '"x5c":"x"', '"kid":1', '"kty":[]', '"x5t":{}'])
def test_odd_members_of_a_key_are_refused(odd: str) -> None:
    """Also those that no PEM needs."""
    key = _KEY.removesuffix("}") + f",{odd}}}"
    assert "exec" == failure(f"{{{{ jwkPublicKeyPem `{key}` }}}}").kind


def test_members_of_other_types_of_keys_do_not_matter() -> None:
    """A key has only what its type has."""
    key = _KEY.removesuffix("}") + ',"n":1,"p":[],"y":true}'
    assert "-----BEGIN" == rendered(f"{{{{ jwkPublicKeyPem `{key}` | trunc 10 }}}}")


@pytest.mark.parametrize(
    "call",
    ["until -9223372036854775808", "untilStep -9223372036854775808 9223372036854775807 1"],
)
def test_endless_lists_reach_the_limit(call: str) -> None:
    """However far the bounds are apart."""
    assert "limit" == failure(f"{{{{ {call} }}}}").kind
