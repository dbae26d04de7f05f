"""Writes YAML anew as JSON, for files that hold several values."""

from __future__ import annotations

import re

import yaml

from syncd.providers import gojson
from syncd.providers.gojson import Number, Value

_LIMIT = 100_000
"""Nodes of a document, with those that aliases repeat."""
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LITERALS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_TEXT = "tag:yaml.org,2002:str"


def yaml_to_json(text: bytes) -> bytes:
    """One mapping or list as JSON with sorted keys.

    Plain scalars that JSON could hold are what they are there; all others (`0755`, `yes`, dates) are text, as written.
    Raises ValueError, without a word of the document, when it is not YAML, is plain text, or is too large.
    """
    loader = yaml.CSafeLoader(text)
    try:
        node = loader.get_single_node()
        value = _Converter(loader).value(node)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise ValueError("not YAML") from None
    finally:
        loader.dispose()
    if not isinstance(value, dict | list):
        raise ValueError("not a mapping or list")  # noqa: TRY004  # it is the document that is wrong
    return gojson.write(value, gojson.quote).encode()


class _Converter:
    def __init__(self, loader: yaml.CSafeLoader) -> None:
        self._loader = loader
        self._left = _LIMIT

    def value(self, node: yaml.Node | None) -> Value:
        self._left -= 1
        if self._left < 0:
            raise ValueError("too many nodes")
        if isinstance(node, yaml.MappingNode):
            self._loader.flatten_mapping(node)
            return {self._key(key): self.value(item) for key, item in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item) for item in node.value]
        return _scalar(node) if isinstance(node, yaml.ScalarNode) else None

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise ValueError("a key is not plain")  # noqa: TRY004  # it is the document that is wrong
        return str(node.value)


def _scalar(node: yaml.ScalarNode) -> Value:
    text = str(node.value)
    if node.style or node.tag == _TEXT:
        return text
    if text in _LITERALS:
        return _LITERALS[text]
    return Number(text) if _NUMBER.fullmatch(text) else text
