"""`sigs.k8s.io/yaml`: the first document of a YAML text, as `fromYaml` and `templateFrom` see it.

The syntax is libyaml's, which Go's library is a translation of; what the nodes mean is decided here.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType
from typing import Any, Final, TypeAlias

import yaml

from syncd.templating.golang import yaml_scalars
from syncd.templating.golang.gojson import JSONError, encode_json, number_json
from syncd.templating.golang.numbers import format_float
from syncd.templating.golang.printf import sprintf
from syncd.templating.golang.printing import Grow
from syncd.templating.golang.text import encode, runes
from syncd.templating.golang.values import INT_MAX
from syncd.templating.golang.yaml_emitter import emit
from syncd.templating.golang.yaml_scalars import BINARY, MERGE, ScalarError

Spend: TypeAlias = Callable[[int], None]
"""Told of work that was done; raises when it is too much."""
_Mapping: TypeAlias = dict[tuple[type, Any], Any]
"""By type and key: `1`, `1.0` and `true` are three keys."""

_ALIAS_LOW: Final = 400_000
_ALIAS_HIGH: Final = 4_000_000
_PREFIX: Final = "yaml: "
_UNKNOWN_ESCAPE: Final = "found unknown escape character"
_SLASH: Final = re.compile(r"(?:[^\\]|\\[^/])*?\\/", re.DOTALL)
_Loader: Final = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader


class YAMLError(ValueError):
    """The text is not YAML, or not of the shape that was asked for; the message is Go's."""


@dataclass(slots=True)
class _Node:
    kind: str
    value: str = ""
    tag: str = ""
    plain: bool = False
    children: tuple[_Node, ...] = ()
    target: _Node | None = None


class _Events:
    """libyaml's events, one document of them."""

    def __init__(self, text: bytes, spend: Spend) -> None:
        self.text = text
        self.spend = spend
        self.parser: Any = None
        self.anchors: dict[str, _Node] = {}

    def document(self) -> _Node | None:
        while True:
            self.spend(len(self.text) >> 6)
            self.parser = _Loader(self.text or b"\n")
            self.anchors = {}
            try:
                return self._document()
            except yaml.YAMLError as problem:
                if not self._repaired(problem):
                    raise YAMLError(_PREFIX + _describe(problem)) from None

    def _document(self) -> _Node | None:
        self.parser.get_event()
        if not isinstance(self.parser.get_event(), yaml.DocumentStartEvent):
            return None
        node = self._node(self.parser.get_event())
        self.parser.get_event()
        return node

    def _repaired(self, problem: yaml.YAMLError) -> bool:
        r"""Whether the problem was a `\'` between double quotes: an apostrophe for Go, and nothing for libyaml."""
        mark = getattr(problem, "problem_mark", None)
        if getattr(problem, "problem", "") != _UNKNOWN_ESCAPE or mark is None:
            return False
        text = self.text.decode("utf-8", "replace")
        if text[mark.index : mark.index + 2] != "\\'":
            return False
        self.text = (text[: mark.index] + text[mark.index + 1 :]).encode()
        return True

    def _node(self, event: Any) -> _Node:
        self.spend(1)
        if isinstance(event, yaml.AliasEvent):
            target = self.anchors.get(str(event.anchor))
            if target is None:
                raise YAMLError(f"{_PREFIX}unknown anchor '{event.anchor}' referenced")
            return _Node("alias", str(event.anchor), target=target)
        if isinstance(event, yaml.ScalarEvent):
            return self._anchored(event, self._scalar(event))
        sequence = isinstance(event, yaml.SequenceStartEvent)
        node = self._anchored(event, _Node("sequence" if sequence else "mapping"))
        children = []
        while not isinstance(event := self.parser.get_event(), (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            children.append(self._node(event))
        node.children = tuple(children)
        return node

    def _scalar(self, event: Any) -> _Node:
        if event.style == '"' and b"\\/" in self.text:
            self._refuse_slashes(event)
        if event.tag == "!":
            return _Node("scalar", event.value)
        return _Node("scalar", event.value, event.tag or "", event.implicit[0])

    def _refuse_slashes(self, event: Any) -> None:
        r"""`\/` is an escape for libyaml, and none for Go."""
        start = event.start_mark.index
        written = self.text.decode("utf-8", "replace")[start : event.end_mark.index]
        self.spend(len(self.text) >> 6)
        found = _SLASH.match(written)
        if found is not None:
            line = event.start_mark.line + written.count("\n", 0, found.end())
            raise YAMLError(f"{_PREFIX}line {line + 1}: {_UNKNOWN_ESCAPE}" if line else _PREFIX + _UNKNOWN_ESCAPE)

    def _anchored(self, event: Any, node: _Node) -> _Node:
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node


def _describe(problem: yaml.YAMLError) -> str:
    """The problem in the words of Go's library, which counts lines its own way."""
    if not isinstance(problem, yaml.MarkedYAMLError):
        return str(getattr(problem, "reason", problem))
    line = 0
    if problem.problem_mark is not None and problem.problem_mark.line:
        line = problem.problem_mark.line + (1 if isinstance(problem, yaml.scanner.ScannerError) else 0)
    elif problem.context_mark is not None:
        line = problem.context_mark.line
    return f"line {line}: {problem.problem}" if line else str(problem.problem)


class _Decoder:
    """Nodes to values: `bytes`, numbers, booleans, None, lists, and mappings whose keys are still of any type."""

    def __init__(self, spend: Spend) -> None:
        self.spend = spend
        self.open: set[int] = set()
        self.count = 0
        self.from_aliases = 0
        self.depth = 0

    def value(self, node: _Node) -> Any:
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
            raise YAMLError(_PREFIX + "document contains excessive aliasing")

    def _allowed(self) -> float:
        if self.count <= _ALIAS_LOW:
            return 0.99
        return max(0.10, 0.99 - 0.89 * (self.count - _ALIAS_LOW) / (_ALIAS_HIGH - _ALIAS_LOW))

    def _alias(self, node: _Node) -> Any:
        return self._within(node, lambda target: self.value(target))

    def _within(self, node: _Node, visit: Callable[[_Node], Any]) -> Any:
        if id(node) in self.open or node.target is None:
            raise YAMLError(f"{_PREFIX}anchor '{node.value}' value contains itself")
        self.open.add(id(node))
        self.depth += 1
        result = visit(node.target)
        self.depth -= 1
        self.open.discard(id(node))
        return result

    def _scalar(self, node: _Node) -> Any:
        if not node.tag and not node.plain:
            return encode(node.value)
        try:
            tag, value = yaml_scalars.resolve(node.tag, node.value)
        except ScalarError as problem:
            raise YAMLError(_PREFIX + str(problem)) from None
        if tag == BINARY:
            return _binary(node.value)
        return encode(value) if isinstance(value, str) else value

    def _fill(self, node: _Node, mapping: _Mapping) -> None:
        pairs = iter(node.children)
        for key_node, value_node in zip(pairs, pairs, strict=True):
            if key_node.kind == "scalar" and key_node.value == "<<" and (key_node.plain or key_node.tag == MERGE):
                self._merge(value_node, mapping)
                continue
            key = self.value(key_node)
            if isinstance(key, (list, dict)):
                raise YAMLError(f"{_PREFIX}invalid map key: {_go_syntax(key)}")
            mapping[type(key), key] = self.value(value_node)

    def _merge(self, node: _Node, mapping: _Mapping) -> None:
        """`<<`: the keys of other mappings, in place; keys that follow in the text override them."""
        sources = reversed(node.children) if node.kind == "sequence" else (node,)
        for source in sources:
            target = source.target if source.kind == "alias" else source
            if target is None or target.kind != "mapping":
                raise YAMLError(_PREFIX + "map merge requires map or sequence of maps as the value")
            self._count()
            if source.kind == "alias":
                self._within(source, lambda found: self._count_and_fill(found, mapping))
            else:
                self._fill(source, mapping)

    def _count_and_fill(self, node: _Node, mapping: _Mapping) -> None:
        self._count()
        self._fill(node, mapping)


def _binary(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        raise YAMLError(_PREFIX + "!!binary value contains invalid base64 data") from None


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
    node = _Events(text, spend).document()
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
    return encode(emit(_read(encode_json(value, grow), spend), grow))
