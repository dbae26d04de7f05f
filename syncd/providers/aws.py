"""The provider `aws`: Secrets Manager and Parameter Store."""

from __future__ import annotations

from typing import ClassVar

from syncd.errors import MissingExtra
from syncd.providers.api import Credentials, Provider, StoreConfig
from syncd.providers.aws_config import read_config


class AwsPlugin:
    """`spec.provider.aws`."""

    name: ClassVar[str] = "aws"
    ambient: ClassVar[str] = "the credentials that AWS's own tools find"

    @classmethod
    def open(cls, store: StoreConfig, credentials: Credentials) -> Provider:
        """Raises StoreError (MISCONFIGURED) for a wrong field, MissingExtra without boto3. Nothing is asked yet."""
        config = read_config(store)
        try:
            from syncd.providers.aws_store import AwsStore
        except ModuleNotFoundError as error:
            if error.name not in ("boto3", "botocore"):
                raise
            raise MissingExtra(cls.name, "aws") from error
        return AwsStore(config, store, credentials)
