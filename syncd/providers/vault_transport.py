"""The HTTP session under hvac: TLS from Secrets, redirects that keep the token at home, errors mapped at the edge."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies
from urllib3.exceptions import HTTPError

from syncd.metrics import api_call
from syncd.providers.api import Failure, StoreError
from syncd.providers.vault_errors import from_exception, from_response, from_status

_REDIRECTS = (301, 302, 307, 308)
_MAX_REDIRECTS = 3
_REFUSALS = (401, 403, 405, 407)
"""Of a client; Vault gives its own as JSON, and a proxy a page."""
_TOKEN_CALLS = {
    "auth/token/lookup-self": "LookupSelf",
    "auth/token/renew-self": "RenewSelf",
    "auth/token/revoke-self": "RevokeSelf",
}


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """PEM of a certificate (chain) and of its private key."""

    certificate: str
    key: str = field(repr=False)


def tls_context(ca: str, client: ClientCertificate | None) -> ssl.SSLContext:
    """Trusts `ca` (PEM) alone, or what requests and the machine trust when it is empty.

    Raises StoreError (MISCONFIGURED) for PEM that OpenSSL does not take.
    """
    try:
        context = ssl.create_default_context(cadata=ca or None)
    except (ssl.SSLError, ValueError):
        raise StoreError(Failure.MISCONFIGURED, "the CA bundle is no PEM that OpenSSL can read") from None
    # Python 3.13 refuses authorities that lack an extension which Go's client never asked for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not ca:
        named = _bundle()
        folder = Path(named).is_dir()
        context.load_verify_locations(cafile=None if folder else named, capath=named if folder else None)
    if client is not None:
        _load(context, client)
    return context


class TlsContexts:
    """Makes a context only when what it is made of has changed: each takes 40 ms and most of a MiB."""

    def __init__(self) -> None:
        self._made_of: tuple[object, ...] = ()
        self._context: ssl.SSLContext | None = None

    def of(self, ca: str, client: ClientCertificate | None) -> ssl.SSLContext:
        """As `tls_context`; not for several threads at once."""
        made_of = (ca, client, () if ca else _stamps())
        if self._context is None or made_of != self._made_of:
            self._context = tls_context(ca, client)
            self._made_of = made_of
        return self._context


def _bundle() -> str:
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH


def _stamps() -> tuple[tuple[str, int], ...]:
    """Which files with authorities are trusted by default, and when they last changed."""
    machine = ssl.get_default_verify_paths()
    named = (_bundle(), machine.cafile, machine.capath)
    return tuple((path, _changed_at(path)) for path in named if path)


def _changed_at(path: str) -> int:
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return 0


class VaultHttp(requests.Session):
    """A session for one server. `request` raises StoreError for all but answers that mean something to a reader.

    It looks at no environment but the proxies of its one server: no `.netrc`, and none of the variables with
    certificates that hvac and requests would add to a store that has not asked for them.
    """

    def __init__(self, server: str, *, context: ssl.SSLContext, pool: int, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.trust_env = False
        self.proxies = get_environ_proxies(server)
        self.headers.update(headers)
        self.mount("https://", _TlsAdapter(context, pool))
        self.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=pool))

    def request(self, method: str, url: str, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]  # str only: hvac gives nothing else
        with api_call("HashiCorp/Vault", call_name(method, url, options.get("params"))) as call:
            response = self._answer(method, url, *args, **options)
            call.failed = response.status_code >= 400 and response.status_code != 404
        return response

    def _answer(self, method: str, url: str, *args: Any, **options: Any) -> requests.Response:
        options |= {"allow_redirects": False, "cert": None, "verify": True, "proxies": None}
        for _ in range(_MAX_REDIRECTS):
            try:
                response = super().request(method, url, *args, **options)
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                raise from_exception(error) from None
            if response.status_code not in _REDIRECTS:
                break
            url, options["params"] = self._next(url, response), None
        else:
            raise from_exception(requests.TooManyRedirects())
        if from_status(response.status_code).retryable:
            raise from_response(response, "answer")
        if response.status_code == 400 and b"HTTPS server" in response.content:
            hint = "is `server` meant to be https://?"
            raise StoreError(Failure.MISCONFIGURED, "Vault's address speaks TLS", hint=hint)
        if response.status_code in _REFUSALS and not response.content.lstrip().startswith(b"{"):
            message = f"something that is not Vault refuses (HTTP {response.status_code})"
            raise StoreError(Failure.MISCONFIGURED, message, hint="check `server`, and proxies on the way to it")
        return response

    def _next(self, url: str, response: requests.Response) -> str:
        """The redirect's target, when the token may go there."""
        target = urljoin(url, response.headers.get("Location", ""))
        if self.should_strip_auth(url, target):  # type: ignore[no-untyped-call]  # types-requests leaves it out
            message = f"Vault redirects to `{urlsplit(target).hostname}`, and a token is not sent to another address"
            hint = "set `server` to the active node, or to a load balancer whose standbys forward requests"
            raise StoreError(Failure.MISCONFIGURED, message, hint=hint)
        return target


def call_name(method: str, url: str, params: Mapping[str, str] | None) -> str:
    """As external-secrets calls it in its metrics, where it makes the same."""
    path = urlsplit(url).path.partition("/v1/")[2]
    if path in _TOKEN_CALLS:
        return _TOKEN_CALLS[path]
    if path.startswith("sys/internal/ui/mounts/"):
        return "ReadMount"
    if method.upper() not in ("GET", "LIST"):
        return "Login"
    return "ListSecrets" if method.upper() == "LIST" or (params and "list" in params) else "ReadSecretData"


class _TlsAdapter(HTTPAdapter):
    """Connections with a context made in memory, so that neither keys nor authorities have to be files."""

    def __init__(self, context: ssl.SSLContext, pool: int) -> None:
        self._context = context
        super().__init__(pool_connections=1, pool_maxsize=pool)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        return super().proxy_manager_for(proxy, **options, ssl_context=self._context)

    def cert_verify(self, conn: Any, *_: Any, **__: Any) -> None:
        """The context has its authorities; requests would add its own to them."""
        conn.cert_reqs = "CERT_REQUIRED"


def _load(context: ssl.SSLContext, client: ClientCertificate) -> None:
    try:
        with _as_file(f"{client.certificate}\n{client.key}".encode()) as path:
            # Without a password OpenSSL would ask for one on the terminal.
            context.load_cert_chain(path, password=lambda: b"")
    except (ssl.SSLError, ValueError):
        message = "the client certificate and its key are no PEM, do not fit together, or the key has a password"
        raise StoreError(Failure.MISCONFIGURED, message) from None


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """A path with this content, which no disk ever sees where the kernel has memory files."""
    if hasattr(os, "memfd_create"):
        with open(os.memfd_create("syncd"), "wb", buffering=0) as memory:  # noqa: PTH123  # a descriptor, no path
            memory.write(content)
            yield f"/proc/self/fd/{memory.fileno()}"
        return
    with tempfile.NamedTemporaryFile() as file:  # mode 0600
        file.write(content)
        file.flush()
        yield file.name
