"""`syncd check`: logs in to stores, and says who they take us for and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from syncd.cli.answer import Document, answer
from syncd.cli.interrupt import in_order
from syncd.cli.progress import shown
from syncd.cli.reading import read_settings
from syncd.cli.request import Request
from syncd.cli.rows import Row, Symbol, lines
from syncd.cli.screen import Color, Screen, Stream, printable
from syncd.cli.session import beside_stores, declared, options
from syncd.providers.api import Failed, StoreHealth
from syncd.reconcile.check import Checked, StoreCheck, Verdict
from syncd.reconcile.report import ExitCode
from syncd.reconcile.stores import Stores
from syncd.settings import Settings
from syncd.sources.selection import select_stores

_SYMBOLS = {Verdict.READY: Symbol.READY, Verdict.LIMITED: Symbol.REFUSED, Verdict.FAILED: Symbol.REFUSED}


def run(request: Request, screen: Screen) -> int:
    """Raises ManifestError and UsageError."""
    with in_order():
        found = _checked(request, read_settings(request, screen), screen)
    answer(request, screen, checks_text(found, screen.out), checks_document(found))
    if request.quiet:
        for row in map(_row, found):
            if row.verb == Verdict.FAILED:
                screen.error(f"{row.name}: {row.text}", row.hint)
    return exit_code(found)


def _checked(request: Request, settings: Settings, screen: Screen) -> Sequence[Checked]:
    declarations, told = declared(request, settings, screen), options(settings)
    target = beside_stores(request, settings)
    try:
        stores = Stores(target, told)
        check = StoreCheck(stores, declarations, told)
        keys = select_stores(declarations, request.names) if request.names else check.ours()
        try:
            with shown(screen.err, quiet=request.quiet) as progress:
                return check.check(keys, progress)
        finally:
            stores.close()
    finally:
        target.close()


def exit_code(found: Sequence[Checked]) -> ExitCode:
    failed = any(one.verdict is Verdict.FAILED for one in found)
    return ExitCode.FAILED if failed else ExitCode.CLEAN


def checks_text(found: Sequence[Checked], stream: Stream) -> str:
    """The whole answer, with its last newline."""
    rows = list(lines([_row(one) for one in found], stream))
    summary = stream.paint(printable(_summary(found)), Color.BOLD)
    return "\n".join([*rows, *[""] * bool(rows), summary]) + "\n"


def _row(one: Checked) -> Row:
    if isinstance(one.answer, Failed):
        temporary = one.answer.failure.retryable
        symbol = Symbol.UNKNOWN if temporary else Symbol.REFUSED
        return Row(symbol, _name(one), one.verdict, f"{one.provider}: {one.answer.message}", one.answer.hint)
    text = f"{one.provider}: {one.answer.identity}, {_milliseconds(one.answer)}"
    return Row(_SYMBOLS[one.verdict], _name(one), one.verdict, text, _missing(one, one.answer))


def _missing(one: Checked, health: StoreHealth) -> str:
    if not health.missing_permission:
        return ""
    although = f": not needed for `{one.proof}`, which can be read" if one.proof else ""
    return f"grant {health.missing_permission}{although}"


def _name(one: Checked) -> str:
    return f"{one.slot.key}" + (f" for {one.slot.namespace}" if one.slot.namespace else "")


def _milliseconds(health: StoreHealth) -> str:
    return f"{max(1, round(health.latency * 1000))} ms"


def _summary(found: Sequence[Checked]) -> str:
    if not found:
        return "No stores are declared."
    counts = Counter(one.verdict for one in found)
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])
    return f"{len(found)} {'store' if len(found) == 1 else 'stores'}: {said}"


def checks_document(found: Sequence[Checked]) -> Document:
    counts = Counter(one.verdict for one in found)
    return {
        "kind": "Check",
        "exitCode": int(exit_code(found)),
        "summary": {str(verdict): counts[verdict] for verdict in Verdict},
        "stores": [_document(one) for one in found],
    }


def _document(one: Checked) -> Document:
    health = one.answer if isinstance(one.answer, StoreHealth) else None
    failed = one.answer if isinstance(one.answer, Failed) else None
    key = one.slot.key
    return {
        "id": str(key),
        "kind": str(key.kind),
        "namespace": key.name.namespace or None,
        "name": key.name.name,
        "usedFrom": one.slot.namespace or None,
        "provider": one.provider,
        "result": str(one.verdict),
        "identity": health.identity if health else None,
        "latency": round(health.latency, 6) if health else None,
        "missingPermission": (health.missing_permission or None) if health else None,
        "readable": one.proof or None,
        "failure": str(failed.failure) if failed else None,
        "reason": failed.message if failed else None,
        "hint": (failed.hint or None) if failed else None,
        "retryAfter": failed.retry_after if failed else None,
        "source": {"kind": str(one.source.kind), "location": one.source.location},
    }
