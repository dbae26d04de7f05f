"""`syncd plan` and `syncd sync`: one pass, without and with its writes."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from syncd.cli import failures
from syncd.cli.answer import answer
from syncd.cli.documents import plan_document, report_document
from syncd.cli.interrupt import in_order
from syncd.cli.reading import read_settings
from syncd.cli.request import Request
from syncd.cli.screen import Screen
from syncd.cli.session import opened
from syncd.cli.show_plan import plan_text
from syncd.cli.show_report import report_text
from syncd.manifests import Declarations
from syncd.reconcile.options import Selection
from syncd.reconcile.plan import Plan
from syncd.reconcile.report import plan_exit_code
from syncd.settings import Settings

if TYPE_CHECKING:
    from syncd.cli.metering import MetricsFile


def run_plan(request: Request, screen: Screen) -> int:
    """Stops before anything is written."""
    with in_order(), opened(request, read_settings(request, screen), screen) as session:
        plan = session.reconciler.plan(_selection(request))
    _warn(plan, screen)
    answer(request, screen, plan_text(plan, screen.out), plan_document(plan, session.target.description))
    if request.quiet:
        _complain(failures.of_plan(plan), screen)
    return plan_exit_code(plan)


def run_sync(request: Request, screen: Screen) -> int:
    """What was done goes to standard output, what was not to standard error."""
    settings = read_settings(request, screen)
    with in_order() as stops, opened(request, settings, screen) as session:
        stops.in_order = session.reconciler.interrupt
        file = _metrics_file(settings, session.declarations)
        started = time.monotonic()
        report = session.reconciler.sync(_selection(request))
        unwritten = file.record(_selection(request), report, time.monotonic() - started) if file else None
    _warn(report.plan, screen)
    answer(request, screen, report_text(report, screen.out), report_document(report, session.target.description))
    _complain(failures.of_report(report), screen)
    if unwritten:
        raise unwritten
    return report.exit_code


def _metrics_file(settings: Settings, declarations: Declarations) -> MetricsFile | None:
    if not settings.metrics_file:
        return None
    from syncd.cli.metering import MetricsFile  # late: it brings the library of Prometheus

    return MetricsFile(Path(settings.metrics_file), declarations)


def _selection(request: Request) -> Selection:
    return Selection(request.names, request.selector)


def _warn(plan: Plan, screen: Screen) -> None:
    for hint in plan.hints:
        screen.warning("not all of the target could be looked at: there may be more orphans", hint)


def _complain(troubles: Iterable[failures.Trouble], screen: Screen) -> None:
    for trouble in failures.without_repeats([*troubles]):
        screen.error(trouble.message, trouble.hint)
