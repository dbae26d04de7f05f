"""`net/url`: URLs taken apart and put together."""

from __future__ import annotations

import ipaddress
import re
import string
from dataclasses import dataclass
from typing import Final

_ALPHANUMERIC: Final = frozenset((string.ascii_letters + string.digits).encode())
_PATH: Final = _ALPHANUMERIC | frozenset(b"-_.~$&+,/:;=@")
_FRAGMENT: Final = _ALPHANUMERIC | frozenset(b"-_.~$&+,/:;=?@!()*")
_USER: Final = _ALPHANUMERIC | frozenset(b"-_.~$&+,;=")
_HOST: Final = _ALPHANUMERIC | frozenset(b"-_.~!\"$&'()*+,:;<=>[]")
_KEPT: Final = frozenset(b"!$&'()*+,;=:@[]%")
_USERINFO: Final = re.compile(rb"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_SCHEME: Final = re.compile(rb"([A-Za-z][A-Za-z0-9+\-.]*):")
_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")
_PORT: Final = re.compile(rb"(?::[0-9]*)?")
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})?")


class URLError(ValueError):
    """The text is not a URL; the message holds none of it."""


@dataclass(frozen=True, slots=True)
class URL:
    """The parts of a URL, unescaped but for the query; `userinfo` is None when there is no `@`, else escaped text."""

    scheme: bytes = b""
    opaque: bytes = b""
    userinfo: bytes | None = None
    host: bytes = b""
    path: bytes = b""
    query: bytes = b""
    fragment: bytes = b""

    def hostname(self) -> bytes:
        host, colon, port = self.host.rpartition(b":")
        name = host if colon and (not port or port.isdigit()) else self.host
        return name[1:-1] if name[:1] == b"[" and name[-1:] == b"]" else name

    def text(self) -> bytes:
        """`URL.String`."""
        out = self.scheme + b":" if self.scheme else b""
        if self.opaque:
            out += self.opaque
        else:
            if self.host or (self.scheme and self.path) or self.userinfo is not None:
                out += b"//"
                out += b"" if self.userinfo is None else self.userinfo + b"@"
                out += _escape(self.host, _HOST)
            path = b"*" if self.path == b"*" else _escape(self.path, _PATH)
            if path and path[:1] != b"/" and self.host:
                out += b"/"
            if not out and b":" in path.partition(b"/")[0]:
                out = b"./"
            out += path
        if self.query:
            out += b"?" + self.query
        return out + b"#" + _escape(self.fragment, _FRAGMENT) if self.fragment else out


def _escape(text: bytes, kept: frozenset[int]) -> bytes:
    return b"".join(bytes((byte,)) if byte in kept else b"%%%02X" % byte for byte in text)


def _unescape(text: bytes, *, host: bool = False, zone: bool = False) -> bytes:
    """Raises URLError for a broken escape, and in hosts for what must not stand there."""
    if (host or zone) and any(byte < 0x80 and byte not in _HOST and byte != 0x25 for byte in text):
        raise URLError("the host has an invalid character")

    def byte(found: re.Match[bytes]) -> bytes:
        if found[1] is None:
            raise URLError("a `%` is not followed by two hexadecimal digits")
        value = int(found[1], 16)
        if (host and value < 0x80 and value != 0x25) or (zone and value not in _HOST and value not in b" %"):
            raise URLError("the host has an escape that must not be there")
        return bytes((value,))

    return _ESCAPE.sub(byte, text)


def parse(text: bytes) -> URL:
    """`url.Parse`. Raises URLError."""
    text, _, fragment = text.partition(b"#")
    if _CONTROL.search(text):
        raise URLError("the URL has a control character")
    if text == b"*":
        return URL(path=b"*", fragment=_unescape(fragment))
    found = _SCHEME.match(text)
    if found is None and text[:1] == b":":
        raise URLError("the URL has no scheme before its colon")
    scheme = found[1].lower() if found else b""
    rest, _, query = text[found.end() if found else 0 :].partition(b"?")
    if rest[:1] != b"/":
        if scheme:
            return URL(scheme, rest, query=query, fragment=_unescape(fragment))
        if b":" in rest.partition(b"/")[0]:
            raise URLError("the first part of a path has a colon")
    userinfo, host = None, b""
    if rest.startswith(b"//") and (scheme or not rest.startswith(b"///")):
        authority, slash, path = rest[2:].partition(b"/")
        userinfo, host = _authority(scheme, authority)
        rest = slash + path
    return URL(scheme, b"", userinfo, host, _unescape(rest), query, _unescape(fragment))


def _authority(scheme: bytes, text: bytes) -> tuple[bytes | None, bytes]:
    user, at, host = text.rpartition(b"@")
    host = _host(scheme, host)
    if not at:
        return None, host
    if not _USERINFO.fullmatch(user):
        raise URLError("the user or password has an invalid character")
    name, colon, password = user.partition(b":")
    return _escape(_unescape(name), _USER) + colon + _escape(_unescape(password), _USER), host


def _host(scheme: bytes, text: bytes) -> bytes:
    if b"[" in text:
        return _literal(text)
    colon = text.find(b":") if scheme in (b"http", b"https") else text.rfind(b":")
    if colon >= 0 and not _PORT.fullmatch(text, colon):
        raise URLError("the port is not a number")
    return _unescape(text, host=True)


def _literal(text: bytes) -> bytes:
    """An IPv6 address in brackets, perhaps with a zone and a port."""
    close = text.rfind(b"]")
    if text.rfind(b"[") > 0 or close < 0 or not _PORT.fullmatch(text, close + 1):
        raise URLError("the address in the host is malformed")
    name, mark, zone = text[1:close].partition(b"%25")
    address = _unescape(name, host=True) + (_unescape(mark + zone, zone=True) if mark else b"")
    try:
        ipaddress.IPv6Address(address.decode())
    except (ValueError, UnicodeDecodeError):
        raise URLError("the address in the host is malformed") from None
    return b"[" + address + b"]" + text[close + 1 :]
