"""An identity of AWS for others: GetCallerIdentity, signed, which they ask of AWS in our stead."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from syncd.providers.api import Credentials
from syncd.providers.aws_clients import new_session, public_address
from syncd.providers.aws_config import AwsIdentity
from syncd.providers.aws_errors import Asked
from syncd.providers.aws_login import Login
from syncd.providers.identities import SignedRequest

_BODY = b"Action=GetCallerIdentity&Version=2011-06-15"


@dataclass(frozen=True, slots=True)
class CallerIdentity:
    """Implements `RequestIdentity`."""

    identity: AwsIdentity

    def __str__(self) -> str:
        return self.identity.identity

    def signed_get_caller_identity(
        self, headers: Mapping[str, str], credentials: Credentials, timeout: float
    ) -> SignedRequest:
        """AWS is asked for keys at most, by calls of `timeout` seconds. Raises StoreError."""
        asked = Asked("sts:GetCallerIdentity", "", str(self))
        with closing(Login(self.identity, credentials, timeout=timeout)) as login:
            keys = login.keys(asked)
        url = _address(self.identity.region, asked, timeout)
        return SignedRequest("POST", url, self._signed(url, keys, headers), _BODY)

    def _signed(self, url: str, keys: ReadOnlyCredentials, headers: Mapping[str, str]) -> dict[str, str]:
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", **headers}
        request: Any = AWSRequest("POST", url, headers=headers, data=_BODY)
        sign: Any = SigV4Auth(keys, "sts", self.identity.region)
        sign.add_auth(request)
        return dict(request.headers.items())


def _address(region: str, asked: Asked, timeout: float) -> str:
    """STS of a region; the one of `us-east-1` is the global one, which others ask unless told otherwise."""
    if region == "us-east-1":
        return "https://sts.amazonaws.com/"
    return public_address(new_session(region, timeout), "sts", asked) + "/"
