"""A Secrets Manager that answers every call after the same short time, in a process of its own, for benchmarks.

It knows what a reader calls, takes any credentials, and makes its secrets up: `app-N` is a JSON document of three keys
that never changes.
"""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers.process import Process, free_port

DELAY = 0.015
"""Seconds that an answer takes, as within a region."""
KEYS = ("username", "password", "endpoint")
_ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:"
_PAGE = 100


class FastAws:
    """A running server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def calls(self) -> Counter[str]:
        """How often each operation was called so far."""
        with urllib.request.urlopen(f"{self.url}/calls", timeout=10) as answer:  # noqa: S310  # our own loopback address
            return Counter(json.load(answer))

    def variables(self) -> dict[str, str]:
        """What sends a process here instead of to AWS."""
        return {"AWS_ENDPOINT_URL": self.url, "AWS_EC2_METADATA_DISABLED": "true"}


@contextmanager
def fast_aws(folder: Path, secrets: int) -> Iterator[FastAws]:
    """The server with so many secrets, until the end of the block; its log goes into the folder."""
    port = free_port()
    command: list[str | Path] = [sys.executable, "-m", "tests.servers.fast_aws", str(port), str(secrets)]
    env = {"PYTHONPATH": str(Path(__file__).parents[2])}
    process = Process(command, log=folder / "fast-aws.log", env=env)
    server = FastAws(f"http://127.0.0.1:{port}")
    try:
        process.wait_until(lambda: _answers(server))
        yield server
    finally:
        process.kill()


def _answers(server: FastAws) -> bool:
    try:
        return server.calls() == Counter()
    except OSError:
        return False


class _Secrets:
    """What the operations answer."""

    def __init__(self, count: int) -> None:
        self.calls: Counter[str] = Counter()
        self._entries = {f"app-{number}": _entry(number) for number in range(count)}
        self._names = list(self._entries)
        self._operations: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "BatchGetSecretValue": self._batch,
            "GetSecretValue": self._one,
            "ListSecrets": self._list,
        }

    def answer(self, operation: str, body: bytes) -> tuple[int, dict[str, Any]]:
        self.calls[operation] += 1
        if operation not in self._operations:
            return 400, {"__type": "UnknownOperationException"}
        try:
            return 200, self._operations[operation](json.loads(body))
        except KeyError:
            return 400, {"__type": "ResourceNotFoundException", "Message": "there is no such secret"}

    def _batch(self, asked: dict[str, Any]) -> dict[str, Any]:
        names = asked["SecretIdList"]
        missing = [
            {"SecretId": name, "ErrorCode": "ResourceNotFoundException"} for name in names if not self._has(name)
        ]
        return {"SecretValues": [self._entries[name] for name in names if self._has(name)], "Errors": missing}

    def _one(self, asked: dict[str, Any]) -> dict[str, Any]:
        return self._entries[asked["SecretId"]]

    def _list(self, asked: dict[str, Any]) -> dict[str, Any]:
        start = int(asked.get("NextToken", "0"))
        end = start + min(int(asked.get("MaxResults", _PAGE)), _PAGE)
        page = [{"Name": name, "ARN": self._entries[name]["ARN"]} for name in self._names[start:end]]
        return {"SecretList": page} | ({"NextToken": str(end)} if end < len(self._names) else {})

    def _has(self, name: str) -> bool:
        return name in self._entries


def _entry(number: int) -> dict[str, Any]:
    return {
        "Name": f"app-{number}",
        "ARN": f"{_ARN}app-{number}-AbCdEf",
        "VersionId": f"00000000-0000-4000-8000-{number:012}",
        "VersionStages": ["AWSCURRENT"],
        "SecretString": json.dumps({key: f"{key}-{number}-{'x' * 20}" for key in KEYS}),
        "CreatedDate": 1700000000.0,
    }


async def _serve(port: int, secrets: _Secrets) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await _exchange(reader, writer, secrets)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    await server.serve_forever()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secrets: _Secrets) -> None:
    head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    if head.startswith("GET "):
        status, answer = 200, dict(secrets.calls)
    else:
        status, answer = secrets.answer(headers.get("x-amz-target", "").rpartition(".")[2], body)
        await asyncio.sleep(DELAY)
    raw = json.dumps(answer).encode()
    start = f"HTTP/1.1 {status} x\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {len(raw)}\r\n\r\n"
    writer.write(start.encode() + raw)
    await writer.drain()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), _Secrets(int(sys.argv[2]))))
