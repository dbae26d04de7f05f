"""Deadlines for urllib3 that are total: a server that drips bytes ends the call like one that is silent."""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection


class Deadline:
    """A moment on the monotonic clock, `seconds` from now."""

    __slots__ = ("_at", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds; never negative."""
        return max(0.0, self._at - time.monotonic())


_current = threading.local()


class _TimedReader(io.RawIOBase):
    """Gives each `recv` only what is left of the deadline; urllib3 would give each the whole time-out."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._raw = sock.makefile("rb", buffering=0)
        self._sock = sock
        self._deadline = deadline
        self._first = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._first:  # urllib3 has just set the time-out
            self._first = False
        else:
            left = self._deadline.left()
            if not left:
                raise TimeoutError("the deadline has passed")
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedSocket:
    """The one method of a socket that an HTTP response uses."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002  # it is always "rb"
        return io.BufferedReader(_TimedReader(self._sock, self._deadline))


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        deadline: Deadline | None = getattr(_current, "deadline", None)
        timed: Any = sock if deadline is None else _TimedSocket(sock, deadline)
        super().__init__(timed, *args, **kwargs)


class _HTTPConnection(HTTPConnection):
    response_class = _Response


class _HTTPSConnection(HTTPSConnection):
    response_class = _Response


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


def install_deadlines(pool: urllib3.PoolManager) -> None:
    """Makes the pool's future connections obey the deadline given to `request`."""
    pool.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


def request(
    pool: urllib3.PoolManager | urllib3.HTTPConnectionPool, method: str, url: str, *, deadline: Deadline, **more: Any
) -> urllib3.BaseHTTPResponse:
    """One HTTP request, its answer read to the end. Raises what urllib3 raises."""
    _current.deadline = deadline
    try:
        timeout = urllib3.Timeout(total=max(deadline.left(), 0.001))
        return pool.urlopen(method, url, timeout=timeout, retries=False, redirect=False, **more)
    finally:
        _current.deadline = None


def stream(
    pool: urllib3.PoolManager | urllib3.HTTPConnectionPool, method: str, url: str, *, deadline: Deadline, **more: Any
) -> urllib3.BaseHTTPResponse:
    """As `request`, but the body is left to be read; what is not read by the deadline raises as it is read."""
    return request(pool, method, url, deadline=deadline, preload_content=False, **more)


def split(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of chunks that come one by one; each line as soon as its end is there."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
