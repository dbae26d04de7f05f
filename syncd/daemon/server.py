"""The HTTP server: metrics, health, status and syncs on demand, on an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import hmac
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import orjson
from aiohttp import web

from syncd.errors import UsageError
from syncd.model import ObjectName

JSON = "application/json"
STARTUP = 10.0


@dataclass(frozen=True, slots=True)
class Pages:
    """What is served. Called in a thread that may block, except the two that say how syncd is."""

    metrics: Callable[[str], tuple[bytes, str]]
    """Takes the `Accept` header, gives body and content type."""
    unhealthy: Callable[[], str]
    """What is wrong with our own threads; empty when nothing is."""
    unready: Callable[[], str]
    """What has not happened yet; empty when all has."""
    status: Callable[[], Mapping[str, Any]]
    sync: Callable[[ObjectName | None], int]
    """Queues one ExternalSecret, or all; how many there were."""


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """`host:port`, `[v6]:port` or `:port` for all interfaces. Raises ValueError."""
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdecimal() or int(port) > 65535:
            raise ValueError(f"`{text}` is not an address such as 127.0.0.1:9753")
        return cls(host.removeprefix("[").removesuffix("]"), int(port))


@dataclass(frozen=True, slots=True)
class Files:
    """Empty where not given. The token file is read at every request, so that a new token counts at once."""

    token: str = ""
    certificate: str = ""
    key: str = ""


class Server:
    """Raises UsageError when it is made with a certificate that cannot be used, and when it cannot listen."""

    def __init__(self, address: Address, pages: Pages, files: Files) -> None:
        self._address = address
        self._pages = pages
        self._files = files
        self._tls = _context(files)
        self._certificate = _signature(files)
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._serve, name="syncd-http", daemon=True)
        self._listening: Future[int] = Future()
        self._end = asyncio.Event()

    def start(self) -> int:
        """Listens from now on; the port. Raises UsageError."""
        self._thread.start()
        try:
            return self._listening.result(timeout=STARTUP)
        except OSError as error:
            where = f"{self._address.host or '*'}:{self._address.port}"
            reason = (error.strerror or "").rpartition(": ")[2]  # the library tells the address once more
            raise UsageError(f"cannot listen on `{where}`: {reason}", hint="see `--listen`") from error

    def stop(self, timeout: float = 1.0) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(timeout)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def refresh_certificate(self) -> str:
        """Takes the certificate from its files again when they have changed. What is wrong with it, or nothing.

        A pair that does not fit leaves the old one in use.
        """
        signature = _signature(self._files)
        if self._tls is None or signature == self._certificate:
            return ""
        self._certificate = signature
        try:
            _context(self._files)
            _load(self._tls, self._files)
        except UsageError as error:
            return error.message
        return ""

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._run())
        except OSError as error:
            self._listening.set_exception(error)
        finally:
            self._loop.close()

    async def _run(self) -> None:
        application = web.Application(client_max_size=1024)
        application.add_routes(
            [
                web.get("/metrics", self._metrics),
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/status", self._status),
                web.post("/-/sync", self._sync),
                web.post("/-/sync/{namespace}/{name}", self._sync),
            ]
        )
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._address.host or None, self._address.port, ssl_context=self._tls)
            await site.start()
            self._listening.set_result(runner.addresses[0][1])
            await self._end.wait()
        finally:
            await runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        body, content_type = await asyncio.to_thread(self._pages.metrics, request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _healthz(self, _: web.Request) -> web.Response:
        return _verdict(self._pages.unhealthy())

    async def _readyz(self, _: web.Request) -> web.Response:
        return _verdict(self._pages.unready())

    async def _status(self, _: web.Request) -> web.Response:
        document = await asyncio.to_thread(self._pages.status)
        return web.Response(body=orjson.dumps(document, option=orjson.OPT_INDENT_2), content_type=JSON)

    async def _sync(self, request: web.Request) -> web.Response:
        refusal = _refusal(request.headers.get("Authorization", ""), self._files.token)
        if refusal:
            return refusal
        name = None
        if "name" in request.match_info:
            name = ObjectName(request.match_info["namespace"], request.match_info["name"])
        queued = await asyncio.to_thread(self._pages.sync, name)
        if name and not queued:
            return _json(404, {"error": f"no ExternalSecret `{name}` is declared"})
        return _json(202, {"queued": queued})


def _refusal(authorization: str, token_file: str) -> web.Response | None:
    """Why a request may not change anything; None when it may. Compared in constant time."""
    if not token_file:
        return _json(403, {"error": "syncs on demand are off: `--token-file` names none"})
    try:
        token = Path(token_file).read_bytes().strip()
    except OSError as error:
        return _json(503, {"error": f"the token file cannot be read: {error.strerror}"})
    if not token:
        return _json(503, {"error": "the token file is empty"})
    scheme, _, given = authorization.partition(" ")
    right = hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), token)
    if scheme.lower() == "bearer" and right:
        return None
    answer = _json(401, {"error": "a bearer token is needed, that of `--token-file`"})
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _json(status: int, body: object) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type=JSON)


def _verdict(wrong: str) -> web.Response:
    return web.Response(status=503 if wrong else 200, text=f"{wrong or 'ok'}\n")


def _context(files: Files) -> ssl.SSLContext | None:
    if not files.certificate and not files.key:
        return None
    if not (files.certificate and files.key):
        raise UsageError("`--tls-cert` and `--tls-key` must be given together")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context, files)
    return context


def _load(context: ssl.SSLContext, files: Files) -> None:
    """Raises UsageError."""
    try:
        context.load_cert_chain(files.certificate, files.key, password=_no_password)
    except FileNotFoundError as error:
        raise UsageError(f"the certificate or its key is not there: `{files.certificate}`, `{files.key}`") from error
    except (OSError, ssl.SSLError) as error:
        message = f"the certificate `{files.certificate}` and its key `{files.key}` cannot be used"
        hint = "both in PEM, made for each other, and the key without a passphrase"
        raise UsageError(message, hint=hint) from error


def _no_password() -> str:
    """Else OpenSSL would ask for one on the terminal."""
    return ""


def _signature(files: Files) -> tuple[object, ...]:
    return tuple(_stat(Path(path)) for path in (files.certificate, files.key) if path)


def _stat(path: Path) -> object:
    try:
        found = path.stat()
    except OSError as error:
        return error.errno
    return (found.st_ino, found.st_mtime_ns, found.st_size)
