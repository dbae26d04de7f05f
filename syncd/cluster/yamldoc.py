"""YAML text as nodes with positions, and as the data that Kubernetes reads from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]  # the C loader where there is one
    """Without timestamps and `=`: in Kubernetes these are strings."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith((":timestamp", ":value"))]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}


class BadYaml(Exception):
    """Text that is not YAML; `line` counts from 1. Holds nothing of the text."""

    def __init__(self, line: int) -> None:
        super().__init__(f"not valid YAML in line {line}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Chunk:
    """The part of a file from one `---` to the next; `line` is its first, from 1."""

    text: str
    line: int


_SEPARATOR = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_CONTENT = re.compile(r"^(?![ \t]*\r?(?:#|$)|%)", re.MULTILINE)


def split(text: str) -> list[Chunk]:
    """The chunks of a file; put together again they are the file."""
    starts = [match.start() for match in _SEPARATOR.finditer(text)]
    if not starts or _CONTENT.search(text, 0, starts[0]):
        starts.insert(0, 0)
    starts[0] = 0  # directives and comments belong to the document that follows
    ends = [*starts[1:], len(text)]
    return [Chunk(text[a:b], text.count("\n", 0, a) + 1) for a, b in zip(starts, ends, strict=True)]


def compose(text: str) -> list[yaml.Node]:
    """The root nodes of a chunk's documents; empty documents are left out. Raises BadYaml."""
    if text.lstrip()[:1] in ("{", "["):
        text = text.replace("\t", " ")  # JSON may be indented with tabs, where YAML's reader takes none
    try:
        return list(yaml.compose_all(text, _Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadYaml(mark.line + 1 if mark else 1) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise BadYaml(1) from None


def construct(node: yaml.Node) -> Any:
    """The data of a node. Raises BadYaml."""
    loader = _Loader("")
    try:
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadYaml(mark.line + 1 if mark else 1) from None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        raise BadYaml(node.start_mark.line + 1) from None
    finally:
        loader.dispose()


def entries(node: yaml.Node) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """The entries of a mapping whose keys are scalars; of other nodes none."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key, value


def entry(node: yaml.Node, name: str) -> tuple[yaml.ScalarNode, yaml.Node] | None:
    return next(((key, value) for key, value in entries(node) if key.value == name), None)


def text_of(node: yaml.Node, name: str) -> str:
    """The text of a scalar entry; empty when there is none."""
    found = entry(node, name)
    return str(found[1].value) if found and isinstance(found[1], yaml.ScalarNode) else ""
