"""Functions of templates and their signatures: names of types, read from the annotations of Python functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias, TypeVar

from syncd.templating.engine import Engine
from syncd.templating.meter import Meter

Call = TypeVar("Call", bound=Callable[..., Any])


HashName: TypeAlias = bytes
"""A string that must stand in the template itself: no value has that type."""
Counter: TypeAlias = int
"""An unsigned number that must stand in the template itself."""


class CallError(Exception):
    """A function refuses its arguments; the message holds no value."""


class Type(Enum):
    """Go's type of a parameter; the value is its name in messages."""

    ANY = "interface {}"
    VALUE = "reflect.Value"
    STRING = "string"
    HASH = "sprig.HashAlgorithm"
    INT = "int"
    UINT32 = "uint32"
    DURATION = "time.Duration"
    FLOAT = "float64"
    BOOL = "bool"
    MAP = "map[string]interface {}"
    LIST = "[]interface {}"
    TIME = "time.Time"
    VERSION = "*semver.Version"
    CERTIFICATE = "sprig.certificate"


_ANNOTATIONS: Final = {
    "Any": Type.ANY,
    "bytes": Type.STRING,
    "HashName": Type.HASH,
    "int": Type.INT,
    "Counter": Type.UINT32,
    "Duration": Type.DURATION,
    "float": Type.FLOAT,
    "bool": Type.BOOL,
    "dict[bytes, Any]": Type.MAP,
    "list[Any]": Type.LIST,
    "Time": Type.TIME,
    "Version": Type.VERSION,
    "Certificate": Type.CERTIFICATE,
}


class World:
    """What a function may use beside its arguments: clock, randomness, and the meter that it must not exceed."""

    __slots__ = ("engine", "meter")

    def __init__(self, engine: Engine, meter: Meter) -> None:
        self.engine = engine
        self.meter = meter


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a template may call.

    `fixed` are its parameters, `rest` the type of any further ones. `worldly` says that it gets the World first.
    `pace` is how many bytes of its arguments cost one step, `price` what a call costs beside that.
    """

    name: str
    call: Callable[..., Any]
    fixed: tuple[Type, ...]
    rest: Type | None = None
    worldly: bool = False
    deterministic: bool = True
    price: int = 1
    pace: int = 1024


FUNCTIONS: Final[dict[str, Function]] = {}
"""Every function by its name in templates."""

SLOW: Final = 8
"""The pace of functions that look at each character in turn."""


def function(
    *names: str, deterministic: bool = True, price: int = 1, pace: int = 1024, values: bool = False
) -> Callable[[Call], Call]:
    """Registers a Python function under these names; its annotations say what it takes.

    `values` makes it take `reflect.Value`s, as the built-in functions do: any type too, but messages say so.
    """

    def register(call: Call) -> Call:
        for name in names:
            FUNCTIONS[name] = describe(name, call, deterministic=deterministic, price=price, pace=pace, values=values)
        return call

    return register


def describe(name: str, call: Callable[..., Any], *, skip: int = 0, values: bool = False, **traits: Any) -> Function:
    """The signature of a Python function, by its annotations; `skip` parameters are no arguments."""
    code, annotations = call.__code__, call.__annotations__
    parameters = code.co_varnames[skip : code.co_argcount]
    worldly = bool(parameters) and annotations[parameters[0]] == "World"
    fixed = tuple(_type(annotations[parameter], values=values) for parameter in parameters[worldly:])
    rest = None
    if code.co_flags & inspect.CO_VARARGS:
        rest = _type(annotations[code.co_varnames[code.co_argcount + code.co_kwonlyargcount]], values=values)
    return Function(name, call, fixed, rest, worldly, **traits)


def _type(annotation: str, *, values: bool) -> Type:
    found = _ANNOTATIONS[annotation]
    return Type.VALUE if values and found is Type.ANY else found


def method(methods: dict[str, Any], *names: str, pace: int = 1024) -> Callable[[Call], Call]:
    """Registers a method of a Go type; the Python function gets the value it belongs to first."""

    def register(call: Call) -> Call:
        for name in names:
            methods[name] = describe(name, call, skip=1, pace=pace)
        return call

    return register
