"""Calls of functions: arguments are checked against the signature and never converted, as Go's reflection does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeAlias

from syncd.templating.calls import CallError, Function, Type
from syncd.templating.golang.values import NIL, NilList, NilMap, truth, type_name
from syncd.templating.machine import Frame
from syncd.templating.meter import TooMuch
from syncd.templating.nodes import Bool, Nil, Numeral, Operand, String
from syncd.templating.source import Source

Evaluate: TypeAlias = Callable[[Frame], Any]
Step: TypeAlias = Callable[[Frame, Any], Any]
"""A command: from the frame and the value piped in, or ABSENT."""

ABSENT: Final = object()
_ANYTHING: Final = frozenset((Type.ANY, Type.VALUE))
_EXACT: Final[dict[Type, type]] = {
    Type.STRING: bytes, Type.INT: int, Type.FLOAT: float, Type.BOOL: bool, Type.MAP: dict, Type.LIST: list,
}  # fmt: skip
_ITEM: Final = 16
"""What an item of a list weighs, in bytes of text."""


class Invocation:
    """Compiles calls; `operand` compiles what stands as an argument."""

    def __init__(self, source: Source, operand: Callable[[Operand], Evaluate]) -> None:
        self.source = source
        self.operand = operand

    def call(self, function: Function, nodes: list[Operand], at: int, *, piped: bool) -> Step:
        """A call with these arguments, and the piped value as the last one."""
        given = len(nodes) + piped
        wanted = len(function.fixed)
        if given < wanted or (given > wanted and function.rest is None):
            least = "at least " if function.rest is not None else ""
            return self._fails(
                f"`{function.name}` takes {least}{wanted} argument{'s' * (wanted != 1)}, not {given}", at
            )
        types = [*function.fixed, *[function.rest or Type.ANY] * (given - wanted)]
        evaluators = [self._argument(function, node, kind) for node, kind in zip(nodes, types, strict=False)]
        if function.name in ("and", "or"):
            return self._choice(evaluators, stops=function.name == "or", piped=piped)
        if function.name == "fail" and nodes and isinstance(nodes[0], String):
            return self._fails(f"`fail`: {nodes[0].value.decode('utf-8', 'replace')}", at, kind="exec")
        last = types[-1] if piped else Type.ANY

        def run(frame: Frame, final: Any) -> Any:
            values = [evaluate(frame) for evaluate in evaluators]
            if piped:
                values.append(self._checked(function, final, last, at))
            return self._invoke(frame, function, values, at)

        return run

    def _choice(self, evaluators: list[Evaluate], *, stops: bool, piped: bool) -> Step:
        """`and` and `or`: arguments are evaluated until one decides."""

        def run(frame: Frame, final: Any) -> Any:
            value = None
            for evaluate in evaluators:
                value = evaluate(frame)
                if truth(value) is stops:
                    return value
            return final if piped else value

        return run

    def _invoke(self, frame: Frame, function: Function, values: list[Any], at: int) -> Any:
        meter = frame.run.meter
        size = 0
        for value in values:
            if type(value) is bytes:
                size += len(value)
            elif isinstance(value, (list, dict)):
                size += len(value) * _ITEM
        try:
            meter.spend(function.price + size // function.pace)
            result = function.call(frame.run.world, *values) if function.worldly else function.call(*values)
            if type(result) is bytes:
                meter.room(len(result))
                meter.spend(len(result) >> 9)
        except CallError as problem:
            raise self.source.error("exec", f"`{function.name}`: {problem}", at) from None
        except TooMuch as problem:
            raise self.source.error("limit", f"`{function.name}`: {problem}", at) from None
        return result

    def _argument(self, function: Function, node: Operand, kind: Type) -> Evaluate:
        if isinstance(node, Nil):
            return self._nothing(function, kind, node.at)
        if isinstance(node, (Bool, Numeral, String)) and kind not in _ANYTHING:
            value = _constant(node, kind)
            if value is None:
                step = self._fails(f"`{function.name}` wants a `{kind.value}` here", node.at)
                return lambda frame: step(frame, ABSENT)
            return lambda _: value
        evaluate = self.operand(node)
        if kind in _ANYTHING:
            return lambda frame: None if (value := evaluate(frame)) is NIL else value
        exact = _EXACT.get(kind)

        def run(frame: Frame) -> Any:
            value = evaluate(frame)
            return value if type(value) is exact else self._checked(function, value, kind, node.at)

        return run

    def _nothing(self, function: Function, kind: Type, at: int) -> Evaluate:
        """`nil` as an argument: the zero of types that have one."""
        if kind in _ANYTHING or kind is Type.VERSION:
            return lambda _: None
        if kind is Type.MAP:
            return lambda _: NilMap()
        if kind is Type.LIST:
            return lambda _: NilList()
        step = self._fails(f"`{function.name}` wants a `{kind.value}` here, not nil", at)
        return lambda frame: step(frame, ABSENT)

    def _checked(self, function: Function, value: Any, kind: Type, at: int) -> Any:
        if kind in _ANYTHING:
            return None if value is NIL else value
        if value is None and kind in (Type.MAP, Type.LIST, Type.VERSION):
            return NilMap() if kind is Type.MAP else NilList() if kind is Type.LIST else None
        if value is not None and type_name(value) == kind.value:
            return value
        given = "nil" if value is None or value is NIL else f"a `{type_name(value)}`"
        raise self.source.error("type", f"`{function.name}` wants a `{kind.value}` here, not {given}", at)

    def _fails(self, message: str, at: int, *, kind: str = "type") -> Step:
        def run(_: Frame, __: Any) -> NoReturn:
            raise self.source.error(kind, message, at)

        return run


def _constant(node: Bool | Numeral | String, kind: Type) -> Any:
    """A literal as a value of the type; None when the type does not take such literals."""
    if isinstance(node, Bool):
        return node.value if kind is Type.BOOL else None
    if isinstance(node, String):
        return node.value if kind in (Type.STRING, Type.HASH) else None
    if kind is Type.FLOAT:
        return node.number.floating
    if kind is Type.UINT32:
        return None if node.number.unsigned is None else node.number.unsigned & 0xFFFF_FFFF
    return node.number.integer if kind in (Type.INT, Type.DURATION) else None
