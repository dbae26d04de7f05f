"""Sprig's functions on URLs."""

from __future__ import annotations

from typing import Any

from syncd.templating.calls import SLOW, CallError, function
from syncd.templating.golang.urls import URL, URLError, parse
from syncd.templating.golang.values import kind_of


@function("urlParse", pace=SLOW)
def url_parse(text: bytes) -> dict[bytes, Any]:
    """The parts of a URL by name."""
    try:
        url = parse(text)
    except URLError as problem:
        raise CallError(str(problem)) from None
    return {
        b"scheme": url.scheme,
        b"host": url.host,
        b"hostname": url.hostname(),
        b"path": url.path,
        b"query": url.query,
        b"opaque": url.opaque,
        b"fragment": url.fragment,
        b"userinfo": url.userinfo or b"",
    }


def _part(parts: dict[bytes, Any], name: bytes) -> bytes:
    value = parts.get(name, b"")
    if not isinstance(value, bytes):
        raise CallError(f"`{name.decode()}` is not a string but a `{kind_of(value)}`")
    return value


@function("urlJoin", pace=SLOW)
def url_join(parts: dict[bytes, Any]) -> bytes:
    """The URL of such parts."""
    names = (b"scheme", b"opaque", b"host", b"path", b"query", b"fragment")
    scheme, opaque, host, path, query, fragment = (_part(parts, name) for name in names)
    user = _part(parts, b"userinfo")
    try:
        userinfo = parse(b"proto://" + user + b"@host").userinfo if user else None
    except URLError as problem:
        raise CallError(str(problem)) from None
    return URL(scheme, opaque, userinfo, host, path, query, fragment).text()
