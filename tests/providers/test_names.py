"""Names are matched as RE2 searches."""

from __future__ import annotations

import pytest

from syncd.providers.api import Failure, StoreError
from syncd.providers.names import name_matcher


@pytest.mark.parametrize(
    ("expression", "name", "expected"),
    [
        ("", "anything", True),
        ("ret", "secret", True),
        ("^ret", "secret", False),
        ("(?i)SEC", "secret", True),
        ("^a$", "a\n", False),
        ("é", "café", True),
    ],
)
def test_matches(expression: str, name: str, expected: bool) -> None:
    """Anywhere in the name, unless anchored; `$` is the very end."""
    assert expected is name_matcher(expression)(name)


@pytest.mark.parametrize("expression", ["(", "(?=a)", r"(a)\1"])
def test_what_is_no_expression_is_a_mistake(expression: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The expression is shown, and RE2's own log line is kept quiet."""
    with pytest.raises(StoreError, match="is not a regular expression") as raised:
        name_matcher(expression)
    assert Failure.MISCONFIGURED == raised.value.failure
    assert ("", "") == capfd.readouterr()
