"""An HTTP server that stands in front of a real one and breaks chosen calls on purpose."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.wire import Answer, Call, Exchange, Upstream, WireServer

Fault = Callable[[Exchange], None]


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Fault:
    """Answer with this; `Retry_After="1"` becomes the header `Retry-After`."""
    ready = Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})
    return lambda exchange: exchange.send(ready.raw())


def error(status: int) -> Fault:
    """Answer with an error status and an error document as Vault writes it."""
    return answer(status, b'{"errors": ["scripted"]}')


def throttled(retry_after: str = "1") -> Fault:
    """Answer 429 with `Retry-After`, in seconds or as an HTTP date."""
    return answer(429, b'{"errors": ["slow down"]}', Retry_After=retry_after)


def empty() -> Fault:
    """Answer 200 with no body."""
    return answer()


def wrong_json(document: object = None) -> Fault:
    """Answer 200 with JSON of another shape than expected; with text that is no JSON where none is given."""
    return answer(body=b"<html>not json" if document is None else json.dumps(document).encode())


def slow(seconds: float) -> Fault:
    """Answer rightly, after a pause."""

    def act(exchange: Exchange) -> None:
        exchange.pause(seconds)
        exchange.relay()

    return act


def hang() -> Fault:
    """Take the request and answer nothing until the server ends."""

    def act(exchange: Exchange) -> None:
        exchange.pause()
        exchange.close()

    return act


def drip(pause: float = 0.05) -> Fault:
    """Answer rightly, one byte after the other, `pause` seconds apart: no single read ever waits long."""

    def act(exchange: Exchange) -> None:
        raw = exchange.upstream().raw()
        for index in range(len(raw)):
            exchange.send(raw[index : index + 1])
            if exchange.pause(pause):
                exchange.close()
                return

    return act


def reset() -> Fault:
    """Cut the connection instead of answering."""
    return Exchange.reset


def truncated() -> Fault:
    """Answer rightly, but end the connection in the middle of the body."""

    def act(exchange: Exchange) -> None:
        whole = exchange.upstream()
        half = Answer(whole.status, whole.body[: len(whole.body) // 2], whole.headers)
        exchange.send(half.raw(length=max(len(whole.body), 1)))
        exchange.close()

    return act


@dataclass(slots=True)
class _Rule:
    fault: Fault
    method: str
    path: str
    calls: Container[int] | None
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def takes(self, call: Call) -> bool:
        if self.method not in ("*", call.method) or not fnmatchcase(call.path, self.path):
            return False
        number = next(self.numbers)
        return self.calls is None or number in self.calls


class FaultServer:
    """Passes calls on to `upstream` (where given), except those that a rule takes.

    Use it as a context manager. `ca` is the PEM file of an `https` upstream's authority.
    """

    def __init__(self, upstream: str = "", *, ca: Path | None = None) -> None:
        self.calls: list[Call] = []
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self._server = WireServer(self._serve, Upstream(upstream, ca))
        self.url = self._server.url

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.stop()

    def inject(self, fault: Fault, *, method: str = "*", path: str = "*", calls: Container[int] | None = None) -> None:
        """Break the calls of this method and path pattern; with `calls`, only those numbers among them (from 1).

        Of several rules that take a call, the first one made decides.
        """
        with self._lock:
            self._rules.append(_Rule(fault, method, path, calls))

    def clear(self) -> None:
        """Drop all rules; the calls seen are kept."""
        with self._lock:
            self._rules.clear()

    def count(self, path: str = "*", *, method: str = "*") -> int:
        """How many calls of this path pattern and method came in."""
        with self._lock:
            return sum(method in ("*", call.method) and fnmatchcase(call.path, path) for call in self.calls)

    def _serve(self, exchange: Exchange) -> None:
        with self._lock:
            self.calls.append(exchange.call)
            rule = next((rule for rule in self._rules if rule.takes(exchange.call)), None)
        (rule.fault if rule else Exchange.relay)(exchange)
