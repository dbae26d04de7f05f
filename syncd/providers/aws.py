"""The provider `aws`: Secrets Manager and Parameter Store."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from syncd.providers.api import Credentials, Provider, StoreConfig
from syncd.providers.aws_config import read_config, read_identity
from syncd.providers.extras import extra
from syncd.providers.fields import Fields
from syncd.providers.identities import RequestIdentity

_extra = partial(extra, "aws", "boto3", "botocore", provider="aws")


class AwsPlugin:
    """`spec.provider.aws`."""

    name: ClassVar[str] = "aws"
    ambient: ClassVar[str] = "the credentials that AWS's own tools find"

    @classmethod
    def open(cls, store: StoreConfig, credentials: Credentials) -> Provider:
        """Raises StoreError (MISCONFIGURED) for a wrong field, MissingExtra without boto3. Nothing is asked yet."""
        config = read_config(store)
        with _extra():
            from syncd.providers.aws_store import AwsStore
        return AwsStore(config, store, credentials)

    @classmethod
    def identity(cls, fields: Fields, store: StoreConfig) -> RequestIdentity:
        """For stores of other providers. Raises StoreError (MISCONFIGURED), MissingExtra. Nothing is asked yet."""
        identity = read_identity(fields, store)
        with _extra():
            from syncd.providers.aws_identity import CallerIdentity
        return CallerIdentity(identity)
