"""`sync --metrics-file`: the metrics of a pass as a file, which goes on from that of the pass before."""

from __future__ import annotations

from pathlib import Path

from syncd.cluster.files import os_errors, replace_file
from syncd.daemon.events import Loaded, PassFinished
from syncd.daemon.measure import Measure
from syncd.daemon.queue import Lane
from syncd.errors import ClusterError, UsageError
from syncd.manifests.declarations import Declarations
from syncd.metrics import exposition, table
from syncd.reconcile.options import Selection, now
from syncd.reconcile.report import Report
from syncd.sources.selection import select

READABLE = 0o644
"""Who collects the file is somebody else."""


class MetricsFile:
    """For one pass over `declarations`."""

    def __init__(self, path: Path, declarations: Declarations) -> None:
        """Raises UsageError when the file cannot be ours, and ClusterError when it cannot be read."""
        if not path.parent.is_dir():
            raise UsageError(f"`--metrics-file`: there is no folder `{path.parent}`")
        self._path = path
        self._declarations = declarations
        self._measure = Measure()
        with os_errors(path):
            _resume(path, path.read_text(errors="replace") if path.exists() else "")
        self._measure.hear(Loaded(declarations))

    def record(self, selection: Selection, report: Report, duration: float) -> ClusterError | None:
        """Writes the file; gives the error when that does not work. `duration` in seconds."""
        selected = select(self._declarations, selection.names, selection.selector)
        names = tuple(one.object_name for one in selected)
        self._measure.hear(PassFinished(names, (), Lane.NEW, report, now(), duration))
        if not selection:
            table.ORPHANED.set(len(report.plan.orphans))
        try:
            with os_errors(self._path):
                replace_file(self._path, exposition.textfile(), mode=READABLE)
        except ClusterError as error:
            return error
        return None


def _resume(path: Path, text: str) -> None:
    """A file that holds something else is not written over: its name may be a mistake."""
    if not text.strip():
        return
    try:
        known = table.BUILD_INFO.name in text
        exposition.resume(text if known else "")
    except ValueError:
        known = False
    if not known:
        message = f"`--metrics-file`: `{path}` holds something else than the metrics of syncd"
        raise UsageError(message, hint="name another file, or remove this one")
