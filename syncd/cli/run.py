"""`syncd run`: the daemon, as a command line asks for it."""

from __future__ import annotations

import os

from syncd.cli.reading import read_settings
from syncd.cli.request import Request
from syncd.cli.resolve import resolve
from syncd.cli.screen import Screen
from syncd.cli.session import options, target_of, usual_namespace
from syncd.daemon.measure import Measure
from syncd.daemon.run import Daemon, Setup
from syncd.daemon.server import Address, Files
from syncd.daemon.signals import noted
from syncd.errors import UsageError
from syncd.manifests.declarations import Validation
from syncd.metrics import exposition
from syncd.reconcile.options import Options
from syncd.reconcile.report import ExitCode
from syncd.settings import Settings


def run(request: Request, screen: Screen) -> int:
    """Until a signal ends it. Raises ManifestError, UsageError and ClusterError when it cannot begin."""
    settings = read_settings(request, screen)
    setup = _setup(request, settings)
    target = target_of(request, settings)
    try:
        with noted() as signals:
            Daemon(setup, target, metrics=exposition.scrape, listeners=[Measure()]).run(signals)
    finally:
        target.close()
    return ExitCode.CLEAN


def _setup(request: Request, settings: Settings) -> Setup:
    if not request.filenames:
        raise UsageError("no manifests are given", hint="name a file or folder with `-f`")
    if "-" in request.filenames:
        raise UsageError("`run` cannot read standard input again", hint="name a file or folder with `-f`")
    return Setup(
        paths=request.filenames,
        namespace=request.namespace or usual_namespace(request),
        validation=Validation(settings.validate),
        options=options(settings),
        address=None if settings.listen == "off" else Address.parse(settings.listen),
        files=Files(settings.token_file, settings.tls_cert, settings.tls_key),
        passes=settings.passes,
        reload=lambda: _reload(request),
    )


def _reload(request: Request) -> Options:
    settings, _ = resolve(request.settings, os.environ, request.config)
    return options(settings)
