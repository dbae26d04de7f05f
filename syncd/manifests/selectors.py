"""Label selectors: those of manifests, and those of the command line, which are written as kubectl's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from syncd.errors import UsageError
from syncd.manifests.fields import LabelSelector


class Operator(StrEnum):
    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    GREATER = "Gt"
    LESS = "Lt"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        match self.operator:
            case Operator.IN:
                return value in self.values
            case Operator.NOT_IN:
                return value not in self.values
            case Operator.EXISTS:
                return value is not None
            case Operator.DOES_NOT_EXIST:
                return value is None
        return value is not None and self._compares(value)

    def _compares(self, value: str) -> bool:
        (bound,) = self.values
        if not value.isdecimal():
            return False
        return int(value) > int(bound) if self.operator is Operator.GREATER else int(value) < int(bound)


@dataclass(frozen=True, slots=True)
class Selector:
    """All requirements must hold; without any, everything matches."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(requirement.matches(labels) for requirement in self.requirements)

    @classmethod
    def of(cls, selector: LabelSelector) -> Selector:
        """The selector that stands in a manifest."""
        equal = [Requirement(key, Operator.IN, frozenset({value})) for key, value in selector.match_labels.items()]
        others = [
            Requirement(one.key, Operator(one.operator), frozenset(one.values)) for one in selector.match_expressions
        ]
        return cls((*equal, *others))

    @classmethod
    def parse(cls, text: str) -> Selector:
        """`a=b,c!=d,e in (x,y),f notin (z),g,!h,i>1`. Raises UsageError."""
        return cls(tuple(_requirement(part.strip(), text) for part in _split(text))) if text.strip() else cls()


_KEY = r"(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?"
_SET = re.compile(rf"({_KEY})\s+(in|notin)\s*\(([^()]*)\)")
_EQUALS = re.compile(rf"({_KEY})\s*(==?|!=|>|<)\s*([-A-Za-z0-9_.]*)")
_EXISTS = re.compile(rf"(!?)\s*({_KEY})")


def _split(text: str) -> list[str]:
    """At the commas that do not stand in brackets."""
    return re.split(r",(?![^(]*\))", text)


def _requirement(part: str, text: str) -> Requirement:
    if match := _SET.fullmatch(part):
        key, word, values = match.groups()
        operator = Operator.IN if word == "in" else Operator.NOT_IN
        return Requirement(key, operator, frozenset(value.strip() for value in values.split(",")))
    if match := _EXISTS.fullmatch(part):
        return Requirement(match[2], Operator.DOES_NOT_EXIST if match[1] else Operator.EXISTS)
    match = _EQUALS.fullmatch(part)
    if not match or (match[2] in "<>" and not match[3].isdecimal()):
        message = f"label selector `{text}` cannot be read at `{part}`"
        raise UsageError(message, hint="write it as kubectl's: `a=b,c!=d,e in (x,y),!f`")
    operators = {"!=": Operator.NOT_IN, ">": Operator.GREATER, "<": Operator.LESS}
    return Requirement(match[1], operators.get(match[2], Operator.IN), frozenset({match[3]}))
