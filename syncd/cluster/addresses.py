"""Addresses of servers, as people may see them."""

from __future__ import annotations

import re

_LOGIN = re.compile(r"(?<=://).*@")
_QUERY = re.compile(r"[?#].*")


def shown(url: str) -> str:
    """The address without user, password and query: they may be credentials."""
    return _QUERY.sub("", _LOGIN.sub("", url))
