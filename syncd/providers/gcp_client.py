"""The client of Secret Manager: one channel of gRPC, or one session of REST, that many threads share.

Who calls is said by each call in its metadata; so errors of the login stay what they are, and a channel without TLS
can be tested.
"""

from __future__ import annotations

import logging
from typing import Any, NoReturn

import grpc  # type: ignore[import-untyped]  # grpcio has no types
import requests
from google.api_core.exceptions import Unauthorized
from google.auth.credentials import AnonymousCredentials
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
    SecretManagerServiceRestTransport,
)
from requests.adapters import HTTPAdapter

from syncd.providers.gcp_endpoints import Address, Transport, authorities, proxies

# At its debug level the library logs requests and answers: values must not get there, whatever is configured.
for _name in ("google", "google.cloud.secretmanager_v1", SecretManagerServiceClient.__module__):
    logging.getLogger(_name).setLevel(logging.CRITICAL)
for _transport in (SecretManagerServiceGrpcTransport, SecretManagerServiceRestTransport):
    logging.getLogger(_transport.__module__).setLevel(logging.CRITICAL)

_CHANNEL = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Retries are ours; and a channel must not wait for minutes before it connects again.
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # A connection that a firewall forgot would else hold up every call for a quarter of an hour: what is sent must be
    # acknowledged within seconds. gRPC asks that of TCP only beside pings, which GCP takes every five minutes.
    ("grpc.keepalive_time_ms", 300_000),
    ("grpc.keepalive_timeout_ms", 10_000),
]


def new_client(address: Address, transport: Transport, pool: int) -> SecretManagerServiceClient:
    """Connects at the first call. `pool` is how many connections REST keeps."""
    made = _grpc(address) if transport is Transport.GRPC else _Rest(address, pool)
    # Said, so that no variable says another one: the address is known.
    return SecretManagerServiceClient(transport=made, client_options={"universe_domain": "googleapis.com"})


def _grpc(address: Address) -> SecretManagerServiceGrpcTransport:
    if not address.secure:
        channel = grpc.insecure_channel(address.host, options=_CHANNEL)
    else:
        ca = authorities()
        credentials = grpc.ssl_channel_credentials(root_certificates=ca.read_bytes() if ca else None)
        channel = grpc.secure_channel(address.host, credentials, options=_CHANNEL)
    return SecretManagerServiceGrpcTransport(channel=channel, host=address.host)


class _Rest(SecretManagerServiceRestTransport):
    """With a session that looks at no `.netrc`, follows no redirect, and has a connection for each thread."""

    def __init__(self, address: Address, pool: int) -> None:
        super().__init__(host=address.host, url_scheme=address.scheme, credentials=_SaidByEachCall())  # type: ignore[no-untyped-call]  # half typed
        session: requests.Session = self._session
        session.trust_env = False
        session.max_redirects = 0
        session.proxies = proxies(str(address))
        if ca := authorities():
            session.verify = str(ca)
        session.mount(f"{address.scheme}://", HTTPAdapter(pool_connections=1, pool_maxsize=pool))


class _SaidByEachCall(AnonymousCredentials):
    def refresh(self, _: Any) -> NoReturn:
        """The session would ask the same again after a 401."""
        raise Unauthorized("the token is refused")  # type: ignore[no-untyped-call]  # api_core is half typed
