"""The HTTP plumbing of the fault server: calls in, answers out, and the server behind."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import urllib3

_METHODS = ("GET", "HEAD", "LIST", "POST", "PUT", "PATCH", "DELETE")
_PER_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host"}


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came in. Headers and body may hold secrets, so they are not shown."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def raw(self, *, length: int | None = None) -> bytes:
        """The bytes on the wire, announcing `length` instead of the true length where given."""
        headers = {"Content-Type": "application/json", **self.headers}
        headers["Content-Length"] = str(len(self.body) if length is None else length)
        return _head(self.status, headers) + self.body


class Upstream:
    """The server behind; without an address it finds nothing."""

    def __init__(self, url: str, ca: Path | None) -> None:
        self._url = url.rstrip("/")
        self._pool = urllib3.PoolManager(ca_certs=str(ca) if ca else None, maxsize=32, retries=False)

    def ask(self, call: Call) -> Answer:
        """The whole answer to a call."""
        if not self._url:
            return Answer(404, b'{"errors": []}')
        with self._open(call) as response:
            return Answer(response.status, response.read(decode_content=False), _end_to_end(response.headers))

    def relay(self, call: Call, send: Callable[[bytes], None]) -> None:
        """Pass the answer on as it comes, chunk by chunk where it streams."""
        if not self._url:
            send(self.ask(call).raw())
            return
        with self._open(call) as response:
            headers = _end_to_end(response.headers)
            if not response.chunked or call.method == "HEAD":
                send(_head(response.status, headers) + response.read(decode_content=False))
                return
            send(_head(response.status, {**headers, "Transfer-Encoding": "chunked"}))
            for chunk in response.read_chunked(decode_content=False):
                send(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            send(b"0\r\n\r\n")

    def close(self) -> None:
        self._pool.clear()

    def _open(self, call: Call) -> urllib3.BaseHTTPResponse:
        return self._pool.request(
            call.method,
            self._url + call.path + (f"?{call.query}" if call.query else ""),
            headers=_end_to_end(call.headers),
            body=call.body or None,
            preload_content=False,
            redirect=False,
            timeout=urllib3.Timeout(60),
        )


class Exchange:
    """One call and the means to answer it, rightly or wrongly."""

    def __init__(self, call: Call, handler: _Handler) -> None:
        self.call = call
        self._handler = handler
        self._upstream = handler.server.upstream

    def pause(self, seconds: float | None = None) -> bool:
        """Wait, for ever without a number; true when the server ends meanwhile."""
        return self._handler.server.stopped.wait(seconds)

    def upstream(self) -> Answer:
        """The answer of the server behind."""
        return self._upstream.ask(self.call)

    def relay(self) -> None:
        """Answer as the server behind does."""
        self._upstream.relay(self.call, self.send)

    def send(self, data: bytes) -> None:
        """Write bytes of the response at once."""
        self._handler.wfile.write(data)

    def close(self) -> None:
        """End the connection after this exchange."""
        self._handler.close_connection = True

    def reset(self) -> None:
        """End the connection at once with a TCP reset."""
        connection = self._handler.connection
        # A close that lingers for zero seconds sends RST; `detach`, because the handler's files keep the socket open.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(connection.detach())
        self.close()


class WireServer(ThreadingHTTPServer):
    """A threaded HTTP/1.1 server on a free loopback port that hands each call to `serve`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, serve: Callable[[Exchange], None], upstream: Upstream) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.serve, self.upstream = serve, upstream
        self.stopped = threading.Event()
        self.connections: set[_Handler] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="faults", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End hanging exchanges and idle connections, and listen no more."""
        self.stopped.set()
        self.shutdown()
        self._thread.join()
        for handler in tuple(self.connections):
            handler.abandon()
        self.server_close()
        self.upstream.close()


class _Handler(BaseHTTPRequestHandler):
    server: WireServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self)

    def handle(self) -> None:
        with suppress(ConnectionError):  # a client that is killed resets its idle connections
            super().handle()

    def finish(self) -> None:
        self.server.connections.discard(self)
        with suppress(OSError):
            super().finish()

    def exchange(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        call = Call(self.command, path, query, dict(self.headers.items()), body)
        try:
            self.server.serve(Exchange(call, self))
        except (OSError, urllib3.exceptions.HTTPError):
            self.close_connection = True  # the client gave up, or the server behind broke off: pass that on

    def abandon(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
            self.connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Say nothing: the calls are kept, and access logs are noise."""


for _method in _METHODS:
    setattr(_Handler, f"do_{_method}", _Handler.exchange)


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _PER_CONNECTION}
