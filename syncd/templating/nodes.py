"""What a template is made of: expressions as trees, and statements as a flat list in which blocks open and close."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from syncd.templating.literals import Number


@dataclass(slots=True)
class Dot:
    """`.`"""

    at: int


@dataclass(slots=True)
class Nil:
    """`nil`"""

    at: int


@dataclass(slots=True)
class Bool:
    """`true` or `false`."""

    at: int
    value: bool


@dataclass(slots=True)
class Numeral:
    """A number or a character constant."""

    at: int
    number: Number


@dataclass(slots=True)
class String:
    """A quoted or raw string, unquoted."""

    at: int
    value: bytes


@dataclass(slots=True)
class Field:
    """`.a.b`: fields of the dot."""

    at: int
    names: tuple[str, ...]


@dataclass(slots=True)
class Variable:
    """`$x` or `$x.a.b`."""

    at: int
    name: str
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class Identifier:
    """The name of a function."""

    at: int
    name: str


@dataclass(slots=True)
class Chain:
    """Fields of another operand: `(pipeline).a.b` or `function.a`."""

    at: int
    node: Operand
    names: tuple[str, ...]


@dataclass(slots=True)
class Command:
    """An operand, or a function or method with its arguments."""

    at: int
    args: list[Operand] = field(default_factory=list)


@dataclass(slots=True)
class Pipe:
    """Commands, each of which gets the value before it; and the variables that take the last value."""

    at: int
    commands: list[Command] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)
    assigns: bool = False


Operand: TypeAlias = Dot | Nil | Bool | Numeral | String | Field | Variable | Identifier | Chain | Pipe


@dataclass(frozen=True, slots=True)
class Literal:
    """Text to print."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Output:
    """A pipeline whose value is printed, unless it declares variables."""

    at: int
    pipe: Pipe


@dataclass(frozen=True, slots=True)
class Open:
    """`if`, `with` or `range`."""

    at: int
    kind: str
    pipe: Pipe


@dataclass(frozen=True, slots=True)
class Otherwise:
    """`else`; an `else if` is one, followed by an `if` that ends with its block."""


@dataclass(frozen=True, slots=True)
class Close:
    """`end` of an `if`, `with` or `range`."""


@dataclass(frozen=True, slots=True)
class Leave:
    """`break` or `continue`."""

    again: bool


@dataclass(frozen=True, slots=True)
class Call:
    """`template`: another definition, run with its own dot and variables."""

    at: int
    name: str
    pipe: Pipe | None


Statement: TypeAlias = Literal | Output | Open | Otherwise | Close | Leave | Call


@dataclass(frozen=True, slots=True)
class Definition:
    """A named template; `empty` when it holds nothing but white space and comments."""

    name: str
    statements: list[Statement]
    empty: bool
