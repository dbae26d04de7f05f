"""What is said when the library of a provider is not installed."""

from __future__ import annotations

import pytest

from syncd.errors import MissingExtra
from syncd.providers.extras import extra


@pytest.mark.parametrize("module", ["boto3", "boto3.session"])
def test_a_library_that_is_missing(module: str) -> None:
    """Or a part of it: the provider and the extra are named."""
    with pytest.raises(MissingExtra) as raised, extra("aws", "boto3", "botocore", provider="odd"):
        raise ModuleNotFoundError(name=module)
    assert ("provider `odd` needs a library that is not installed", "aws") == (str(raised.value), raised.value.extra)


@pytest.mark.parametrize("module", ["boto30", "syncd.providers.aws_stores", None])
def test_any_other_module_that_is_missing(module: str | None) -> None:
    """It is a bug, and no extra would help."""
    with pytest.raises(ModuleNotFoundError), extra("aws", "boto3", provider="aws"):
        raise ModuleNotFoundError(name=module)
