"""Expressions to closures: pipelines, variables and fields, with Go's rules for what has which field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn, TypeAlias

from syncd.templating.calls import FUNCTIONS, Function
from syncd.templating.engine import MissingKey
from syncd.templating.golang.text import encode
from syncd.templating.golang.values import NIL
from syncd.templating.invocation import ABSENT, Evaluate, Invocation, Step
from syncd.templating.machine import Frame
from syncd.templating.members import Members
from syncd.templating.nodes import (
    Bool,
    Chain,
    Command,
    Dot,
    Field,
    Identifier,
    Nil,
    Numeral,
    Operand,
    Pipe,
    String,
    Variable,
)
from syncd.templating.source import Source

_MISSING: Final = object()
Access: TypeAlias = Callable[[Frame, Any, Any], Any]
"""From the frame, the value that has the field, and the value piped in."""


class Expressions:
    """Compiles the expressions of one template."""

    def __init__(self, source: Source, missing: MissingKey) -> None:
        self.source = source
        self.members = Members(source, missing)
        self.invocation = Invocation(source, self.operand)

    def pipe(self, node: Pipe) -> Evaluate:
        """A whole pipeline; the variables that it declares are set when it runs."""
        head = self._command(node.commands[0], piped=False)
        tail = [self._command(command, piped=True) for command in node.commands[1:]]
        if not tail and not node.declared:
            return lambda frame: None if (value := head(frame, ABSENT)) is NIL else value

        def run(frame: Frame) -> Any:
            value = head(frame, ABSENT)
            for step in tail:
                value = step(frame, None if value is NIL else value)
            if value is NIL:
                value = None
            for name in node.declared:
                if node.assigns:
                    self.assign(frame, name, value, node.at)
                else:
                    frame.declare(name, value)
            return value

        return run

    def assign(self, frame: Frame, name: str, value: Any, at: int) -> None:
        """`$x = …`: the variable that was declared last under that name."""
        stack = frame.variables.get(name)
        if not stack:
            self._undeclared(name, at)
        stack[-1][0] = value

    def _undeclared(self, name: str, at: int) -> NoReturn:
        raise self.source.error("exec", f"the variable `{name}` has no value here", at)

    def _command(self, node: Command, *, piped: bool) -> Step:
        first, rest = node.args[0], node.args[1:]
        if isinstance(first, Identifier):
            return self.invocation.call(FUNCTIONS[first.name], rest, node.at, piped=piped)
        if isinstance(first, Field):
            access = self._fields(first.names, rest, first.at, piped=piped)
            return lambda frame, final: access(frame, frame.dot, final)
        if isinstance(first, Chain):
            base = self.operand(first.node)
            access = self._fields(first.names, rest, first.at, piped=piped)
            return lambda frame, final: access(frame, base(frame), final)
        if isinstance(first, Variable) and first.names:
            variable = self._variable(first)
            access = self._fields(first.names, rest, first.at, piped=piped)
            return lambda frame, final: access(frame, variable(frame), final)
        if rest or piped:
            return self._fails("type", "only functions take arguments, and this is a value", first.at)
        evaluate = self.operand(first)
        return lambda frame, _: evaluate(frame)

    def _fails(self, kind: str, message: str, at: int) -> Step:
        def run(_: Frame, __: Any) -> NoReturn:
            raise self.source.error(kind, message, at)

        return run

    def operand(self, node: Operand) -> Evaluate:
        """An operand that stands for itself: as the only word of a command, or as an argument."""
        if isinstance(node, Field):
            return self._plain_fields(node.names, lambda frame: frame.dot, node.at)
        if isinstance(node, Variable):
            variable = self._variable(node)
            return self._plain_fields(node.names, variable, node.at) if node.names else variable
        if isinstance(node, Chain):
            return self._plain_fields(node.names, self.operand(node.node), node.at)
        if isinstance(node, Pipe):
            return self.pipe(node)
        if isinstance(node, Identifier):
            return self._nullary(node)
        if isinstance(node, Dot):
            return lambda frame: frame.dot
        return self._constant(node)

    def _constant(self, node: Bool | Nil | Numeral | String) -> Evaluate:
        if isinstance(node, Nil):
            step = self._fails("type", "`nil` alone is no value; it can only be an argument", node.at)
            return lambda frame: step(frame, ABSENT)
        value = node.number.constant() if isinstance(node, Numeral) else node.value
        if value is None:
            step = self._fails("type", "the number is too large for an `int`", node.at)
            return lambda frame: step(frame, ABSENT)
        return lambda _: value

    def _nullary(self, node: Identifier) -> Evaluate:
        """A function without arguments, where it is an argument itself."""
        step = self.invocation.call(FUNCTIONS[node.name], [], node.at, piped=False)
        return lambda frame: NIL if (value := step(frame, ABSENT)) is None else value

    def _variable(self, node: Variable) -> Evaluate:
        name, at = node.name, node.at

        def run(frame: Frame) -> Any:
            stack = frame.variables.get(name)
            if not stack:
                self._undeclared(name, at)
            return stack[-1][0]

        return run

    def _plain_fields(self, names: Sequence[str], base: Evaluate, at: int) -> Evaluate:
        """Fields of fields, without arguments."""
        access = self._fields(names, [], at, piped=False)
        return lambda frame: access(frame, base(frame), ABSENT)

    def _fields(self, names: Sequence[str], args: list[Operand], at: int, *, piped: bool) -> Access:
        """Fields of fields; only the last one can be a method that takes arguments."""
        last = len(names) - 1
        steps = [(name, encode(name), index == last and (piped or bool(args))) for index, name in enumerate(names)]

        def run(frame: Frame, receiver: Any, final: Any) -> Any:
            for name, key, takes in steps:
                if isinstance(receiver, dict) and not takes:
                    value = receiver.get(key, _MISSING)
                    if value is _MISSING:
                        self.members.absent(receiver, name, at)
                        value = None
                    elif value is None:
                        value = NIL
                    receiver = value
                    continue
                method = self.members.find(receiver, name, at, takes=takes)
                if isinstance(method, Function):
                    nodes, piping = (args, piped) if takes else ([], False)
                    receiver = self.invocation.call(method, nodes, at, piped=piping)(frame, final)
                else:
                    receiver = method
            return receiver

        return run
