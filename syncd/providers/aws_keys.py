"""The keys that a store signs with: out of a Secret, for a service account's token, or of one role after another.

Which identity may do what is as in External Secrets Operator; only `role` carries the external id and the tags.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import Credentials as Keys
from botocore.credentials import DeferredRefreshableCredentials, ReadOnlyCredentials

from syncd.metrics import api_call
from syncd.providers.api import Credentials, Failure, StoreError
from syncd.providers.aws_clients import keys_of, new_client
from syncd.providers.aws_config import AccountAuth, AwsIdentity, KeysAuth, Role
from syncd.providers.aws_errors import Asked, nonsense
from syncd.providers.aws_exceptions import EXCEPTIONS, from_exception
from syncd.providers.aws_shared import Shared

ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
AUDIENCE_ANNOTATION = "eks.amazonaws.com/audience"
AUDIENCE = "sts.amazonaws.com"

_KEPT = timedelta(minutes=30)
"""How long keys out of a Secret are used before it must be read again; botocore does so at half of that."""
_Fetched = dict[str, Any]
"""Keys as botocore wants them when it refreshes them."""


class KeyChain:
    """Makes the keys of one store; `outside` is the session that STS is called in, with what the machine has."""

    def __init__(self, config: AwsIdentity, credentials: Credentials, outside: boto3.Session) -> None:
        self._config = config
        self._credentials = credentials
        self._outside = outside

    def keys(self) -> Keys | None:
        """Those of the last role, or of the first identity; None for what the machine has. Nothing is asked yet."""
        keys: Keys | None = None
        who = str(self._config.auth)
        match self._config.auth:
            case KeysAuth() as secret:
                keys = _refreshed(partial(self._read, secret))
            case AccountAuth() as account:
                keys = _refreshed(partial(self._with_token, account))
        for role in self._config.roles:
            keys = _refreshed(partial(self._assumed, role, keys, who))
            who = f"role `{role.arn}`"
        return keys

    def _read(self, auth: KeysAuth) -> _Fetched:
        token = auth.session_token
        return {
            "access_key": auth.access_key_id.text(self._credentials),
            "secret_key": auth.secret_access_key.text(self._credentials),
            "token": token.text(self._credentials) if token else None,
            "expiry_time": (datetime.now(UTC) + _KEPT).isoformat(),
        }

    def _with_token(self, auth: AccountAuth) -> _Fetched:
        """IRSA: the role that a service account's annotation names, for a token of that account."""
        account = auth.account
        annotations = self._credentials.service_account_annotations(account.name, account.namespace)
        role = annotations.get(ROLE_ANNOTATION)
        if not role:
            message = f"{account} names no IAM role"
            raise StoreError(Failure.MISCONFIGURED, message, hint=f"annotate it with `{ROLE_ANNOTATION}`")
        audiences = (annotations.get(AUDIENCE_ANNOTATION) or AUDIENCE, *account.audiences)
        token = self._credentials.service_account_token(account.name, audiences, account.namespace)
        asked = Asked("sts:AssumeRoleWithWebIdentity", role, str(auth))
        unsigned = {"config": Config(signature_version=UNSIGNED)}
        return self._session_keys(asked, unsigned, RoleArn=role, WebIdentityToken=token.reveal().decode())

    def _assumed(self, role: Role, before: Keys | None, who: str) -> _Fetched:
        keys: ReadOnlyCredentials = (before or keys_of(self._outside, who)).get_frozen_credentials()
        signed = {
            "aws_access_key_id": keys.access_key,
            "aws_secret_access_key": keys.secret_key,
            "aws_session_token": keys.token,
        }
        parameters: dict[str, Any] = {
            "ExternalId": role.external_id,
            "Tags": [{"Key": key, "Value": value} for key, value in role.tags.items()],
            "TransitiveTagKeys": list(role.transitive) if role.tags else [],
        }
        given = {name: value for name, value in parameters.items() if value}
        return self._session_keys(Asked("sts:AssumeRole", role.arn, who), signed, RoleArn=role.arn, **given)

    def _session_keys(self, asked: Asked, options: Mapping[str, Any], **parameters: Any) -> _Fetched:
        """Keys for an hour, by a client that lives as long as the call."""
        parameters["RoleSessionName"] = self._config.session_name
        client: Any = new_client(self._outside, "sts", asked, **options)
        with closing(client) as sts:
            call = sts.assume_role_with_web_identity if "WebIdentityToken" in parameters else sts.assume_role
            try:
                with api_call("AWS/STS", asked.action.removeprefix("sts:")):
                    answer = call(**parameters)["Credentials"]
                return {
                    "access_key": answer["AccessKeyId"],
                    "secret_key": answer["SecretAccessKey"],
                    "token": answer["SessionToken"],
                    "expiry_time": answer["Expiration"].isoformat(),
                }
            except EXCEPTIONS as error:
                raise from_exception(error, asked) from None
            except (AttributeError, KeyError, TypeError, ValueError):
                raise nonsense(asked) from None


def _refreshed(fetch: Callable[[], _Fetched]) -> Keys:
    """Keys that are fetched at first use, and again when they near their end; botocore has a lock around that."""
    return DeferredRefreshableCredentials(refresh_using=Shared(fetch), method="syncd")
