"""The credentials of a store, refreshed before they end, and the clients that sign with them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
from botocore import UNSIGNED, xform_name
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials as Keys
from botocore.credentials import DeferredRefreshableCredentials, ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError
from botocore.loaders import Loader
from botocore.session import Session

from syncd.providers.api import Credentials, Failure, StoreError
from syncd.providers.aws_codes import Reason
from syncd.providers.aws_config import AccountAuth, AwsConfig, KeysAuth, Role, endpoint_override
from syncd.providers.aws_errors import Asked, AwsError, nonsense
from syncd.providers.aws_exceptions import EXCEPTIONS, from_exception

ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
AUDIENCE_ANNOTATION = "eks.amazonaws.com/audience"
AUDIENCE = "sts.amazonaws.com"
POOL = 32
"""Connections that a client keeps: more than reads of one store can be under way."""

_KEYS_KEPT = timedelta(minutes=30)
"""How long keys out of a Secret are used before it must be read again; botocore does so at half of that."""
_REFUSAL_KEPT = 10.0
"""Seconds for which credentials that were refused are not asked for again."""
_making = threading.Lock()
"""Sessions must not make clients at once; and what one has loaded the others need not load."""


class _Began(threading.local):
    """When the call began for which this thread may have to refresh credentials."""

    at = 0.0


_began = _Began()


class _SharedLoader(Loader):
    """Reads the description of each service once per process: a session for each store then costs little."""

    @property
    def search_paths(self) -> list[str]:
        """A copy: every session of boto3 adds a folder of its own to it."""
        return list(super().search_paths)


_loader = _SharedLoader()


class Login:
    """One identity: its credentials and its clients, for all threads of a store."""

    def __init__(self, config: AwsConfig, credentials: Credentials, *, timeout: float) -> None:
        self._config = config
        self._credentials = credentials
        self._timeout = timeout
        self._lock = threading.Lock()
        self._clients: dict[str, BaseClient] = {}
        self._outside = self._session(None)
        chain = self._chain()
        self._inside = self._session(chain) if chain else self._outside

    def ask(self, service: str, operation: str, asked: Asked, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one call. Raises StoreError."""
        _began.at = time.monotonic()
        self.keys(asked)
        client = self._client(service, asked)
        try:
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**parameters)
        except EXCEPTIONS as error:
            raise from_exception(error, asked) from None
        except (AttributeError, KeyError, TypeError, ValueError):
            # What botocore makes of JSON that has not the shape of an answer.
            raise nonsense(asked) from None
        return answer

    def keys(self, asked: Asked) -> ReadOnlyCredentials:
        """The keys that calls are signed with now. Raises StoreError."""
        try:
            with self._lock:
                keys = self._inside.get_credentials()
            return _frozen(keys)
        except EXCEPTIONS as error:
            raise from_exception(error, asked) from None
        except RuntimeError:
            message = "the AWS credentials have expired, and where they come from there are no others"
            raise AwsError(Reason.CREDENTIALS, message, hint="check the clock of this machine") from None

    def close(self) -> None:
        """Closes the connections; calls that are under way end in peace."""
        with self._lock:
            for client in self._clients.values():
                client.close()

    def _client(self, service: str, asked: Asked) -> BaseClient:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = _made(self._inside, service, asked)
            return self._clients[service]

    def _session(self, credentials: Keys | None) -> boto3.Session:
        core = Session()
        core.register_component("data_loader", _loader)
        core.set_default_client_config(
            Config(
                connect_timeout=self._timeout,
                read_timeout=self._timeout,
                max_pool_connections=POOL,
                retries={"total_max_attempts": 1, "mode": "standard"},
                user_agent_extra="syncd",
            )
        )
        if credentials is not None:
            core.register_component("credential_provider", _Given(credentials))
        return boto3.Session(botocore_session=core, region_name=self._config.region)

    def _chain(self) -> Keys | None:
        """The credentials of the last role, or of the first identity; None for what the machine has."""
        keys: Keys | None = None
        who = str(self._config.auth)
        match self._config.auth:
            case KeysAuth() as secret:
                keys = _refreshed(partial(self._read_keys, secret))
            case AccountAuth() as account:
                keys = _refreshed(partial(self._with_token, account))
        for role in self._config.roles:
            keys = _refreshed(partial(self._assumed, role, keys, who))
            who = f"role `{role.arn}`"
        return keys

    def _read_keys(self, auth: KeysAuth) -> dict[str, Any]:
        token = auth.session_token
        return {
            "access_key": auth.access_key_id.text(self._credentials),
            "secret_key": auth.secret_access_key.text(self._credentials),
            "token": token.text(self._credentials) if token else None,
            "expiry_time": (datetime.now(UTC) + _KEYS_KEPT).isoformat(),
        }

    def _with_token(self, auth: AccountAuth) -> dict[str, Any]:
        """IRSA: the role that a service account's annotation names, by a token of it."""
        account = auth.account
        annotations = self._credentials.service_account_annotations(account.name, account.namespace)
        role = annotations.get(ROLE_ANNOTATION)
        if not role:
            message = f"{account} names no IAM role"
            raise StoreError(Failure.MISCONFIGURED, message, hint=f"annotate it with `{ROLE_ANNOTATION}`")
        audiences = (annotations.get(AUDIENCE_ANNOTATION) or AUDIENCE, *account.audiences)
        token = self._credentials.service_account_token(account.name, audiences, account.namespace).reveal().decode()
        asked = Asked("sts:AssumeRoleWithWebIdentity", role, str(auth))
        parameters = {"RoleArn": role, "RoleSessionName": self._config.session_name, "WebIdentityToken": token}
        return self._sts("assume_role_with_web_identity", asked, None, parameters)

    def _assumed(self, role: Role, keys: Keys | None, who: str) -> dict[str, Any]:
        asked = Asked("sts:AssumeRole", role.arn, who)
        parameters: dict[str, Any] = {"RoleArn": role.arn, "RoleSessionName": self._config.session_name}
        if role.external_id:
            parameters["ExternalId"] = role.external_id
        if role.tags:
            parameters["Tags"] = [{"Key": key, "Value": value} for key, value in role.tags.items()]
            parameters["TransitiveTagKeys"] = list(role.transitive)
        return self._sts("assume_role", asked, _frozen(keys or self._outside.get_credentials()), parameters)

    def _sts(
        self, operation: str, asked: Asked, keys: ReadOnlyCredentials | None, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Temporary credentials, by a client that lives as long as the call: there is one in an hour."""
        options: dict[str, Any] = {"config": Config(signature_version=UNSIGNED)}
        if keys:
            options = {
                "aws_access_key_id": keys.access_key,
                "aws_secret_access_key": keys.secret_key,
                "aws_session_token": keys.token,
            }
        with closing(_made(self._outside, "sts", asked, **options)) as sts:
            try:
                answer = getattr(sts, operation)(**parameters)["Credentials"]
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


class _Given:
    """Stands where botocore looks for credentials."""

    def __init__(self, credentials: Keys) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Keys:
        return self._credentials


class _Refresh:
    """Fetches credentials; botocore calls it when they near their end, one thread at a time.

    Who waited for a refresh that failed fails with it, and a refused one is not tried again at once.
    """

    def __init__(self, fetch: Callable[[], dict[str, Any]]) -> None:
        self._fetch = fetch
        self._failed: StoreError | None = None
        self._failed_at = 0.0

    def __call__(self) -> dict[str, Any]:
        failed = self._failed
        if failed is not None:
            lasts = not failed.failure.retryable and time.monotonic() - self._failed_at < _REFUSAL_KEPT
            if lasts or self._failed_at >= _began.at:
                raise failed
        try:
            fetched = self._fetch()
        except StoreError as error:
            self._failed, self._failed_at = error, time.monotonic()
            raise
        self._failed = None
        return fetched


def _refreshed(fetch: Callable[[], dict[str, Any]]) -> Keys:
    return DeferredRefreshableCredentials(refresh_using=_Refresh(fetch), method="syncd")


def _frozen(keys: Keys | None) -> ReadOnlyCredentials:
    if keys is None:
        raise NoCredentialsError
    return keys.get_frozen_credentials()


def _made(session: boto3.Session, service: str, asked: Asked, **options: Any) -> BaseClient:
    make: Any = session.client  # its stubs know one signature for each service
    try:
        with _making:
            client: BaseClient = make(service, endpoint_url=endpoint_override(service) or None, **options)
        return client
    except EXCEPTIONS as error:
        raise from_exception(error, asked) from None
    except ValueError:
        message = f"the address of `{service}` is no valid URL"
        raise AwsError(
            Reason.REQUEST, message, hint="check `region` and the variables that name AWS's endpoints"
        ) from None
