"""`sigs.k8s.io/yaml`: the first document of a YAML text, as `fromYaml` and `templateFrom` see it.

What the nodes mean is decided here.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from types import NoneType
from typing import Any, Final, TypeAlias

from syncd.templating.golang import yaml_scalars
from syncd.templating.golang.gojson import JSONError, encode_json, number_json
from syncd.templating.golang.numbers import format_float
from syncd.templating.golang.printf import sprintf
from syncd.templating.golang.printing import Grow
from syncd.templating.golang.text import encode, runes
from syncd.templating.golang.values import INT_MAX
from syncd.templating.golang.yaml_emitter import emit
from syncd.templating.golang.yaml_events import PREFIX, Events, Node, Spend, YAMLError
from syncd.templating.golang.yaml_scalars import BINARY, MERGE, ScalarError

_Mapping: TypeAlias = dict[tuple[type, Any], Any]
"""By type and key: `1`, `1.0` and `true` are three keys."""

_ALIAS_LOW: Final = 400_000
_ALIAS_HIGH: Final = 4_000_000


class _Decoder:
    """Nodes to values: `bytes`, numbers, booleans, None, lists, and mappings whose keys are still of any type."""

    def __init__(self, spend: Spend) -> None:
        self.spend = spend
        self.open: set[int] = set()
        self.count = 0
        self.from_aliases = 0
        self.depth = 0

    def value(self, node: Node) -> Any:
        self._count()
        if node.kind == "alias":
            return self._alias(node)
        if node.kind == "scalar":
            return self._scalar(node)
        if node.kind == "sequence":
            return [self.value(child) for child in node.children]
        mapping: _Mapping = {}
        self._fill(node, mapping)
        return mapping

    def _count(self) -> None:
        self.spend(1)
        self.count += 1
        if self.depth:
            self.from_aliases += 1
        if self.from_aliases > 100 and self.count > 1000 and self.from_aliases / self.count > self._allowed():
            raise YAMLError(PREFIX + "document contains excessive aliasing")

    def _allowed(self) -> float:
        if self.count <= _ALIAS_LOW:
            return 0.99
        return max(0.10, 0.99 - 0.89 * (self.count - _ALIAS_LOW) / (_ALIAS_HIGH - _ALIAS_LOW))

    def _alias(self, node: Node) -> Any:
        return self._within(node, lambda target: self.value(target))

    def _within(self, node: Node, visit: Callable[[Node], Any]) -> Any:
        if id(node) in self.open or node.target is None:
            raise YAMLError(f"{PREFIX}anchor '{node.value}' value contains itself")
        self.open.add(id(node))
        self.depth += 1
        result = visit(node.target)
        self.depth -= 1
        self.open.discard(id(node))
        return result

    def _scalar(self, node: Node) -> Any:
        if not node.tag and not node.plain:
            return encode(node.value)
        try:
            tag, value = yaml_scalars.resolve(node.tag, node.value)
        except ScalarError as problem:
            raise YAMLError(PREFIX + str(problem)) from None
        if tag == BINARY:
            return _binary(node.value)
        return encode(value) if isinstance(value, str) else value

    def _fill(self, node: Node, mapping: _Mapping) -> None:
        pairs = iter(node.children)
        for key_node, value_node in zip(pairs, pairs, strict=True):
            if key_node.kind == "scalar" and key_node.value == "<<" and (key_node.plain or key_node.tag == MERGE):
                self._merge(value_node, mapping)
                continue
            key = self.value(key_node)
            if isinstance(key, (list, dict)):
                raise YAMLError(f"{PREFIX}invalid map key: {_go_syntax(key)}")
            mapping[type(key), key] = self.value(value_node)

    def _merge(self, node: Node, mapping: _Mapping) -> None:
        """`<<`: the keys of other mappings, in place; keys that follow in the text override them."""
        sources = reversed(node.children) if node.kind == "sequence" else (node,)
        for source in sources:
            target = source.target if source.kind == "alias" else source
            if target is None or target.kind != "mapping":
                raise YAMLError(PREFIX + "map merge requires map or sequence of maps as the value")
            self._count()
            if source.kind == "alias":
                self._within(source, lambda found: self._count_and_fill(found, mapping))
            else:
                self._fill(source, mapping)

    def _count_and_fill(self, node: Node, mapping: _Mapping) -> None:
        self._count()
        self._fill(node, mapping)


def _binary(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        raise YAMLError(PREFIX + "!!binary value contains invalid base64 data") from None


def _go_syntax(value: Any) -> str:
    """The value as `%#v` prints it inside another; mappings in the order of their keys where these are text."""
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(map(_go_syntax, value)) + "}"
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=lambda pair: (pair[0][0].__name__, str(pair[0][1])))
        shown = (f"{_go_syntax(key)}:{_go_syntax(item)}" for (_, key), item in pairs)
        return "map[interface {}]interface {}{" + ", ".join(shown) + "}"
    if value is None:
        return "interface {}(nil)"
    if type(value) is int and value > INT_MAX:
        return f"0x{value:x}"
    return sprintf(b"%#v", [value], lambda _: None).decode("utf-8", "replace")


def _read(text: bytes, spend: Spend) -> Any:
    node = Events(text, spend).document()
    return None if node is None else _Decoder(spend).value(node)


def _key_text(key: Any, value: Any) -> bytes:
    if isinstance(key, bytes):
        return key
    if isinstance(key, bool):
        return b"true" if key else b"false"
    if isinstance(key, float):
        text = format_float(key, "g", bits=32)
        return {"+Inf": ".inf", "-Inf": "-.inf", "NaN": ".nan"}.get(text, text).encode()
    if key is None or key > INT_MAX:
        kind, shown = ("%!s(<nil>)", "<nil>") if key is None else ("uint64", _go_syntax(key))
        given = "<nil>" if value is None else _go_syntax(value)
        raise YAMLError(f"unsupported map key of type: {kind}, key: {shown}, value: {given}")
    return str(key).encode()


def _json_value(value: Any) -> Any:
    """The value after its way through JSON: numbers are floats, keys text."""
    if isinstance(value, bytes):
        return runes(value).encode()
    if isinstance(value, list):
        return [_json_value(item) for item in value]
    if isinstance(value, dict):
        return {runes(_key_text(key, item)).encode(): _json_value(item) for (_, key), item in value.items()}
    if isinstance(value, (bool, NoneType)):
        return value
    number_json(float(value))
    return float(value)


def read_any(text: bytes, spend: Spend) -> Any:
    """`yaml.Unmarshal` into an `interface {}`. Raises YAMLError, with no value."""
    try:
        return _json_value(_read(text, spend))
    except (YAMLError, JSONError):
        raise YAMLError("the text is not valid YAML") from None


def read_object(text: bytes, spend: Spend) -> dict[bytes, Any]:
    """`yaml.Unmarshal` into a `map[string]interface {}`. Raises YAMLError with the text that Go gives."""
    try:
        value = _json_value(_read(text, spend))
    except YAMLError as problem:
        raise YAMLError(f"error converting YAML to JSON: {problem}") from None
    except JSONError as problem:
        raise YAMLError(f"error converting YAML to JSON: {problem}") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise YAMLError(_mismatch(value, "map[string]interface {}"))
    return value


def _mismatch(value: Any, wanted: str) -> str:
    kind = "bool" if isinstance(value, bool) else "string" if isinstance(value, bytes) else "number"
    kind = "array" if isinstance(value, list) else "object" if isinstance(value, dict) else kind
    return f"error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go value of type {wanted}"


def read_strings(text: bytes, spend: Spend) -> dict[bytes, bytes]:
    """`yaml.Unmarshal` into a `map[string]string`: numbers, booleans become text. Raises YAMLError, with no value."""
    try:
        value = _read(text, spend)
        pairs = None if not isinstance(value, dict) else [(_key_text(key, 0), item) for (_, key), item in value.items()]
    except YAMLError:
        raise YAMLError("the text is not valid YAML") from None
    if value is None:
        return {}
    if pairs is None:
        raise YAMLError("the text is not a mapping of keys to strings")
    return {runes(key).encode(): _string(item) for key, item in pairs}


def _string(value: Any) -> bytes:
    if isinstance(value, bytes):
        return runes(value).encode()
    if value is None:
        return b""
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int):
        return str(value).encode()
    if isinstance(value, float):
        return format_float(value, "g", bits=32).encode()
    raise YAMLError("a value is neither text nor a number")


def write(value: Any, grow: Grow, spend: Spend) -> bytes:
    """`yaml.Marshal`: the value's JSON, read as YAML and written. Raises YAMLError or JSONError where Go fails."""
    text = encode_json(value, grow)
    spend(len(text) >> 3)
    return encode(emit(_read(text, spend), grow))
