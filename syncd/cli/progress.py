"""How far a pass is, on a terminal; nothing at all elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from syncd.cli.screen import Stream, printable
from syncd.reconcile.options import Progress, Stage, silent

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID


@contextmanager
def shown(stream: Stream, *, quiet: bool) -> Iterator[Progress]:
    """A function that shows each stage as it comes. What is read stays; the display goes when the pass is over."""
    if quiet or not stream.file.isatty():
        yield silent
        return
    display = _Display(stream)
    try:
        yield display.show
    finally:
        display.close()


class _Display:
    """`rich` is loaded by the first stage; its own lock makes updates from several threads safe."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._shown: tuple[Bar, TaskID] | None = None
        self._said = False

    def show(self, stage: Stage) -> None:
        if self._shown is None:
            self._shown = self._start()
        bar, task = self._shown
        if stage.detail and not self._said:
            self._said = True
            bar.console.out(printable(f"{stage.name} {stage.detail}"), highlight=False)
        bar.update(task, description=printable(stage.name), completed=stage.done, total=stage.total or None)

    def close(self) -> None:
        if self._shown is not None:
            self._shown[0].stop()
        if self._said:
            self._stream.write("\n")

    def _start(self) -> tuple[Bar, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        console = Console(file=self._stream.file, no_color=not self._stream.color, highlight=False)
        spinner = SpinnerColumn("dots" if self._stream.unicode else "line")
        text = TextColumn("{task.description}", markup=False)
        bar = Progress(
            spinner, text, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console, transient=True
        )
        bar.start()
        return bar, bar.add_task("", total=None)
