"""Go's types as Python values: what each is called, what counts as nil, empty, true or equal.

A Go string is `bytes` (byte semantics, any bytes), `int` is Go's `int`, `float` its `float64`, `bool` its `bool`,
`complex` its `complex128`; a `list` is `[]interface {}`, a `dict` with `bytes` keys `map[string]interface {}`, `None`
the nil that has no type. Every other type is a class here, and none is converted silently: templates rely on that.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Final

INT_BITS: Final = 64
INT_MIN: Final = -(1 << 63)
INT_MAX: Final = (1 << 63) - 1
UINT_MAX: Final = (1 << 64) - 1


class Kind(StrEnum):
    """`reflect.Kind`, by the name that Go prints."""

    INVALID = "invalid"
    BOOL = "bool"
    INT = "int"
    INT64 = "int64"
    UINT8 = "uint8"
    UINT64 = "uint64"
    FLOAT64 = "float64"
    COMPLEX128 = "complex128"
    STRING = "string"
    SLICE = "slice"
    MAP = "map"
    STRUCT = "struct"
    POINTER = "ptr"
    INTERFACE = "interface"


class Int64(int):
    """Go's `int64`: what arithmetic gives; not an `int`, so `repeat (add 1 1) "a"` is an error."""

    go_type: ClassVar[str] = "int64"
    go_kind: ClassVar[Kind] = Kind.INT64
    __slots__ = ()


class Uint8(int):
    """Go's `uint8`: a byte of a string."""

    go_type: ClassVar[str] = "uint8"
    go_kind: ClassVar[Kind] = Kind.UINT8
    __slots__ = ()


class Uint64(int):
    """Go's `uint64`: the numbers of a version."""

    go_type: ClassVar[str] = "uint64"
    go_kind: ClassVar[Kind] = Kind.UINT64
    __slots__ = ()


class NamedInt(int):
    """A Go integer type of its own whose `String` method says what it means, as `time.Month`."""

    go_type: ClassVar[str] = ""
    go_kind: ClassVar[Kind] = Kind.INT
    methods: ClassVar[dict[str, Any]] = {}
    __slots__ = ()

    def text(self) -> bytes:
        raise NotImplementedError


class Strings(list[Any]):
    """Go's `[]string`."""

    go_type: ClassVar[str] = "[]string"
    __slots__ = ()


class Ints(list[Any]):
    """Go's `[]int`."""

    go_type: ClassVar[str] = "[]int"
    __slots__ = ()


class Lists(list[Any]):
    """Go's `[][]interface {}`."""

    go_type: ClassVar[str] = "[][]interface {}"
    __slots__ = ()


class Octets(list[Any]):
    """Go's `[]uint8`, as `MarshalText` and its like return it."""

    go_type: ClassVar[str] = "[]uint8"
    __slots__ = ()


class NilList(list[Any]):
    """A nil `[]interface {}`: empty, and `null` in JSON."""

    go_type: ClassVar[str] = "[]interface {}"
    nil: ClassVar[bool] = True
    __slots__ = ()


class NilStrings(Strings):
    """A nil `[]string`."""

    nil: ClassVar[bool] = True
    __slots__ = ()


class StringMap(dict[bytes, Any]):
    """Go's `map[string]string`: the data of a template, and what `split` returns."""

    go_type: ClassVar[str] = "map[string]string"
    __slots__ = ()


class NilMap(dict[bytes, Any]):
    """A nil `map[string]interface {}`: it reads as empty and takes no keys."""

    go_type: ClassVar[str] = "map[string]interface {}"
    nil: ClassVar[bool] = True
    __slots__ = ()


class Struct:
    """A Go struct, or a pointer to one, with its exported fields and methods.

    `fields` are all fields in order, as `printf "%d"` shows them; `visible` are those that a template may read;
    `methods` maps a name to a function whose signature the template engine reads like any other's.
    """

    go_type: ClassVar[str] = ""
    go_kind: ClassVar[Kind] = Kind.STRUCT
    methods: ClassVar[dict[str, Any]] = {}
    visible: ClassVar[tuple[str, ...]] = ()
    __slots__ = ()

    def text(self) -> bytes | None:
        """What the type's `String` method gives, if it has one."""
        return None

    def json_text(self) -> bytes | None:
        """The string that stands for the value in JSON; None when its fields do."""
        return self.text()

    def fields(self) -> list[tuple[str, Any]]:
        return []

    def copied(self) -> Struct:
        """What `deepCopy` makes of the value."""
        return self


class _Nil:
    """A nil held by an interface: inside a list or a map. A pipeline's end turns it into `None`."""

    go_type: ClassVar[str] = "interface {}"
    go_kind: ClassVar[Kind] = Kind.INTERFACE

    def __repr__(self) -> str:
        return "NIL"


NIL: Final = _Nil()

_TYPES: Final[dict[type, str]] = {
    bytes: "string",
    bool: "bool",
    int: "int",
    float: "float64",
    complex: "complex128",
    list: "[]interface {}",
    dict: "map[string]interface {}",
}
_KINDS: Final[dict[type, Kind]] = {
    bytes: Kind.STRING,
    bool: Kind.BOOL,
    int: Kind.INT,
    float: Kind.FLOAT64,
    complex: Kind.COMPLEX128,
    type(None): Kind.INVALID,
}


def type_name(value: Any) -> str:
    """The name that `%T` prints; `<nil>` for nil."""
    if value is None:
        return "<nil>"
    return _TYPES.get(type(value)) or str(type(value).go_type)


def kind_of(value: Any) -> Kind:
    kind = _KINDS.get(type(value))
    if kind is not None:
        return kind
    if isinstance(value, list):
        return Kind.SLICE
    if isinstance(value, dict):
        return Kind.MAP
    return Kind(type(value).go_kind)


def is_nil(value: Any) -> bool:
    """True for nil itself and for nil slices and maps."""
    return value is None or value is NIL or getattr(type(value), "nil", False)


def truth(value: Any) -> bool:
    """Whether `if` takes the value: not the zero of its type; structs always are true."""
    return bool(value) and value is not NIL


def is_empty(value: Any) -> bool:
    """Whether Sprig's `empty` holds; the same as untrue for every type that occurs."""
    return not truth(value)


def wrap(number: int) -> int:
    """The number as 64 bits hold it, as Go's arithmetic overflows."""
    return number if INT_MIN <= number <= INT_MAX else (number + INT_MAX + 1) % (UINT_MAX + 1) + INT_MIN


def same(left: Any, right: Any) -> bool:
    """`reflect.DeepEqual`: equal values of equal types, all the way down; a nil list is not an empty one."""
    pending = [(left, right)]
    seen: set[tuple[int, int]] = set()
    while pending:
        one, other = pending.pop()
        if type(one) is not type(other):
            return False
        if not isinstance(one, (list, dict, Struct)):
            if one != other:
                return False
        elif one is not other and (id(one), id(other)) not in seen:
            seen.add((id(one), id(other)))
            if not _same_shape(one, other):
                return False
            pending.extend(_pairs(one, other))
    return True


def _same_shape(one: Any, other: Any) -> bool:
    if isinstance(one, list):
        return len(one) == len(other)
    return not isinstance(one, dict) or one.keys() == other.keys()


def _pairs(one: Any, other: Any) -> list[tuple[Any, Any]]:
    if isinstance(one, list):
        return list(zip(one, other, strict=True))
    if isinstance(one, dict):
        return [(value, other[key]) for key, value in one.items()]
    return [(mine, theirs) for (_, mine), (_, theirs) in zip(one.fields(), other.fields(), strict=True)]
