"""Runs compiled templates: instructions are closures that return the number of the next, so that no stack grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from syncd.templating.calls import World
from syncd.templating.meter import TooMuch

Instruction: TypeAlias = "Callable[[Frame], int]"
RETURN = -1
"""Leaves a definition; any number below says that another is to be run first, and where to go on then."""


class Loop:
    """A `range` under way: what is left, where its variables begin, and the cells of the ones it declares."""

    __slots__ = ("cells", "items", "mark")

    def __init__(self, items: Iterator[tuple[Any, Any]], mark: int, cells: list[list[Any]]) -> None:
        self.items = items
        self.mark = mark
        self.cells = cells


class Frame:
    """One definition being run: its dot, its variables, its open blocks.

    A variable is a cell; `variables` has a stack of cells per name, `log` the stacks in the order of declaration.
    """

    __slots__ = ("blocks", "dot", "log", "loops", "run", "variables")

    def __init__(self, run: Run, dot: Any) -> None:
        self.run = run
        self.dot = dot
        self.variables: dict[str, list[list[Any]]] = {"$": [[dot]]}
        self.log: list[list[list[Any]]] = []
        self.blocks: list[tuple[Any, int]] = []
        self.loops: list[Loop] = []

    def declare(self, name: str, value: Any) -> None:
        stack = self.variables.setdefault(name, [])
        stack.append([value])
        self.log.append(stack)

    def forget(self, mark: int) -> None:
        """Drops the variables declared since there were `mark` of them."""
        log = self.log
        while len(log) > mark:
            log.pop().pop()


class Run:
    """One rendering: output, world, and the definitions that wait for another to end."""

    __slots__ = ("meter", "out", "pending", "programs", "size", "stack", "world")

    def __init__(self, world: World, programs: Mapping[str, list[Instruction]]) -> None:
        self.world = world
        self.meter = world.meter
        self.programs = programs
        self.out: list[bytes] = []
        self.size = 0
        self.stack: list[tuple[list[Instruction], int, Frame]] = []
        self.pending: tuple[list[Instruction], Frame] | None = None

    def write(self, text: bytes) -> None:
        self.size += len(text)
        if self.size > self.meter.output:
            raise TooMuch(f"its output is larger than {self.meter.output // 1024} KiB")
        self.out.append(text)

    def execute(self, name: str, dot: Any) -> bytes:
        """Runs a definition to its end. Raises TooMuch and TemplateError."""
        code, frame, at = self.programs[name], Frame(self, dot), 0
        meter, stack = self.meter, self.stack
        while True:
            while at >= 0:
                meter.left -= 1
                if meter.left < 0:
                    meter.spend(0)
                at = code[at](frame)
            if at == RETURN:
                if not stack:
                    return b"".join(self.out)
                code, at, frame = stack.pop()
            else:
                stack.append((code, RETURN - 1 - at, frame))
                if len(stack) > meter.depth:
                    raise TooMuch(f"templates call each other more than {meter.depth} deep")
                code, frame, at = *self._called(), 0

    def _called(self) -> tuple[list[Instruction], Frame]:
        called, self.pending = self.pending, None
        if called is None:
            raise AssertionError("a call names no definition")
        return called
