"""Decodes values as `decodingStrategy` says, and refuses null bytes when `nullBytePolicy` does."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from syncd.errors import RenderError

_STANDARD = re.compile(rb"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_URL = re.compile(rb"(?:[A-Za-z0-9_-]{4})*+(?:[A-Za-z0-9_-]{2}==|[A-Za-z0-9_-]{3}=)?")
_LINE_ENDS = b"\r\n"


def decode(strategy: str, value: bytes) -> bytes:
    """The value as `strategy` (`None`, `Base64`, `Base64URL`, `Auto`; empty: `None`) reads it.

    Base64 is Go's: padded, line ends anywhere, spare bits ignored. `Auto` takes all that happens to be base64.
    Raises RenderError.
    """
    match strategy:
        case "" | "None":
            return value
        case "Base64":
            decoded = _standard(value)
        case "Base64URL":
            decoded = _url(value)
        case "Auto":
            decoded = _standard(value)
            decoded = _url(value) if decoded is None else decoded
            return value if decoded is None else decoded
        case _:
            hint = "use `None`, `Base64`, `Base64URL` or `Auto`"
            raise RenderError(f"there is no decodingStrategy `{strategy}`", hint=hint)
    if decoded is None:
        hint = "`Auto` leaves a value that is not base64 as it is; base64 without its `=` is not valid"
        raise RenderError(f"the value is not `{strategy}`", hint=hint)
    return decoded


def decode_map(strategy: str, data: Mapping[str, bytes]) -> dict[str, bytes]:
    """`decode` for each value. Raises RenderError, which names the key."""
    decoded = {}
    for key, value in data.items():
        try:
            decoded[key] = decode(strategy, value)
        except RenderError as error:
            raise RenderError(f"key `{key}`: {error.message}", hint=error.hint) from None
    return decoded


def check_null_bytes(policy: str, data: Mapping[str, bytes]) -> None:
    """Raises RenderError for the first key with a null byte when `policy` is `Fail`."""
    if policy != "Fail":
        return
    for key in sorted(data):
        if b"\0" in data[key]:
            hint = "leave `nullBytePolicy` unset for binary values, or store text such as PEM or base64"
            raise RenderError(f"key `{key}`: the value holds a null byte", hint=hint)


def _standard(value: bytes) -> bytes | None:
    text = value.translate(None, _LINE_ENDS)
    return base64.b64decode(text) if _STANDARD.fullmatch(text) else None


def _url(value: bytes) -> bytes | None:
    text = value.translate(None, _LINE_ENDS)
    return base64.urlsafe_b64decode(text) if _URL.fullmatch(text) else None
