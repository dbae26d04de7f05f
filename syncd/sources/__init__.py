"""Where declarations come from."""

from syncd.sources.files import load, read
from syncd.sources.selection import select

__all__ = ["load", "read", "select"]
