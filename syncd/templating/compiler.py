"""Statements to instructions: blocks become jumps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from syncd.templating.engine import MissingKey
from syncd.templating.evaluation import Expressions
from syncd.templating.golang.printing import plain
from syncd.templating.golang.values import NIL, type_name
from syncd.templating.invocation import Evaluate
from syncd.templating.machine import RETURN, Frame, Instruction, Loop
from syncd.templating.nodes import Call, Close, Definition, Leave, Literal, Open, Otherwise, Output, Statement
from syncd.templating.source import Source

NO_VALUE: Final = b"<no value>"


class _Label:
    """The number of an instruction that is not known yet."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = 0


class _Open:
    """A block being compiled."""

    __slots__ = ("end", "loop", "otherwise", "turn")

    def __init__(self, *, loop: bool) -> None:
        self.loop = loop
        self.otherwise = _Label()
        self.end = _Label()
        self.turn = _Label()


def compile_template(
    definitions: dict[str, Definition], source: Source, missing: MissingKey
) -> dict[str, list[Instruction]]:
    """The instructions of every definition."""
    programs: dict[str, list[Instruction]] = {}
    for name, definition in definitions.items():
        programs[name] = _Compiler(Expressions(source, missing), programs).compile(definition.statements)
    return programs


class _Compiler:
    def __init__(self, expressions: Expressions, programs: dict[str, list[Instruction]]) -> None:
        self.expressions = expressions
        self.programs = programs
        self.code: list[Instruction] = []
        self.blocks: list[_Open] = []

    def compile(self, statements: list[Statement]) -> list[Instruction]:
        for statement in statements:
            self._statement(statement)
        self.code.append(lambda _: RETURN)
        return self.code

    def _statement(self, statement: Statement) -> None:
        match statement:
            case Literal():
                self._literal(statement.text)
            case Output():
                self._output(statement)
            case Open():
                self._open(statement)
            case Otherwise():
                self._otherwise()
            case Close():
                self._close()
            case Leave():
                self._leave(again=statement.again)
            case Call():
                self._call(statement)

    def _literal(self, text: bytes) -> None:
        after = len(self.code) + 1

        def run(frame: Frame) -> int:
            frame.run.write(text)
            return after

        self.code.append(run)

    def _output(self, statement: Output) -> None:
        evaluate, after = self.expressions.pipe(statement.pipe), len(self.code) + 1

        def run(frame: Frame) -> int:
            value = evaluate(frame)
            frame.run.write(value if type(value) is bytes else _shown(frame, value))
            return after

        def declare(frame: Frame) -> int:
            evaluate(frame)
            return after

        self.code.append(declare if statement.pipe.declared else run)

    def _open(self, statement: Open) -> None:
        block = _Open(loop=statement.kind == "range")
        self.blocks.append(block)
        evaluate = self.expressions.pipe(statement.pipe)
        if block.loop:
            self._range(statement, evaluate, block)
            return
        after, otherwise, moves = len(self.code) + 1, block.otherwise, statement.kind == "with"

        def run(frame: Frame) -> int:
            frame.blocks.append((frame.dot, len(frame.log)))
            value = evaluate(frame)
            if not value:
                return otherwise.at
            if moves:
                frame.dot = value
            return after

        self.code.append(run)

    def _range(self, statement: Open, evaluate: Evaluate, block: _Open) -> None:
        pipe, after, otherwise = statement.pipe, len(self.code) + 1, block.otherwise
        pairs, count = len(pipe.declared) > 1, 0 if pipe.assigns else len(pipe.declared)

        def start(frame: Frame) -> int:
            frame.blocks.append((frame.dot, len(frame.log)))
            value = evaluate(frame)
            items = self._items(value, pairs=pairs, at=statement.at)
            if items is None:
                return otherwise.at
            mark = len(frame.log)
            frame.loops.append(Loop(items, mark, [stack[-1] for stack in _declared(frame, count)]))
            return after

        self.code.append(start)
        block.turn.at = after
        self._turn(statement, block)

    def _turn(self, statement: Open, block: _Open) -> None:
        """The instruction that takes the next item, or leaves the loop."""
        pipe, after, end = statement.pipe, len(self.code) + 1, block.end
        assign = self.expressions.assign

        def turn(frame: Frame) -> int:
            loop = frame.loops[-1]
            following = next(loop.items, None)
            if following is None:
                frame.loops.pop()
                return end.at
            index, item = following
            frame.forget(loop.mark)
            frame.dot = item
            if loop.cells:
                loop.cells[-1][0] = item
                if len(loop.cells) > 1:
                    loop.cells[-2][0] = index
            elif pipe.declared:
                for name, value in zip(pipe.declared, following if len(pipe.declared) > 1 else (item,), strict=True):
                    assign(frame, name, value, statement.at)
            return after

        self.code.append(turn)

    def _items(self, value: Any, *, pairs: bool, at: int) -> Iterator[tuple[Any, Any]] | None:
        """Index and item of everything in a value; None when there is nothing."""
        if isinstance(value, list):
            return ((index, NIL if item is None else item) for index, item in enumerate(value)) if value else None
        if isinstance(value, dict):
            return iter([(key, NIL if value[key] is None else value[key]) for key in sorted(value)]) if value else None
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.expressions.source.error("type", f"`range` cannot go over a `{type_name(value)}`", at)
        if pairs:
            raise self.expressions.source.error("type", "`range` over a number has one variable", at)
        kind = type(value)
        return ((None, kind(number)) for number in range(value)) if value > 0 else None

    def _otherwise(self) -> None:
        block = self.blocks[-1]
        target = block.turn if block.loop else block.end
        self.code.append(lambda _: target.at)
        block.otherwise.at = len(self.code)
        block.otherwise = _Label()
        block.loop = False

    def _close(self) -> None:
        block = self.blocks.pop()
        if block.loop:
            turn = block.turn
            self.code.append(lambda _: turn.at)
        after = len(self.code) + 1
        block.otherwise.at = block.end.at = len(self.code)

        def run(frame: Frame) -> int:
            frame.dot, mark = frame.blocks.pop()
            frame.forget(mark)
            return after

        self.code.append(run)

    def _leave(self, *, again: bool) -> None:
        inside = next(depth for depth, block in enumerate(reversed(self.blocks)) if block.loop)
        block = self.blocks[-1 - inside]
        target = block.turn if again else block.end

        def run(frame: Frame) -> int:
            if inside:
                del frame.blocks[-inside:]
            if not again:
                frame.loops.pop()
            return target.at

        self.code.append(run)

    def _call(self, statement: Call) -> None:
        name, programs, after = statement.name, self.programs, len(self.code) + 1
        evaluate = None if statement.pipe is None else self.expressions.pipe(statement.pipe)
        source = self.expressions.source

        def run(frame: Frame) -> int:
            program = programs.get(name)
            if program is None:
                raise source.error("exec", f"there is no template `{name}`", statement.at)
            dot = None if evaluate is None else evaluate(frame)
            frame.run.pending = program, Frame(frame.run, dot)
            return RETURN - 1 - after

        self.code.append(run)


def _declared(frame: Frame, count: int) -> list[list[list[Any]]]:
    return frame.log[len(frame.log) - count :]


def _shown(frame: Frame, value: Any) -> bytes:
    return NO_VALUE if value is None else plain(value, frame.run.meter.room)
