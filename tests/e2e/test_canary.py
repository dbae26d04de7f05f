"""No command shows a value, whatever goes wrong with what the store holds or answers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.inprocess import home, syncd
from tests.e2e.leaks import Lab
from tests.e2e.manifests import external_secret, key, store, token_secret, vault
from tests.providers.vaults import Kv
from tests.servers.canary import Canaries
from tests.servers.faults import (
    Fault,
    FaultServer,
    answer,
    drip,
    empty,
    hang,
    reset,
    truncated,
    wrong_json,
)
from tests.servers.openbao import OpenBao
from tests.servers.wire import Exchange

__all__ = ["home"]

SPECS: Mapping[str, tuple[dict[str, Any], str]] = {
    "absent": ({"data": [key("nope")]}, "has no secret `nope`"),
    "property-missing": ({"data": [key("app", property="nope")]}, "has no property `nope`"),
    "property-of-text": ({"data": [key("app", property="plain.below")]}, "has no property `plain.below`"),
    "property-of-broken-json": ({"data": [key("app", property="broken.a")]}, "has no property `broken.a`"),
    "extract-of-text": ({"dataFrom": [{"extract": {"key": "app", "property": "plain"}}]}, "is not a JSON object"),
    "extract-of-broken-json": ({"dataFrom": [{"extract": {"key": "app", "property": "broken"}}]}, "not a JSON object"),
    "extract-of-a-list": ({"dataFrom": [{"extract": {"key": "documents", "property": "list"}}]}, "not a JSON object"),
    "base64": ({"data": [key("app", property="broken", decodingStrategy="Base64")]}, "the value is not `Base64`"),
    "base64url": ({"data": [key("app", property="broken", decodingStrategy="Base64URL")]}, "is not `Base64URL`"),
    "base64-of-all": ({"dataFrom": [{"extract": {"key": "app", "decodingStrategy": "Base64"}}]}, "key `broken`: the"),
    "null-byte": ({"data": [key("app", property="null", nullBytePolicy="Fail")]}, "holds a null byte"),
    "null-byte-in-all": (
        {"dataFrom": [{"extract": {"key": "app", "nullBytePolicy": "Fail"}}]},
        "key `null`: the value",
    ),
    "too-large": ({"data": [key("app", property="large")]}, "a Secret may have 1048576"),
    "keys-clash": ({"dataFrom": [{"extract": {"key": "clash"}}]}, "both become `a_b`"),
    "key-refused": (
        {"dataFrom": [{"extract": {"key": "app"}, "rewrite": [{"regexp": {"source": "$", "target": "/"}}]}]},
        "the key `broken/` holds `/`",
    ),
    "rewrite-to-one-key": (
        {"dataFrom": [{"extract": {"key": "documents"}, "rewrite": [{"regexp": {"source": ".*", "target": "x"}}]}]},
        "their values differ",
    ),
    "rewrite-merge": ({"dataFrom": [{"extract": {"key": "app"}, "rewrite": [{"merge": {}}]}]}, "can be merged"),
    "version-absent": ({"data": [key("app", version="99")]}, "has no secret `app@99`"),
    "version-refused": ({"data": [key("app", version="x")]}, "HTTP 400"),
    "metadata": ({"data": [key("app", metadataPolicy="Fetch", property="nope")]}, "it has `created_time`"),
    "find": ({"dataFrom": [{"find": {"name": {"regexp": "document"}}}]}, "default/find "),
    "whole": ({"dataFrom": [{"extract": {"key": "documents"}}]}, "default/whole"),
}


@pytest.fixture
def lab(home: Path, canary: Canaries) -> Lab:
    return Lab(home, canary)


@pytest.fixture(scope="module")
def kv(openbao: OpenBao, canary: Canaries) -> Kv:
    """Secrets whose every property is a canary in some shape."""
    kv = Kv(openbao)
    plain = canary("plain")
    broken = '{"a": "' + canary("broken")
    kv.put("app", plain=plain, broken=broken, null=f"{plain}\0{plain}", large=canary("large") * 40_000)
    kv.put("clash", **{"a/b": canary("clash"), "a b": canary("clash")})
    kv.put("documents", json=json.dumps({"a": canary("json")}), list=[canary("list")], nested={"a": canary("nested")})
    return kv


def test_values_that_do_not_fit(lab: Lab, kv: Kv, openbao: OpenBao) -> None:
    """Every way in which a value cannot become a Secret is told without it, in all commands and forms."""
    declared = [external_secret(name, spec) for name, (spec, _) in SPECS.items()]
    lab.declare(store(vault(openbao.url, kv.mount)), token_secret(openbao), *declared)
    said = lab.everything()
    assert [] == [name for name, (_, words) in SPECS.items() if words not in said]
    assert [] == lab.leaks(said)


def broken_answers(value: str) -> dict[str, Fault]:
    """By name, what a server may answer to a read instead of the truth."""
    errors = json.dumps({"errors": [value], "warnings": [value], "data": {"data": {"v": value}}}).encode()
    page = f"<html>{value}</html>".encode()
    documents: tuple[object, ...] = (
        value,
        [value],
        {"data": value},
        {"data": [value]},
        {"data": {"data": value}},
        {"data": {"data": [value]}},
        {"data": {"data": {"v": value}, "metadata": value}},
        {"data": {"data": {"v": value}, "metadata": {"version": value}}},
        {"data": {"custom_metadata": value, "created_time": value}},
        {"data": {"keys": value}},
        {"data": None, "errors": [value]},
        {"auth": {"client_token": value}},
    )
    return {
        **{f"errors-{status}": answer(status, errors) for status in (301, 400, 401, 403, 404, 412, 472, 500, 503)},
        **{f"page-{status}": answer(status, page) for status in (200, 400, 403, 404, 502)},
        **{f"json-{number}": wrong_json(document) for number, document in enumerate(documents)},
        "hang": hang(),
        "drip": drip(),
        "reset": reset(),
        "truncated": truncated(),
        "empty": empty(),
        "redirect": answer(307, Location=f"http://other.invalid/{value}"),
        "redirect-user": answer(307, Location=f"http://user:{value}@other.invalid/"),
        "redirect-nowhere": answer(307, Location=f"http://[{value}"),
        "gzip": answer(body=value.encode(), Content_Encoding="gzip"),
        "gzip-torn": answer(body=gzip.compress(errors)[:-6], Content_Encoding="gzip"),
        "charset": answer(body=value.encode() + b"\xff", Content_Type=f"application/json; charset={value}"),
        "status-line": raw(f"HTTP/1.1 {value}\r\n\r\n"),
        "header-line": raw(f"HTTP/1.1 200 OK\r\n{value}\r\nContent-Length: {value}\r\n\r\n"),
        "chunk": raw(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{value}\r\n"),
    }


def raw(text: str) -> Fault:
    """Bytes instead of an answer, and the end of the connection."""

    def act(exchange: Exchange) -> None:
        exchange.send(text.encode())
        exchange.close()

    return act


READS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "data": lambda: {"data": [key("documents", property="json")]},
    "metadata": lambda: {"dataFrom": [{"extract": {"key": "documents", "metadataPolicy": "Fetch"}}]},
    "find": lambda: {"dataFrom": [{"find": {"name": {"regexp": "document"}}}]},
}


def test_broken_answers_of_the_store(lab: Lab, kv: Kv, openbao: OpenBao, canary: Canaries) -> None:
    """Nothing of what a server says in the place of OpenBao is handed on."""
    faults = broken_answers(canary("said"))
    with ExitStack() as stack:
        manifests = [token_secret(openbao)]
        for name, fault in faults.items():
            server = stack.enter_context(FaultServer(openbao.url))
            server.inject(fault, path="*/documents")
            manifests.append(store(vault(server.url, kv.mount), name))
            manifests += [external_secret(f"{name}-{read}", spec(), name) for read, spec in READS.items()]
        lab.declare(*manifests)
        where = ("-f", lab.source, "--to", lab.out, "--provider-timeout", "200ms")
        said = syncd("sync", *where, "-o", "json", "--log-level", "debug").said
    assert [] == [name for name in faults if said.count(f'"default/{name}-') < 3]
    assert '"failure": "bug"' not in said
    assert [] == lab.leaks(said)
