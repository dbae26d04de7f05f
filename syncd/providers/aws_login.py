"""One identity at AWS: its keys and its clients, for all threads of a store."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

from botocore import xform_name
from botocore.client import BaseClient
from botocore.credentials import ReadOnlyCredentials

from syncd.metrics import api_call
from syncd.providers.api import Credentials
from syncd.providers.aws_clients import keys_of, new_client, new_session
from syncd.providers.aws_codes import Reason
from syncd.providers.aws_config import AwsIdentity
from syncd.providers.aws_errors import Asked, AwsError, nonsense
from syncd.providers.aws_exceptions import EXCEPTIONS, NO_KEYS, from_exception, no_keys
from syncd.providers.aws_keys import KeyChain
from syncd.providers.aws_shared import Shared, begin

_SERVICES = {"secretsmanager": "AWS/SecretsManager", "ssm": "AWS/ParameterStore", "sts": "AWS/STS"}
"""As external-secrets calls them in its metrics."""


class Login:
    """Keys are fetched at the first call, and refreshed by botocore before they end."""

    def __init__(self, config: AwsIdentity, credentials: Credentials, *, timeout: float) -> None:
        outside = new_session(config.region, timeout)
        chain = KeyChain(config, credentials, outside).keys()
        self._session = outside if chain is None else new_session(config.region, timeout, chain)
        self._keys = Shared(partial(keys_of, self._session, config.identity))
        self._clients: dict[str, BaseClient] = {}
        self._lock = threading.Lock()

    def ask(self, service: str, operation: str, asked: Asked, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one call. Raises StoreError."""
        begin()
        self.keys(asked)
        client = self._client(service, asked)
        try:
            with api_call(_SERVICES.get(service, f"AWS/{service}"), operation):
                answer: dict[str, Any] = getattr(client, xform_name(operation))(**parameters)
        except EXCEPTIONS as error:
            raise from_exception(error, asked) from None
        except (AttributeError, KeyError, TypeError, ValueError):
            # What botocore makes of JSON that has not the shape of an answer.
            raise nonsense(asked) from None
        return answer

    def keys(self, asked: Asked) -> ReadOnlyCredentials:
        """The keys that calls are signed with now. Raises StoreError."""
        with self._lock:
            keys = self._keys()
        try:
            return keys.get_frozen_credentials()
        except EXCEPTIONS as error:
            raise from_exception(error, asked) from None
        except RuntimeError:
            message = "the AWS credentials have expired, and where they come from there are no others"
            raise AwsError(Reason.CREDENTIALS, message, hint="check the clock of this machine") from None
        except NO_KEYS:
            raise no_keys() from None

    def close(self) -> None:
        """Closes the connections; calls that are under way end in peace."""
        with self._lock:
            for client in self._clients.values():
                client.close()

    def _client(self, service: str, asked: Asked) -> BaseClient:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = new_client(self._session, service, asked)
            return self._clients[service]
