"""Sessions and clients of boto3: deadlines, no retries, and descriptions of services that are read once."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Any, NoReturn

import boto3
from botocore import UNSIGNED
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import CredentialResolver
from botocore.credentials import Credentials as Keys
from botocore.exceptions import NoCredentialsError, RefreshWithMFAUnsupportedError
from botocore.loaders import Loader
from botocore.session import Session

from syncd.providers.aws_codes import Reason
from syncd.providers.aws_config import endpoint_override
from syncd.providers.aws_errors import Asked, AwsError
from syncd.providers.aws_exceptions import EXCEPTIONS, NO_KEYS, from_exception, no_keys

POOL = 32
"""Connections that a client keeps: more than reads of one store can be under way."""
_making = threading.Lock()
"""Sessions must not make clients at once; and what one has loaded the others need not load."""


class _SharedLoader(Loader):
    """Reads the description of each service once per process: a session for each store then costs little."""

    @property
    def search_paths(self) -> list[str]:
        """A copy: every session of boto3 adds a folder of its own to it."""
        return list(super().search_paths)


_loader = _SharedLoader()


class _Given:
    """Stands where botocore looks for credentials."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def load_credentials(self) -> Keys:
        return self._keys


class _Core(Session):
    """Asks nobody at the terminal for the code of a second factor: threads and daemons have none."""

    def get_credentials(self) -> Any:
        chain = self.get_component("credential_provider")
        if isinstance(chain, CredentialResolver):
            profiles: Any = chain.get_provider("assume-role")
            profiles._prompter = _refuse_prompt  # noqa: SLF001  # there is no other way to it
        return super().get_credentials()


def _refuse_prompt(_: str) -> NoReturn:
    raise RefreshWithMFAUnsupportedError


def new_session(region: str, timeout: float, keys: Keys | None = None) -> boto3.Session:
    """A session that signs with `keys`, or with what the machine has; `timeout` in seconds."""
    core = _Core()
    core.register_component("data_loader", _loader)
    core.set_default_client_config(
        Config(
            connect_timeout=timeout,
            read_timeout=timeout,
            max_pool_connections=POOL,
            retries={"total_max_attempts": 1, "mode": "standard"},
            user_agent_extra="syncd",
        )
    )
    if keys is not None:
        core.register_component("credential_provider", _Given(keys))
    return boto3.Session(botocore_session=core, region_name=region)


def new_client(session: boto3.Session, service: str, asked: Asked, **options: Any) -> BaseClient:
    """A client of the session; `options` are those of boto3. Raises AwsError."""
    make: Any = session.client  # its stubs know one signature for each service
    options.setdefault("endpoint_url", endpoint_override(service) or None)
    try:
        with _making:
            client: BaseClient = make(service, **options)
        return client
    except EXCEPTIONS as error:
        raise from_exception(error, asked) from None
    except ValueError:
        message = f"the address of `{service}` is no valid URL"
        hint = "check `region` and the variables that name AWS's endpoints"
        raise AwsError(Reason.REQUEST, message, hint=hint) from None


def public_address(session: boto3.Session, service: str, asked: Asked) -> str:
    """Where AWS itself has a service in the region of the session, whatever the machine's settings. Raises AwsError."""
    options: Any = {"signature_version": UNSIGNED, "ignore_configured_endpoint_urls": True}  # one is not in the stubs
    client: Any = new_client(session, service, asked, endpoint_url=None, config=Config(**options))
    with closing(client):
        return str(client.meta.endpoint_url)


def keys_of(session: boto3.Session, who: str) -> Keys:
    """The credentials of a session, which the machine may have to be asked for long. Raises AwsError."""
    asked = Asked("sts:GetCallerIdentity", "", who)
    try:
        keys = session.get_credentials()
    except EXCEPTIONS as error:
        raise from_exception(error, asked) from None
    except NO_KEYS:
        raise no_keys() from None
    if keys is None:
        raise from_exception(NoCredentialsError(), asked)
    return keys
