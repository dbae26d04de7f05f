"""The nodes of a YAML document out of libyaml's events, with what Go's translation of libyaml does differently."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import yaml

Spend: TypeAlias = Callable[[int], None]
"""Told of work that was done; raises when it is too much."""
PREFIX: Final = "yaml: "

_UNKNOWN_ESCAPE: Final = "found unknown escape character"
_SLASH: Final = re.compile(r"(?:[^\\]|\\[^/])*?\\/", re.DOTALL)
_Loader: Final = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader


class YAMLError(ValueError):
    """The text is not YAML, or not of the shape that was asked for; the message is Go's."""


@dataclass(slots=True)
class Node:
    kind: str
    value: str = ""
    tag: str = ""
    plain: bool = False
    children: tuple[Node, ...] = ()
    target: Node | None = None


class Events:
    """libyaml's events, one document of them."""

    def __init__(self, text: bytes, spend: Spend) -> None:
        self.text = text
        self.spend = spend
        self.parser: Any = None
        self.anchors: dict[str, Node] = {}

    def document(self) -> Node | None:
        while True:
            self.spend(len(self.text) >> 6)
            self.parser = _Loader(self.text or b"\n")
            self.anchors = {}
            try:
                return self._document()
            except yaml.YAMLError as problem:
                if not self._repaired(problem):
                    raise YAMLError(PREFIX + _describe(problem)) from None

    def _document(self) -> Node | None:
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

    def _node(self, event: Any) -> Node:
        self.spend(1)
        if isinstance(event, yaml.AliasEvent):
            target = self.anchors.get(str(event.anchor))
            if target is None:
                raise YAMLError(f"{PREFIX}unknown anchor '{event.anchor}' referenced")
            return Node("alias", str(event.anchor), target=target)
        if isinstance(event, yaml.ScalarEvent):
            return self._anchored(event, self._scalar(event))
        sequence = isinstance(event, yaml.SequenceStartEvent)
        node = self._anchored(event, Node("sequence" if sequence else "mapping"))
        children = []
        while not isinstance(event := self.parser.get_event(), (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            children.append(self._node(event))
        node.children = tuple(children)
        return node

    def _scalar(self, event: Any) -> Node:
        if event.style == '"' and b"\\/" in self.text:
            self._refuse_slashes(event)
        if event.tag == "!":
            return Node("scalar", event.value)
        return Node("scalar", event.value, event.tag or "", event.implicit[0])

    def _refuse_slashes(self, event: Any) -> None:
        r"""`\/` is an escape for libyaml, and none for Go."""
        start = event.start_mark.index
        written = self.text.decode("utf-8", "replace")[start : event.end_mark.index]
        self.spend(len(self.text) >> 6)
        found = _SLASH.match(written)
        if found is not None:
            line = event.start_mark.line + written.count("\n", 0, found.end())
            raise YAMLError(f"{PREFIX}line {line + 1}: {_UNKNOWN_ESCAPE}" if line else PREFIX + _UNKNOWN_ESCAPE)

    def _anchored(self, event: Any, node: Node) -> Node:
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
